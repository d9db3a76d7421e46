from typing import Any

import numpy as np
import pytest

from analysis.annotate import Folded
from analysis.blocks import Kind, Strings
from analysis.folds.outermost import Works
from analysis.timeline import events
from analysis.timeline.arrows import Ends
from analysis.timeline.events import Events, EventSlices
from analysis.timeline.shared_clock import TRUE_TIME, Clock, clock
from tests.analysis.timeline.sketch import BASE_NS, STEP, args, folded_of


def slices(folded: Folded, shown: Clock = TRUE_TIME, prefix: str = "") -> EventSlices:
    ends = Ends(folded.strings)
    ends.take(folded.block)
    found = Events(folded, Works(folded.strings), ends, 0)
    return EventSlices(found, np.arange(len(folded.block)), shown, prefix)


def product() -> Folded:
    strings = Strings()
    shapes = strings.number("[[2,3],[3,4]]")
    return folded_of(STEP, strings=strings, shapes=[-1, -1, -1, shapes, -1, -1])


def test_each_event_has_its_kind_phase_layer_category_and_work() -> None:
    found = {piece.head.name: piece for piece in slices(product())}
    assert [(piece.head.name, piece.head.kind) for piece in found.values()] == [
        ("step:0", "step"),
        ("phase:forward", "annotation"),
        ("layer:fc1", "annotation"),
        ("aten::mm", "op"),
        ("Optimizer.step", "annotation"),
        ("aten::zero", "op"),
    ]
    op = found["aten::mm"]
    assert (op.start_ns, op.duration_ns) == (BASE_NS + 120, 50)
    assert args(op) == {
        "shapes": "[[2,3],[3,4]]",
        "phase": "forward",
        "layer": "fc1",
        "category": "matmul",
        "FLOP": 48,
        "step": 0,
    }
    assert args(found["Optimizer.step"]) == {"step": 0}


def test_numbers_that_are_not_known_are_left_out() -> None:
    folded = folded_of(
        [("a", Kind.OP, 0, 1), ("b", Kind.OP, 5, 1)],
        sequence=[7, -1],
        correlation=[-1, 3],
        bytes=[-1, 512],
    )
    one, other = slices(folded)
    assert args(one) == {"sequence": 7}
    assert args(other) == {"correlation": 3, "bytes": 512}


def test_prefixes_are_left_out_where_the_track_says_them() -> None:
    names = [piece.head.name for piece in slices(product(), prefix="phase:")]
    assert names[1] == "forward"
    assert names[2] == "layer:fc1"


def test_slices_are_made_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "CHUNK_ROWS", 2)
    found = slices(product())
    assert [piece[:2] for piece in found] == [piece[:2] for piece in found]
    assert len([*found]) == len(STEP)


def test_what_waits_says_how_long_it_is() -> None:
    waiting = clock([BASE_NS, BASE_NS + 400], [BASE_NS, BASE_NS + 900])
    found: dict[str, Any] = {piece.head.name: piece for piece in slices(product(), waiting)}
    step, op = found["step:0"], found["aten::mm"]
    assert (step.start_ns, step.duration_ns) == (BASE_NS, 1500)
    assert args(step) == {"step": 0, "true_duration_ns": 1000}
    assert (op.start_ns, op.duration_ns) == (BASE_NS + 120, 50)
    assert "true_duration_ns" not in args(op)
    zero = found["aten::zero"]
    assert (zero.start_ns, zero.duration_ns) == (BASE_NS + 1210, 0)
