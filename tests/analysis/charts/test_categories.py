import pandas as pd
import pytest

from analysis.charts import categories
from tests.analysis.charts import invented
from tests.analysis.charts.looking import bars, words


def test_a_stack_is_as_long_as_its_parts_and_has_the_largest_first() -> None:
    rows = invented.category_rows(2)
    drawn = bars(categories.draw(invented.sides(2), rows, "", 10).axes[0])
    sums = rows.groupby("side")["time_ms"].sum()
    half = len(drawn) // 2
    for side, stack in enumerate((drawn[:half], drawn[half:])):
        assert sum(bar.get_width() for bar in stack) == pytest.approx(sums[side])
        assert stack[0].get_x() == 0
        assert [bool(bar.get_hatch()) for bar in stack] == [False] * (half - 2) + [True] * 2
    assert drawn[0].get_width() == pytest.approx(rows["time_ms"].iloc[0])


def test_unknown_kinds_are_unmapped_and_small_ones_are_other() -> None:
    rows = pd.DataFrame(
        {"side": [0, 0, 0], "category": ["matmul", None, "new"], "time_ms": [1.0, 2.0, 0.5]}
    )
    text = words(categories.draw(invented.sides(1), rows, "", 10))
    assert "Matmul 1.00" in text
    assert "Unmapped 2.50" in text
    assert "Other" not in text
    assert "Other" in words(invented.chart("categories", 10))
