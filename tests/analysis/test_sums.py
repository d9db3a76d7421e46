import numpy as np

from analysis.blocks import Kind
from analysis.sums import Key, Sums, Worked, by_key, plus

KEY = Key(Kind.KERNEL, 0, *[-1] * (len(Key._fields) - 2))


def of(*groups: tuple[tuple[int, ...], tuple[int, ...], tuple[int, int]]) -> Sums:
    """The sums of groups of KEY: the source's figures, the numbers, the work of one event."""
    keys = np.array([(*KEY, *figures) for figures, _, _ in groups])
    values = np.array([numbers for _, numbers, _ in groups])
    flops, moved = np.array([work for _, _, work in groups]).T
    found = by_key(keys, values, flops, moved)
    assert list(found) == [KEY]
    return found[KEY]


def test_groups_of_one_key_with_other_figures_come_together() -> None:
    found = of(
        ((10, 4), (3, 40, 30, 10, 1, 2, 25), (10, 4)),
        ((3, -1), (1, 5, 5, 5, 1, 1, 5), (3, -1)),
    )
    assert found == Sums(4, 45, 35, 15, 2, flops=33, bytes=None, worked=Worked(3, 30, 23, None))


def test_what_only_goes_on_from_an_earlier_window_takes_no_work_away() -> None:
    found = of(
        ((10, 4), (1, 0, 0, 0, 0, 0, 0), (10, 4)), ((-1, -1), (0, 0, 5, 0, 0, 0, 0), (-1, -1))
    )
    assert found == Sums(1, self_ns=5, flops=10, bytes=4)


def test_work_beyond_64_bits_is_not_known() -> None:
    found = of(((2**62, 2**61), (2, 0, 0, 0, 0, 2, 0), (2**62, 2**61)))
    assert (found.flops, found.bytes) == (None, 2**62)
    assert (found.worked.flops, found.worked.bytes) == (None, 2**62)


def test_a_sum_is_unknown_once_a_part_of_it_is() -> None:
    assert plus(1, 2, 3) == 7
    assert plus(None, 2, 3) is plus(1, None, 3) is None
    assert plus(2**62, 2**61, 2) is None
    assert plus(2**62, 2**62 - 1, 1) == 2**63 - 1
