import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from analysis.charts import colours, waterfall
from tests.analysis.charts import invented
from tests.analysis.charts.looking import bars, words

TORCH, TENSORFLOW = (colours.SIDES[name].fill.light for name in ("torch", "tensorflow"))
MUTED = colours.INK["muted"].light


def test_bars_go_from_the_baseline_to_the_other_step() -> None:
    figure = invented.chart("waterfall", 6.9)
    drawn = bars(figure.axes[0])
    ends = [bar.get_x() + bar.get_width() for bar in drawn]
    starts = [bar.get_x() for bar in drawn]
    assert starts[0] == starts[-1] == 0
    assert starts[1:-1] == ends[:-2]
    assert ends[-2] == pytest.approx(0.57)
    assert ends[-1] == pytest.approx(0.57)
    assert "+0.54" in words(figure)
    assert "−0.21" in words(figure)


def test_a_bar_has_the_colour_of_the_side_that_spends_more() -> None:
    drawn = bars(invented.chart("waterfall", 6.9).axes[0])
    found = [to_hex(bar.get_facecolor()) for bar in drawn]
    assert found[:5] == [TENSORFLOW, TENSORFLOW, TORCH, TENSORFLOW, TORCH]
    assert found[7:] == [MUTED, MUTED, MUTED, TENSORFLOW]
    assert [at for at, bar in enumerate(drawn) if bar.get_hatch()] == [2, 6]


def test_what_the_rows_leave_is_a_row() -> None:
    text = words(invented.chart("waterfall", 6.9))
    assert "Not explained" in text
    whole = invented.WATERFALL.assign(difference_ms=[0.57] + [0.0] * 8)
    figure = waterfall.draw(invented.sides(2), whole, 2.84, 3.41, "", 6.9)
    assert "Not explained" not in words(figure)


def test_a_row_without_a_key_or_a_figure() -> None:
    rows = pd.DataFrame(
        {"key": [None, "x", "y"], "kind": ["gap", "work", "work"], "difference_ms": [1, None, 2]}
    )
    text = words(waterfall.draw(invented.sides(2), rows, 2.0, 5.0, "", 6.9))
    assert "Host gap" in text
    assert "x" not in text.split("\n")
    nothing = waterfall.draw(invented.sides(2), rows, 2.0, np.nan, "", 6.9)
    assert words(nothing).startswith("A difference of steps needs two sides")
    one = waterfall.draw(invented.sides(1), rows, 2.0, 5.0, "", 6.9)
    assert not one.axes
