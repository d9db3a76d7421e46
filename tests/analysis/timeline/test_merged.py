from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.timeline import sources
from analysis.timeline.merged import Merged, Titled
from analysis.timeline.record import Slice
from analysis.timeline.shared_clock import Align, NoCommonStepError
from profilers import rundir
from profilers.records import Phase, Step
from tests.analysis.timeline.sketch import DATA, Sketch, args

MS = 1_000_000
ALIGNS: tuple[Align, ...] = ("step", "run", "wall")


def apart(steps: Iterable[Step]) -> list[Step]:
    """The steps, of which no two begin at the same time."""
    return [
        msgspec.structs.replace(row, start_ns=row.start_ns + place)
        for place, row in enumerate(sorted(steps, key=lambda row: row.start_ns))
    ]


def two_runs(make_run: Any) -> list[Path]:
    """A run, and one that begins later, whose steps are longer, and that lacks its last two."""
    steps = apart(make_run.steps)
    first = make_run("one", steps=steps)
    settings = msgspec.structs.replace(make_run.settings, framework="tensorflow")
    later_ns = 7_000 * MS
    slower = [
        msgspec.structs.replace(
            row, start_ns=row.start_ns + later_ns + place * 40 * MS, duration_ns=3 * row.duration_ns
        )
        for place, row in enumerate(steps)
        if row.phase != "inference"
    ]
    phases = [Phase("timed", make_run.start_ns + 1_000 * MS + later_ns, 2_500 * MS)]
    other = make_run("other", settings=settings, steps=slower, phases=phases)
    make_run.add_profile(first)
    make_run.add_tensorflow_profile(other)
    return [first, other]


def drawn(paths: list[Path], align: Align) -> tuple[Sketch, Merged]:
    titles = ("PyTorch", "TensorFlow", "a third")
    members = [
        Titled(title, sources.opened(path)) for title, path in zip(titles, paths, strict=False)
    ]
    merged, sketch = Merged(members, align), Sketch()
    assert merged.draw(sketch) == sketch.count()
    return sketch, merged


TOP = "Compare: PyTorch vs TensorFlow"


def steps(sketch: Sketch) -> list[list[Slice]]:
    return [sketch.tracks[f"{TOP} / steps, {title}"] for title in ("PyTorch", "TensorFlow")]


def true_ns(piece: Slice) -> int:
    return int(args(piece).get("true_duration_ns", piece.duration_ns))


def test_equal_steps_begin_together_and_are_as_long_as_they_were(make_run: Any) -> None:
    sketch, _ = drawn(two_runs(make_run), "step")
    one, other = steps(sketch)
    assert (len(one), len(other)) == (12, 9)
    begins = [{piece.head.name: piece for piece in some} for some in (one, other)]
    shared = set(begins[0]) & set(begins[1])
    assert len(shared) == 9
    for name in shared:
        assert begins[0][name].start_ns == begins[1][name].start_ns
    lengths = {f"{row.phase} step {row.index}": row.duration_ns for row in make_run.steps}
    for name, piece in begins[1].items():
        assert piece.duration_ns >= true_ns(piece) == 3 * lengths[name]


@pytest.mark.parametrize("align", ALIGNS)
def test_the_profiled_steps_of_all_runs_are_shown_first(make_run: Any, align: Align) -> None:
    sketch, _ = drawn(two_runs(make_run), align)
    profiled = [
        piece
        for some in steps(sketch)
        for piece in some
        if piece.head.name.startswith("profiled step")
    ]
    assert len(profiled) == 4
    begin_ns = min(piece.start_ns for piece in profiled)
    end_ns = max(piece.start_ns + true_ns(piece) for piece in profiled)
    assert sketch.first_shown_ns is not None
    shown_begin_ns, shown_end_ns = sketch.first_shown_ns
    assert shown_begin_ns < begin_ns < end_ns < shown_end_ns
    assert shown_end_ns - shown_begin_ns <= 1.1 * (end_ns - begin_ns)


def test_each_common_phase_begins_at_one_time(make_run: Any) -> None:
    sketch, _ = drawn(two_runs(make_run), "step")
    one, other = (
        {piece.head.name: piece.start_ns for piece in sketch.tracks[f"{run} / run phases"]}
        for run in ("Run 1: PyTorch", "Run 2: TensorFlow")
    )
    assert one == other
    assert list(one) == ["timed"]


def test_arrows_tie_equal_steps_and_nothing_else(make_run: Any) -> None:
    sketch, _ = drawn(two_runs(make_run), "step")
    ends: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for rank, some in enumerate(steps(sketch)):
        for piece in some:
            for arrow in piece.arrows:
                assert (arrow < 0) == bool(rank)
                ends[abs(arrow)].append((rank, piece.head.name))
                assert piece.correlation >= 0
            assert piece.arrows or piece.correlation == -1
    assert len(ends) == 9
    assert all(some[0][1] == some[1][1] for some in ends.values())


