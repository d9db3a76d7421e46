from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.annotate import Folded, fold_trace
from analysis.blocks import Block, Kind, Strings, from_columns
from analysis.groups import gather, in_steps, steps_between
from analysis.ops.table import Grouping, Table
from analysis.sums import Gathered
from analysis.timeorder import TimeOrder

HOST = ("aten::mm", "aten::add", "autograd::engine::evaluate_function: MmBackward0")
SHAPES = {"aten::mm": "[[2, 3], [3, 5]]", "aten::add": "[[4], [4]]"}
FLOPS = {"aten::mm": 60, "aten::add": 4}
RANGES = ("phase:forward", "phase:loss", "layer:fc1", "layer:fc2", "ProfilerStep#3")
FRAMES = ("nn.Module: Linear_0", "main.py(3): run")

# kind, name, thread, start, length, number, path
Event = tuple[Kind, str, int, int, int, int, str]
TIMES = (st.integers(0, 300), st.integers(0, 60))
PATHS = st.sampled_from(["", "phase_forward/model/fc1/MatMul", "gradient_tape/model/fc2/mul"])


def events(*kinds: Kind, names: tuple[str, ...], paths: Any = None) -> Any:
    parts = (st.sampled_from(kinds), st.sampled_from(names), st.integers(0, 1), *TIMES)
    return st.tuples(*parts, st.integers(-1, 4), PATHS if paths else st.just(""))


ANY = st.lists(
    events(Kind.OP, names=HOST)
    | events(Kind.ANNOTATION, names=RANGES)
    | events(Kind.PYTHON, names=FRAMES)
    | events(Kind.RUNTIME, names=("cudaLaunchKernel", "cudaGraphLaunch", "cudaFree")),
    max_size=30,
)
STEPS = st.lists(st.tuples(*TIMES), max_size=4)


class Made:
    """A trace of these events; meets analysis.blocks.Trace."""

    def __init__(self, rows: list[Event], steps: list[tuple[int, int]]) -> None:
        self.path = Path("made")
        self.strings = Strings()
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.notes: list[str] = []
        self.base_ns = self.rank = self.repaired = self.dropped = self.left_out = 0
        self.truncated: str | None = None
        self.dropped_reasons: dict[str, int] = {}
        marked = [
            (Kind.STEP, f"step:{number}", 0, start, length, -1, "")
            for number, (start, length) in enumerate(steps)
        ]
        self._rows = rows + marked

    def progress(self) -> tuple[int, int]:
        return 0, 0

    def blocks(self) -> Iterator[Block]:
        """The events three at a time, and a kernel well behind each call that launches one."""
        rows = [(row, False) for row in self._rows]
        launches = [row for row in self._rows if row[0] == Kind.RUNTIME and row[5] >= 0]
        rows += [(row, True) for row in launches for _ in range(1 + ("Graph" in row[1]))]
        for first in range(0, len(rows), 3):
            yield self._block(first, rows[first : first + 3])

    def _block(self, first: int, rows: list[tuple[Event, bool]]) -> Block:
        number = self.strings.number
        is_op = [row[0] == Kind.OP and not kernel for row, kernel in rows]
        return from_columns(
            len(rows),
            event_id=range(first, first + len(rows)),
            name=[number("kernel" if kernel else row[1]) for row, kernel in rows],
            kind=[Kind.KERNEL if kernel else row[0] for row, kernel in rows],
            process=1,
            thread=[row[2] for row, _ in rows],
            device=[0 if kernel else -1 for _, kernel in rows],
            stream=[7 if kernel else -1 for _, kernel in rows],
            start_ns=[row[3] + 40 * kernel for row, kernel in rows],
            duration_ns=[row[4] for row, _ in rows],
            correlation=[
                row[5] if kernel or row[0] == Kind.RUNTIME else -1 for row, kernel in rows
            ],
            sequence=[
                row[5] if op and _counts(row) else -1
                for (row, _), op in zip(rows, is_op, strict=True)
            ],
            forward_thread=[
                int("autograd" in row[1]) if op else -1
                for (row, _), op in zip(rows, is_op, strict=True)
            ],
            shapes=[
                number(SHAPES[row[1]]) if op and row[1] in SHAPES else -1
                for (row, _), op in zip(rows, is_op, strict=True)
            ],
            path=[number(row[6]) if row[6] else -1 for row, _ in rows],
        )


