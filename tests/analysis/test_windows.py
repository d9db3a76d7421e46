import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.columns import Int64
from analysis.windows import inherit


@st.composite
def forests(draw: st.DrawFn) -> tuple[Int64, Int64]:
    """Parents (each before or after its children) and seeds."""
    count = draw(st.integers(0, 30))
    parents = [draw(st.integers(-1, row - 1)) for row in range(count)]
    seeds = [draw(st.sampled_from([-1, -1, -1, 0, 5])) for _ in range(count)]
    return np.array(parents, dtype=np.int64), np.array(seeds, dtype=np.int64)


@given(forests())
def test_a_row_inherits_from_the_nearest_row_that_has_something(
    forest: tuple[Int64, Int64],
) -> None:
    parents, seeds = forest
    expected = []
    for start in range(len(parents)):
        row = start
        while row >= 0 and seeds[row] < 0:
            row = parents[row]
        expected.append(seeds[row] if row >= 0 else -1)
    before = seeds.copy()
    assert inherit(parents, seeds).tolist() == expected
    assert seeds.tolist() == before.tolist()


def test_a_deep_stack() -> None:
    parents = np.arange(-1, 4999)
    seeds = np.full(5000, -1)
    seeds[0] = 7
    assert (inherit(parents, seeds) == 7).all()