def test_counters_of_both_runs_stand_in_pairs_on_one_scale(make_run: Any) -> None:
    sketch, _ = drawn(two_runs(make_run), "step")
    ordered = sorted(sketch.counted, key=lambda track: track.rank)
    names = [track.name for track in ordered if track.group.name == TOP]
    assert names[:4] == ["CPU, PyTorch", "CPU, TensorFlow", "RSS, PyTorch", "RSS, TensorFlow"]
    assert len(names) == len(ordered)
    for track in ordered:
        assert sketch.shared[track] == track.name.partition(",")[0]


@pytest.mark.parametrize("align", ALIGNS)
def test_both_runs_are_drawn_as_a_whole_and_nothing_before_the_start(
    make_run: Any, align: Align
) -> None:
    paths = two_runs(make_run)
    sketch, merged = drawn(paths, align)
    for place, path in enumerate(paths):
        alone = Sketch()
        count = sources.opened(path).draw(alone, next(iter(sketch.shown)).group)
        title = ("PyTorch", "TensorFlow")[place]
        group = f"Run {place + 1}: {title}"
        shown = {
            track: slices for track, slices in sketch.tracks.items() if track.startswith(group)
        }
        assert sum(map(len, shown.values())) == count
        assert len(shown) == len(alone.tracks)
        lengths = sorted(true_ns(piece) for slices in shown.values() for piece in slices)
        assert lengths == sorted(
            piece.duration_ns for slices in alone.tracks.values() for piece in slices
        )
    starts = [piece.start_ns for slices in sketch.tracks.values() for piece in slices]
    assert min(starts) >= merged.start_ns


def test_run_and_wall_stretch_nothing(make_run: Any) -> None:
    paths = two_runs(make_run)
    sketches = {align: drawn(paths, align)[0] for align in ("run", "wall")}
    first = {row.phase: row.start_ns for row in make_run.steps[::-1]}["first_step"]
    for align, sketch in sketches.items():
        for slices in sketch.tracks.values():
            assert all("true_duration_ns" not in args(piece) for piece in slices)
        one, other = ({p.head.name: p.start_ns for p in some} for some in steps(sketch))
        begin = "first_step step 0"
        assert one[begin] == first
        assert other[begin] - one[begin] == (0 if align == "run" else 7_000 * MS)


def test_traces_are_aligned_by_the_place_of_their_steps(make_run: Any) -> None:
    paths = [DATA / "kineto" / "mi250-minitoy.json.gz", two_runs(make_run)[1]]
    sketch, _ = drawn(paths, "step")
    one, other = steps(sketch)
    assert [piece.head.name for piece in one] == ["step 1", "step 2"]
    assert [piece.head.name for piece in other] == ["step 0", "step 1", "step 2"]
    assert [piece.start_ns for piece in one] == [piece.start_ns for piece in other][:2]


def test_three_runs_go_on_with_one_arrow(make_run: Any) -> None:
    paths = two_runs(make_run)
    sketch, _ = drawn([*paths, paths[0]], "step")
    top = f"{TOP} vs a third"
    ends: dict[int, list[int]] = defaultdict(list)
    for title in ("PyTorch", "TensorFlow", "a third"):
        for piece in sketch.tracks[f"{top} / steps, {title}"]:
            for arrow in piece.arrows:
                ends[abs(arrow)].append(arrow)
    assert {len(some) for some in ends.values()} == {3}
    assert all(some == [number, -number, -number] for number, some in ends.items())


def test_traces_without_a_common_step(make_run: Any) -> None:
    unmarked = make_run("unmarked", steps=(), phases=())
    path = DATA / "kineto" / "mi250-minitoy.json.gz"
    with pytest.raises(NoCommonStepError, match="PyTorch and TensorFlow have no step in common"):
        drawn([path, unmarked], "step")
    sketch, _ = drawn([path, unmarked], "run")
    values = [pair for rows in sketch.counters.values() for pair in rows]
    starts = [piece.start_ns for slices in sketch.tracks.values() for piece in slices]
    assert min(time_ns for time_ns, _ in values) == min(starts)


@pytest.mark.parametrize("align", ["run", "wall"])
def test_a_trace_without_events_moves_no_other(make_run: Any, tmp_path: Path, align: Align) -> None:
    (tmp_path / "empty.json").write_text('{"traceEvents": []}')
    run = make_run("run", steps=(), samples=None)
    for paths in ([tmp_path / "empty.json", run], [run, tmp_path / "empty.json"]):
        sketch, merged = drawn(paths, align)
        starts = {piece.start_ns for some in sketch.tracks.values() for piece in some}
        assert starts == {row.start_ns for row in rundir.read_rows(run / rundir.PHASES, Phase)}
        assert merged.start_ns == min(starts)
