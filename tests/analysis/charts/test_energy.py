import pytest

from analysis.charts import energy
from tests.analysis.charts import invented
from tests.analysis.charts.looking import bars, words


def test_bars_begin_at_zero_and_say_their_interval() -> None:
    figure = invented.chart("energy", 6.9)
    assert [bar.get_width() for bar in bars(figure.axes[0])] == pytest.approx([1.49, 1.89])
    assert figure.axes[0].get_xlim()[0] == 0
    assert "1.49 J (1.42 to 1.57)" in words(figure)
    assert "J per 1,000 samples" in words(figure)


def test_what_is_idle_power_is_a_fainter_part_of_the_bar() -> None:
    rows = invented.energy_rows(2).assign(net_joules_per_1000=[1.0, None])
    axes = energy.draw(invented.sides(2), rows, "", 6.9).axes[0]
    found = [(bar.get_x(), bar.get_width(), bar.get_alpha()) for bar in bars(axes)]
    assert found == [
        (0, pytest.approx(1.0), None),
        (pytest.approx(1.0), pytest.approx(0.49), energy.IDLE_ALPHA),
        (0, pytest.approx(1.89), None),
    ]
    assert "fainter: power before the run" in words(axes.figure)


def test_an_interval_or_a_side_may_be_missing() -> None:
    rows = invented.energy_rows(2).assign(low=None, high=None)
    text = words(energy.draw(invented.sides(2), rows, "", 6.9))
    assert "1.49 J\n" in text
    assert "TensorFlow" not in words(energy.draw(invented.sides(2), rows.head(1), "", 6.9))
