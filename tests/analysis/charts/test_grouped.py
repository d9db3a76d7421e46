import pytest

from analysis.charts import grouped, side
from tests.analysis.charts import invented

KNOWN = side.listed(invented.sides(2))


@pytest.mark.parametrize(("longest", "decimals"), [(0.9, 3), (2.84, 2), (34.0, 1), (0.0, 2)])
def test_all_figures_have_the_decimals_of_the_longest(longest: float, decimals: int) -> None:
    bars = [grouped.Bar(KNOWN[0], [(longest / 2, 0.5), (longest / 2, 1.0)]),
            grouped.Bar(KNOWN[1], [])]  # fmt: skip
    assert grouped.decimals_of([grouped.Group("conv1", bars)]) == decimals
    assert bars[0].text(decimals) == f"● {longest:.{decimals}f}"
    assert bars[1].text(decimals) == "◆ –"
