import pytest

from analysis.charts import layers
from tests.analysis.charts import invented
from tests.analysis.charts.looking import bars, words


def test_two_sides_mirror_each_other_on_equal_scales() -> None:
    left, right = layers.draw(invented.sides(2), invented.layer_rows(2), "", 6.9).axes
    assert left.get_xlim() == right.get_xlim()[::-1]
    assert left.get_ylim() == right.get_ylim()
    assert left.get_position().width == pytest.approx(right.get_position().width)


def test_forward_is_paler_than_backward_and_all_phases_count() -> None:
    rows = invented.layer_rows(2)
    figure = layers.draw(invented.sides(2), rows, "", 6.9)
    forward, backward, other = bars(figure.axes[0])[:3]
    assert other.get_alpha() < forward.get_alpha() < backward.get_alpha()
    first = rows[(rows["layer"] == "conv1") & (rows["side"] == 0)]["time_ms"]
    assert other.get_x() + other.get_width() == first.sum()
    assert "other phases" in words(figure)
    assert "other phases" not in words(
        layers.draw(invented.sides(2), rows[rows["phase"] != "optimizer"], "", 6.9)
    )


def test_a_layer_of_one_side_is_a_dash_on_the_other() -> None:
    rows = invented.layer_rows(2)
    rows = rows[(rows["layer"] != "loss") | (rows["side"] == 1)]
    for count in (2, 3):
        assert "● –" in words(layers.draw(invented.sides(count), rows, "", 6.9))
