from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import derived
from analysis.annotate import fold_trace
from analysis.readers.registry import open_trace
from analysis.timeline import sources
from analysis.timeline.record import Group, Shelf
from analysis.timeline.shared_clock import clock
from profilers import rundir
from profilers.rundir import ProfileError
from tests.analysis.timeline.sketch import DATA, Sketch

RUN = Group("run", 3)
KINETO = DATA / "kineto" / "mi250-minitoy.json.gz"


def drawn(source: sources.Source) -> Sketch:
    sketch = Sketch()
    assert source.draw(sketch, RUN) == sketch.count()
    return sketch


def whole(run: Path) -> sources.Source:
    return sources.of_run(run, fold_trace(open_trace(derived.profile_path(run), memory=True)))


def test_a_run_shows_what_it_recorded_and_its_profile(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    source = whole(run)
    assert source.is_run
    assert source.first_ns == make_run.start_ns
    sketch = drawn(source)
    assert [*sketch.tracks] == [
        "run / run phases",
        "run / steps",
        "run / phases",
        "run / layers",
        "run / torch host / thread 7",
        "run / torch host / thread 7 annotations",
    ]
    assert {"run / resources / CPU", "run / resources / RSS"} <= set(sketch.counters)


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_a_run_opened_shows_what_it_shows_as_a_whole(make_run: Any, framework: str) -> None:
    settings = msgspec.structs.replace(make_run.settings, framework=framework)
    run = make_run(settings=settings)
    if framework == "torch":
        make_run.add_profile(run)
    else:
        make_run.add_tensorflow_profile(run)
    one, other = drawn(whole(run)), drawn(sources.opened(run))
    assert one.names() == other.names()
    assert one.counters == other.counters
    assert any(track.startswith(f"run / {framework} host / ") for track in one.tracks)


def test_a_run_without_a_profile_shows_what_it_recorded(make_run: Any) -> None:
    run = make_run()
    source = sources.opened(run)
    assert source.profile is None
    assert [*drawn(source).tracks] == ["run / run phases", "run / steps"]
    assert [piece.head.name for _, piece in source.steps(of_run=True)][:2] == [
        "first_step step 0",
        "warmup step 1",
    ]
    assert source.steps(of_run=False) == []


def test_a_damaged_profile_and_what_is_no_trace_are_errors(make_run: Any, tmp_path: Path) -> None:
    run = make_run()
    make_run.add_profile(run).write_bytes(b"nothing")
    with pytest.raises(ProfileError, match=r"kineto\.json\.gz"):
        sources.opened(run)
    with pytest.raises(ProfileError, match="gone"):
        sources.opened(tmp_path / "gone.json")


def test_a_trace_has_the_moments_that_it_marks() -> None:
    source = sources.opened(KINETO)
    assert not source.is_run
    assert source.profile is not None
    assert source.first_ns == source.profile.ends.first_ns > 0
    steps = [piece for _, piece in source.steps(of_run=False)]
    assert [piece.head.name for piece in steps] == ["step 1", "step 2"]
    assert source.moments(of_run=False) == [(0, steps[0].start_ns), (1, steps[1].start_ns)]
    assert source.moments(of_run=True) == []


def test_a_clock_and_a_shelf_say_when_and_where(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    plain, other = Sketch(), Sketch()
    sources.opened(run).draw(plain, RUN)
    shelf = Shelf(Group("top", 0), "mine", 1, 2)
    sources.opened(run).draw(other, RUN, shelf, clock([0], [1_000]))
    for track, slices in plain.tracks.items():
        assert [piece.start_ns + 1_000 for piece in slices] == [
            piece.start_ns for piece in other.tracks[track]
        ]
    assert {"top / CPU, mine", "top / RSS, mine"} <= set(other.counters)


def test_nothing_at_all_begins_nowhere(make_run: Any) -> None:
    run = make_run(steps=(), phases=(), samples=None)
    source = sources.opened(run)
    assert (source.first_ns, drawn(source).tracks) == (None, {})
    assert (run / rundir.RUN).exists()


def test_a_trace_without_events_begins_nowhere(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text('{"traceEvents": []}')
    source = sources.opened(tmp_path / "empty.json")
    assert (source.first_ns, drawn(source).tracks) == (None, {})


def test_what_a_trace_lacks_is_known(tmp_path: Path) -> None:
    whole = sources.opened(KINETO).profile
    assert whole is not None
    assert whole.lacks == ()
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(KINETO.read_bytes()[:-3000])
    profile = sources.opened(cut).profile
    assert profile is not None
    [sentence] = profile.lacks
    assert sentence.startswith("the trace is not whole: its packed data break off after")