def _counts(row: Event) -> bool:
    """Forward ops have numbers on one thread only: of two, that with more of them is guessed at."""
    return row[2] == 0 or "autograd" in row[1]


def in_texts(found: Gathered) -> object:
    groups = {
        (key.kind, *(found.text(number) for number in key[1:])): sums for key, sums in found.groups
    }
    phases = {found.text(number): (times, ns) for number, times, ns in found.phases}
    return groups, phases, found.by_step, found.devices, found.streams, found.steps_ns


@given(rows=ANY, steps=STEPS, size=st.integers(1, 12))
def test_the_size_of_the_windows_changes_no_sum(
    rows: list[Event], steps: list[tuple[int, int]], size: int
) -> None:
    # Launches with one number, and forward ops with one, are told apart by their time alone.
    launched: set[int] = set()
    rows = [
        row
        for row in rows
        if row[0] != Kind.RUNTIME or (row[5] not in launched and not launched.add(row[5]))  # type: ignore[func-returns-value]
    ]
    whole = gather(Made(rows, steps), order=TimeOrder(1000))
    assert in_texts(gather(Made(rows, steps), order=TimeOrder(size, 0))) == in_texts(whole)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_phase_ends_with_the_step_that_it_began_in(size: int) -> None:
    rows: list[Event] = [
        (Kind.STEP, "step:3", 0, 0, 10, -1, ""),
        (Kind.ANNOTATION, "phase:forward", 0, 4, 8, -1, ""),
        (Kind.STEP, "step:3", 0, 20, 10, -1, ""),
    ]
    found = gather(Made(rows, []), order=TimeOrder(size, 0))
    phases = {found.text(number): (times, ns) for number, times, ns in found.phases}
    assert phases == {"forward": (1, 6), "": (2, 14)}


@given(
    rows=st.lists(events(Kind.OP, names=HOST, paths=True), max_size=20),
    steps=st.lists(st.tuples(*TIMES), min_size=1, max_size=3),
    size=st.integers(1, 12),
)
def test_phases_of_paths_and_gaps_add_up_to_the_steps_in_windows_of_any_size(
    rows: list[Event], steps: list[tuple[int, int]], size: int
) -> None:
    found = gather(Made(rows, steps), order=TimeOrder(size, 0))
    assert sum(ns for _, _, ns in found.phases) == found.steps_ns
    covered = {ns for start, length in steps for ns in range(start, start + length)}
    assert found.steps_ns == len(covered)


GROUPINGS: tuple[Grouping, ...] = ("layer", "category", "phase", "step")


@given(rows=ANY, steps=STEPS, size=st.integers(1, 12))
def test_work_adds_up_to_the_same_over_any_grouping(
    rows: list[Event], steps: list[tuple[int, int]], size: int
) -> None:
    found = Table(gather(Made(rows, steps), in_steps, order=TimeOrder(size, 0)))
    total = found.coverage().flops
    assert total == (outermost_flops(fold_trace(Made(rows, steps))) or None)
    for by in GROUPINGS[: 4 if steps else 2]:
        assert sum(row.flops or 0 for row in found.rows(by)) == (total or 0)
        assert all(row.work_ratio is None or 0 <= row.work_ratio <= 1 for row in found.rows(by))


def outermost_flops(folded: Folded) -> int:
    """The work of all ops in steps, of which none around has work."""
    total, inside = 0, folded.in_steps()
    flops = [
        FLOPS.get(folded.strings[name], 0) * (kind == Kind.OP) * int(chosen)
        for name, kind, chosen in zip(folded.block.name, folded.block.kind, inside, strict=True)
    ]
    for row, own in enumerate(flops):
        around = int(folded.parent_row[row])
        while around >= 0 and not flops[around]:
            around = int(folded.parent_row[around])
        total += own if around < 0 else 0
    return total


def test_steps_can_be_chosen() -> None:
    rows = [(Kind.OP, "aten::mm", 0, start, 5, -1, "") for start in (1, 11, 21, 31, 50)]
    steps = [(10 * number, 10) for number in range(4)]
    found = gather(Made(rows, steps), select=steps_between(1, 2))
    assert sum(sums.count for key, sums in found.groups if key.kind == Kind.OP) == 2
    assert (found.marked, found.steps_ns, sorted(found.by_step)) == (2, 20, [1, 2])
