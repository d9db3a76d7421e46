import errno
import os

import pytest

from profilers import clocks, rundir
from profilers.records import ClockAnchor, MemoryAtPhaseEnd, ResourcesRecord, RowRate
from profilers.sampling.recording import Recording, RecordingError
from profilers.sampling.source import Source


class Constant(Source):
    def __init__(self):
        self.columns = {"a_seconds": "seconds", "b_bytes": "bytes"}
        self.counters = ["a_seconds"]
        self.capabilities = {"a": "available"}
        self.gpus = [{"index": 0, "uuid": "GPU-0"}]

    def read(self, now_ns):
        return [0.0, None]


def open_recording(run):
    return Recording(run, 10.0, [Constant()], {"cpu_count": 2.0})


def record_of(run):
    return rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)


def test_rows_are_whole_and_exact(run, monkeypatch):
    epoch_ns = 1_795_172_683_436_329_761  # an odd number that float64 can't hold
    anchor = ClockAnchor("start", 1000, epoch_ns, 90)
    monkeypatch.setattr(clocks, "anchor", lambda label: anchor)
    recording = open_recording(run)
    recording.row(1007, -3, 44, [12.340000000000002, None])
    recording.row(2007, 5, 44, [1e-7, 2**60 + 1])
    recording.close()
    assert (run / rundir.RESOURCES).read_text() == (
        "time_ns,monotonic_ns,sampler_lag_ns,sampler_cost_ns,a_seconds,b_bytes,"
        "sampler_lag_ns_max,sampler_cost_ns_max,b_bytes_max,sampler_readings\n"
        f"{epoch_ns + 7},1007,-3,44,12.34,,,,,1\n"
        f"{epoch_ns + 1007},2007,5,44,0.0,{2**60 + 1},,,,1\n"
    )


def test_record_is_complete_from_the_start_and_kept_up(run):
    recording = open_recording(run)
    first = record_of(run)
    assert first.sample_hz == 10.0
    assert first.units["a_seconds"] == "seconds"
    assert first.capabilities == {"clock": "available", "a": "available"}
    assert first.limits == {"cpu_count": 2.0}
    assert first.gpus == [{"index": 0, "uuid": "GPU-0"}]
    assert [anchor.label for anchor in first.anchors] == ["start"]
    recording.row(1, 2, 3, [1.0, 2])
    recording.end(missed=4, ended="stopped")
    recording.close()
    last = record_of(run)
    assert (last.samples, last.missed, last.ended) == (1, 4, "stopped")
    assert [anchor.label for anchor in last.anchors] == ["start", "end"]


@pytest.mark.parametrize(
    ("jump_ns", "flagged"), [(900_000, False), (1_100_000, True), (-60 * 10**9, True)]
)
def test_clock_that_is_set_during_the_run_is_told(run, monkeypatch, jump_ns, flagged):
    anchors = iter(
        [
            ClockAnchor("start", 0, 10**18, 90),
            ClockAnchor("periodic", 10**10, 10**18 + 10**10 + jump_ns, 90),
            ClockAnchor("end", 2 * 10**10, 10**18 + 2 * 10**10 + jump_ns, 90),
        ]
    )
    monkeypatch.setattr(clocks, "anchor", lambda label: next(anchors))
    recording = open_recording(run)
    recording.anchor("periodic")
    recording.row(10**10 + 1, 0, 0, [None, None])
    recording.end(0, "stopped")
    recording.close()
    assert ("was set" in record_of(run).capabilities["clock"]) == flagged
    assert f"{10**18 + 10**10 + jump_ns + 1}," in (run / rundir.RESOURCES).read_text()


@pytest.mark.parametrize("full", ["error", "part"])
def test_full_disk_names_the_file(run, monkeypatch, full):
    recording = open_recording(run)
    write = os.write

    def no_space(file, content):
        if full == "part":
            return write(file, content[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", no_space)
    with pytest.raises(RecordingError, match=r"resources\.csv .* \(No space left on device\)"):
        recording.row(1, 2, 3, [1.0, 2])
    monkeypatch.undo()
    recording.close()


def test_second_sampler_is_refused(run):
    open_recording(run).close()
    with pytest.raises(RecordingError, match="File exists"):
        open_recording(run)


def test_run_that_is_gone(run):
    with pytest.raises(RecordingError, match=r"resources\.json could not be written"):
        Recording(run / "gone" / "deeper", 10.0, [], {})


def test_a_long_recording_has_fewer_rows_and_says_since_when(run, monkeypatch):
    monkeypatch.setattr(clocks, "anchor", lambda label: ClockAnchor(label, 0, 10**18, 90))
    recording = Recording(run, 10.0, [Constant()], {}, rows_per_rate=2)
    for reading in range(9):
        recording.row(reading, 10 * reading, 5, [0.5 * reading, reading])
    recording.anchor("periodic")
    recording.end(0, "stopped")
    recording.close()
    _, *rows = (run / rundir.RESOURCES).read_text().splitlines()
    assert rows == [
        f"{10**18},0,0,5,0.0,0,,,,1",
        f"{10**18 + 1},1,10,5,0.5,1,,,,1",
        f"{10**18 + 3},3,25,5,1.5,2,30,,3,2",
        f"{10**18 + 5},5,45,5,2.5,4,50,,5,2",
        f"{10**18 + 8},8,70,5,4.0,7,80,,8,3",
    ]
    record = record_of(run)
    assert record.samples == 9
    assert record.row_rates == [RowRate(10**18 + 1, 2), RowRate(10**18 + 5, 4)]


def test_memory_at_the_end_of_a_phase_is_on_disk_at_once(run):
    recording = open_recording(run)
    found = MemoryAtPhaseEnd(phase="timed", time_ns=5, rss_bytes=7, pss_bytes=6)
    recording.phase_end(found, missed=3)
    assert record_of(run).phase_ends == [found]
    assert record_of(run).missed == 3
    recording.close()
