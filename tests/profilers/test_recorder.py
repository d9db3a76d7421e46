import os
import time
from pathlib import Path

import pytest

from profilers import marks, protocol, rundir
from profilers.protocol import Channel, PhaseBegins, PhaseEnds
from profilers.recorder import ClocksRecord, Recorder
from profilers.records import Mark, Phase, Step


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, Channel(os.open(os.devnull, os.O_WRONLY)))


def row(recorder: Recorder, index: int) -> Step:
    now = time.monotonic_ns()
    return Step(
        phase="timed",
        epoch=0,
        index=index,
        start_ns=recorder.unix_ns(now),
        duration_ns=1000,
        samples=32,
    )


def test_phases_lie_on_unix_time_and_do_not_overlap(recorder: Recorder, tmp_path: Path) -> None:
    before = time.time_ns()
    for name in ("import", "build"):
        with recorder.phase(name):
            time.sleep(0.002)
    after = time.time_ns()
    first, second = rundir.read_rows(tmp_path / rundir.PHASES, Phase)
    assert (first.phase, second.phase) == ("import", "build")
    assert before <= first.start_ns
    assert first.start_ns + first.duration_ns <= second.start_ns + 1_000_000
    assert second.start_ns + second.duration_ns <= after + 1_000_000
    assert first.duration_ns >= 2_000_000


def test_rows_are_on_disk_when_a_phase_ends_even_by_an_error(
    recorder: Recorder, tmp_path: Path
) -> None:
    def interrupted() -> None:
        with recorder.phase("timed"):
            for index in range(5):
                recorder.step(row(recorder, index), index + 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [step.index for step in rundir.read_rows(tmp_path / rundir.STEPS, Step)] == [*range(5)]
    assert [phase.phase for phase in rundir.read_rows(tmp_path / rundir.PHASES, Phase)] == ["timed"]


def test_both_clocks_are_anchored_at_each_edge(recorder: Recorder, tmp_path: Path) -> None:
    with recorder.phase("build"):
        pass
    record = rundir.read_json(tmp_path / rundir.CLOCKS, ClocksRecord)
    assert [anchor.label for anchor in record.anchors] == ["start", "build begins", "build ends"]
    offsets = {anchor.realtime_ns - anchor.monotonic_ns for anchor in record.anchors}
    assert max(offsets) - min(offsets) < 50_000_000


def test_warnings_are_kept_for_the_result(recorder: Recorder) -> None:
    recorder.warn("careful")
    assert recorder.warnings == ["careful"]


def test_the_frameworks_memory_stands_with_its_phase(recorder: Recorder, tmp_path: Path) -> None:
    peaks = iter([{}, {"allocated_peak_bytes": 5, "reserved_peak_bytes": 8}, {}, {}])
    with recorder.phase("import"):
        pass
    recorder.read_memory_by(lambda: next(peaks, {"allocated_peak_bytes": 3}))
    for name in ("build", "data", "timed"):
        with recorder.phase(name):
            pass
    rows = rundir.read_rows(tmp_path / rundir.PHASES, Phase)
    found = [(row.phase, row.allocated_peak_bytes, row.reserved_peak_bytes) for row in rows]
    assert found == [
        ("import", None, None),
        ("build", 5, 8),
        ("data", None, None),
        ("timed", 3, None),
    ]
    assert recorder.memory_peaks == {"allocated_peak_bytes": 5, "reserved_peak_bytes": 8}


def test_a_framework_that_failed_is_not_asked_for_its_memory(
    recorder: Recorder, tmp_path: Path
) -> None:
    asked = []
    recorder.read_memory_by(lambda: asked.append(1) or {"allocated_peak_bytes": 3})
    with pytest.raises(RuntimeError), recorder.phase("timed"):
        raise RuntimeError
    assert len(asked) == 1
    [phase] = rundir.read_rows(tmp_path / rundir.PHASES, Phase)
    assert phase.allocated_peak_bytes is None


def test_the_parent_hears_of_begin_and_end(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    recorder = Recorder(tmp_path, Channel(writing))
    with recorder.phase("timed", steps=3):
        pass
    with pytest.raises(KeyboardInterrupt), recorder.phase("profiled"):
        raise KeyboardInterrupt
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = [protocol.decode(line) for line in pipe]
    assert said == [
        PhaseBegins("timed", 3),
        PhaseEnds("timed"),
        PhaseBegins("profiled"),
        PhaseEnds("profiled"),
    ]


def test_marks_are_written_when_a_phase_ends_with_those_from_before_it(
    recorder: Recorder, tmp_path: Path
) -> None:
    now = time.monotonic_ns()
    recorder.marks.note("gc", "generation 2", now, now + 3000)
    with recorder.phase("first_step"):
        began = time.monotonic_ns()
        time.sleep(0.001)
        recorder.marks.note("trace", "step, with a comma", began, time.monotonic_ns())
        assert not (tmp_path / rundir.MARKS).exists()
    before, inside = rundir.read_rows(tmp_path / rundir.MARKS, Mark)
    (phase,) = rundir.read_rows(tmp_path / rundir.PHASES, Phase)
    assert (before.kind, before.name, before.duration_ns) == ("gc", "generation 2", 3000)
    assert before.start_ns < phase.start_ns <= inside.start_ns
    assert inside.name == "step, with a comma"
    assert 1_000_000 <= inside.duration_ns <= phase.duration_ns


def test_marks_that_are_left_out_are_told(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MOST", 2)
    for name, count in (("build", 5), ("data", 2)):
        with recorder.phase(name):
            for moment in range(count):
                recorder.marks.note("gc", "generation 0", moment, moment + 1)
    assert len(rundir.read_rows(tmp_path / rundir.MARKS, Mark)) == 4
    assert recorder.warnings == ["marks.csv leaves out 3 marks of gc in the phase build"]
