from collections.abc import Iterator

import numpy as np
import pytest

from analysis.timeline import record
from analysis.timeline.counters import Counter
from analysis.timeline.record import (
    COUNTERS_RANK,
    Group,
    Head,
    Several,
    Shelf,
    Slice,
    Track,
    by_start,
    single,
    with_number,
)
from tests.analysis.timeline.sketch import Sketch, args

RUN = Group("run", 0)


def counter(name: str) -> Counter:
    return Counter(name, "W", np.array([1]), np.array([2.0]))


def test_what_encloses_others_is_sorted_before_them() -> None:
    spans = [(5, 1), (3, 0), (3, 9), (3, 2)]
    slices = [single(start, length, "op", {}, "op") for start, length in spans]
    assert [(piece.start_ns, piece.duration_ns) for piece in sorted(slices, key=by_start)] == [
        (3, 9),
        (3, 2),
        (3, 0),
        (5, 1),
    ]


def test_a_number_more_leaves_the_head_of_others_as_it_is() -> None:
    head = Head("op", "op", {"phase": "forward"}, ("step",))
    piece = Slice(1, 2, head, (3,), (7,), 4)
    longer = with_number(piece, "true_duration_ns", 9)
    assert args(longer) == {"phase": "forward", "step": 3, "true_duration_ns": 9}
    assert longer[:2] == piece[:2]
    assert (longer.arrows, longer.correlation) == ((7,), 4)
    assert args(piece) == {"phase": "forward", "step": 3}


def test_counters_of_a_run_alone_are_called_by_their_names() -> None:
    sketch = Sketch()
    shelf = Shelf(RUN)
    for name in ("CPU", "RSS", "CPU"):
        shelf.put(sketch, counter(name))
    assert [(track.name, track.rank) for track in sketch.counted] == [
        ("CPU", COUNTERS_RANK),
        ("RSS", COUNTERS_RANK + 1),
    ]
    assert set(sketch.shared.values()) == {""}


def test_counters_of_several_runs_stand_in_pairs_on_one_scale() -> None:
    sketch, known = Sketch(), dict[str, int]()
    for place, names in enumerate((("CPU", "RSS"), ("RSS", "VRAM", "CPU"))):
        shelf = Shelf(RUN, f"run {place}", place, 2, known)
        for name in names:
            shelf.put(sketch, counter(name))
    ordered = sorted(sketch.counted, key=lambda track: track.rank)
    assert [(track.name, sketch.shared[track]) for track in ordered] == [
        ("CPU, run 0", "CPU"),
        ("CPU, run 1", "CPU"),
        ("RSS, run 0", "RSS"),
        ("RSS, run 1", "RSS"),
        ("VRAM, run 1", "VRAM"),
    ]
    assert len({track.rank for track in ordered}) == 5


def test_several_files_are_shown_the_same() -> None:
    one, other = Sketch(), Sketch()
    track = Track(RUN, "ops", 0)
    both = Several((one, other))
    both.slices(track, (single(start, 1, "op", {}, "op") for start in range(3)))
    both.counter(track, counter("CPU"), "scale")
    for sketch in (one, other):
        assert [piece.start_ns for piece in sketch.shown[track]] == [0, 1, 2]
        assert sketch.shared == {track: "scale"}


def test_several_writers_take_slices_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_AT_ONCE", 2)
    sketches = Sketch(), Sketch()
    waiting: list[int] = []

    def pieces() -> Iterator[Slice]:
        for start_ns in range(5):
            waiting.append(start_ns - sketches[1].count())
            yield single(start_ns, 1, "op", {}, "op")

    Several(sketches).slices(Track(RUN, "ops", 0), pieces())
    assert max(waiting) < 3
    for sketch in sketches:
        assert [piece.start_ns for piece in sketch.tracks["run / ops"]] == [0, 1, 2, 3, 4]
