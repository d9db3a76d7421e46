"""One training step as a GPU run records it: autograd has a thread of its own, kernels run late."""

from dataclasses import dataclass

import pytest

from analysis.annotate import Folded, fold
from analysis.blocks import Kind, Strings, from_columns

MAIN, AUTOGRAD = 10, 20
HOST_FIELDS = {"thread": MAIN, "stream": -1, "device": -1, "sequence": -1, "forward_thread": -1}

# name, kind, start, end, other columns
ROWS = (
    ("python outside", Kind.PYTHON, 0, 1000, {}),
    ("ProfilerStep#6", Kind.STEP, 90, 500, {}),
    ("step:4", Kind.STEP, 100, 400, {}),
    ("phase:data", Kind.ANNOTATION, 100, 110, {}),
    ("aten::clone", Kind.OP, 101, 105, {"sequence": 5, "forward_thread": 0}),
    ("phase:forward", Kind.ANNOTATION, 120, 200, {}),
    ("layer:block", Kind.ANNOTATION, 121, 190, {}),
    ("layer:block.fc", Kind.ANNOTATION, 130, 150, {}),
    ("aten::linear", Kind.OP, 131, 149, {"sequence": 5, "forward_thread": 0}),
    ("aten::t", Kind.OP, 132, 134, {"sequence": 5, "forward_thread": 0}),
    ("aten::addmm", Kind.OP, 135, 148, {"sequence": 6, "forward_thread": 0}),
    ("launch addmm", Kind.RUNTIME, 140, 145, {"correlation": 1}),
    ("aten::relu", Kind.OP, 160, 170, {"sequence": 7, "forward_thread": 0}),
    ("phase:backward", Kind.ANNOTATION, 210, 300, {}),
    ("aten::ones_like", Kind.OP, 212, 214, {}),
    (
        "autograd::engine::evaluate_function: AddmmBackward0",
        Kind.OP,
        220,
        250,
        {"thread": AUTOGRAD, "sequence": 6, "forward_thread": 1},
    ),
    ("aten::mm", Kind.OP, 225, 235, {"thread": AUTOGRAD}),
    ("launch mm", Kind.RUNTIME, 226, 230, {"thread": AUTOGRAD, "correlation": 2}),
    (
        "autograd::engine::evaluate_function: torch::autograd::AccumulateGrad",
        Kind.OP,
        251,
        255,
        {"thread": AUTOGRAD},
    ),
    ("helper", Kind.OP, 260, 262, {"thread": AUTOGRAD}),
    ("after", Kind.OP, 420, 430, {}),
    ("kernel addmm", Kind.KERNEL, 240, 280, {"device": 0, "stream": 7, "correlation": 1}),
    ("kernel mm", Kind.KERNEL, 410, 450, {"device": 0, "stream": 7, "correlation": 2}),
    ("kernel of before", Kind.KERNEL, 150, 160, {"device": 0, "stream": 7, "correlation": 99}),
    ("phase:forward", Kind.ANNOTATION, 240, 280, {"device": 0, "stream": 7}),
)


@dataclass(frozen=True)
class Recorded:
    """The step's events, folded."""

    folded: Folded
    strings: Strings

    def by_name(self, column: str) -> dict[str, int]:
        """The value of each event; the range on the device is left out."""
        values = getattr(self.folded, column).tolist()
        rows = self.folded.block.event_id.tolist()
        return {
            ROWS[row][0]: value
            for row, value in zip(rows, values, strict=True)
            if not (ROWS[row][4].get("device") == 0 and ROWS[row][0].startswith("phase:"))
        }

    def texts(self, column: str) -> dict[str, str]:
        """The same for a column of string numbers."""
        return {name: self.strings[number] for name, number in self.by_name(column).items()}


def record(rows: tuple[tuple[str, Kind, int, int, dict[str, int]], ...] = ROWS) -> Recorded:
    strings = Strings()
    names = sorted({key for *_, others in rows for key in others} | set(HOST_FIELDS))
    columns = {
        key: [others.get(key, HOST_FIELDS.get(key, -1)) for *_, others in rows] for key in names
    }
    block = from_columns(
        len(rows),
        event_id=range(len(rows)),
        name=[strings.number(row[0]) for row in rows],
        kind=[row[1] for row in rows],
        start_ns=[row[2] for row in rows],
        duration_ns=[row[3] - row[2] for row in rows],
        process=[1] * len(rows),
        **columns,
    )
    return Recorded(fold(block, strings), strings)


@pytest.fixture
def gpu_step() -> Recorded:
    return record()
