"""How much the events of a row compute and move, in what time, and how much of that is known."""

from typing import NamedTuple

from analysis.sums import Worked


class RowWork(NamedTuple):
    """Work of a row, as in `analysis.ops.rows.Row`."""

    flops: int | None = None
    bytes: int | None = None
    work_ns: int = 0
    work_ratio: float | None = None


def row_work(worked: Worked, work_ns: int, whole_ns: int) -> RowWork:
    """The work of a row of several operations; nothing is known where none of them has any.

    Args:
        worked: the sums over its operations.
        work_ns: the time in which they were done.
        whole_ns: the time of which `covered_ns` is a part.
    """
    if not worked.counted:
        return RowWork()
    return RowWork(
        worked.flops, worked.bytes, work_ns, worked.covered_ns / whole_ns if whole_ns else None
    )
