import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import marks, measured
from analysis.flags import flags
from profilers import rundir
from profilers.records import Mark, Phase
from profilers.rundir import ProfileError

GPUS = [{"index": 0, "uuid": "GPU-aa"}, {"index": 1, "uuid": "GPU-bb"}]
MS = 1_000_000
SECOND = 1_000_000_000
MIB = 2**20
NUMBERS = itertools.count()
NO_SAMPLES = ["time_ns,psi_cpu_some_seconds"]


def run_of(make_run: Any, lines: list[str] | None, seconds: float = 6, **others: Any) -> Path:
    """A run on GPU 1 whose phases last from its begin on."""
    record = make_run.resources_record(gpus=GPUS, sample_hz=others.pop("sample_hz", 1.0))
    values = {
        "phases": [Phase("timed", make_run.start_ns, round(seconds * SECOND))],
        "resources": record,
        "machine": make_run.environment("GPU-bb", "A GPU"),
        "samples": lines,
    }
    run: Path = make_run(**values | others)
    return run


def found(make_run: Any, lines: list[str] | None, **others: Any) -> list[tuple[float, float, str]]:
    """Begin and end in seconds after the run's begin, and the sentence, of what disturbed it."""
    result = []
    for mark in marks.read(run_of(make_run, lines, **others)):
        assert mark.kind == "disturbed"
        begin = (mark.start_ns - make_run.start_ns) / SECOND
        result.append((begin, begin + mark.duration_ns / SECOND, mark.name))
    return result


def column(name: str, *values: object) -> list[str]:
    """A column with a sample each second from the begin of the run on."""
    return [f"time_ns,{name}", *(f"{1000 * n},{value}" for n, value in enumerate(values))]


def test_what_the_run_recorded_is_given_in_order_with_what_disturbed_it(make_run: Any) -> None:
    run = run_of(make_run, column("psi_cpu_some_seconds", 0, 0, 0, 0.5, 0.5, 0.5, 0.5))
    start = make_run.start_ns
    recorded = [
        Mark("compile", "frame 0/0", start + 4 * SECOND, SECOND),
        Mark("gc", "generation 2", start + MS, 3 * MS),
        Mark("trace", "inner", start + 4 * SECOND, 5),
    ]
    rundir.append_rows(run / rundir.MARKS, recorded, Mark)
    words = "a process waited for a CPU in 50 % of this time"
    disturbed = Mark("disturbed", words, start + 2 * SECOND, SECOND)
    assert marks.read(run) == [recorded[1], disturbed, recorded[0], recorded[2]]


def test_a_run_that_recorded_and_sampled_nothing_has_none(make_run: Any) -> None:
    assert marks.read(run_of(make_run, None)) == []


def test_a_damaged_file_is_one_sentence(make_run: Any) -> None:
    run = run_of(make_run, None)
    (run / rundir.MARKS).write_text("kind,name,start_ns,duration_ns\nsleep,x,1,2\n")
    with pytest.raises(ProfileError, match=r"marks\.csv is damaged in line 2"):
        marks.read(run)


def test_samples_that_follow_each_other_are_one_stretch(make_run: Any) -> None:
    values = (0, 0.3, 0.6, 0.7, 1.1, 1.1, 1.4)
    assert found(make_run, column("psi_cpu_some_seconds", *values)) == [
        (0, 2, "a process waited for a CPU in 30 % of this time"),
        (3, 4, "a process waited for a CPU in 40 % of this time"),
        (5, 6, "a process waited for a CPU in 30 % of this time"),
    ]


def test_a_column_with_empty_cells_is_judged_from_value_to_value(make_run: Any) -> None:
    values = (0, "", 0.2, "", 1.2, 1.2, 1.2)
    assert found(make_run, column("psi_cpu_some_seconds", *values)) == [
        (2, 4, "a process waited for a CPU in 50 % of this time")
    ]


def test_a_quota_of_the_container(make_run: Any) -> None:
    values = (3, 3, 3.005, 3.1, 3.4, 3.4, 3.4)
    assert found(make_run, column("cgroup_cpu_throttled_seconds", *values)) == [
        (2, 4, "the container's CPU quota kept 0.395 CPU seconds from it in this time")
    ]


@pytest.mark.parametrize(
    ("bits", "stretches"),
    [
        ((0, 4, 0x20, 0x28, 4, 0, 0), [(1, 3, "2.0 s of this time, as it was too hot")]),
        ((0, 0x80, 0, 8, 0, 0, 0), [
            (0, 1, "1.0 s of this time, as its power supply gave less"),
            (2, 3, "1.0 s of this time"),
        ]),
        ((0x20, 0, "", 0x40, "", "", 0), [(1, 3, "2.0 s of this time, as it was too hot")]),
        ((0, 4, 4, 0, 0, 0, 0), []),
    ],
)  # fmt: skip
def test_a_clock_that_is_held_down(
    make_run: Any, bits: tuple[object, ...], stretches: list[tuple[float, float, str]]
) -> None:
    expected = [
        (begin, end, f"the GPU's clock was held down for {words}")
        for begin, end, words in stretches
    ]
    assert found(make_run, column("gpu1_throttle_bits", *bits)) == expected


def test_another_gpu_is_none_of_the_runs(make_run: Any) -> None:
    assert found(make_run, column("gpu0_throttle_bits", *[0x20] * 7)) == []


def test_others_on_the_gpu(make_run: Any) -> None:
    names = "gpu1_other_processes,gpu1_process_memory_bytes,gpu1_memory_used_bytes"
    quiet, unknown = f"0,{700 * MIB},{700 * MIB}", f",,{9000 * MIB}"
    two, hidden = f"2,{700 * MIB},{720 * MIB}", f"0,{700 * MIB},{1100 * MIB}"
    lines = column(names, unknown, quiet, two, two, quiet, hidden, quiet)
    assert found(make_run, lines) == [
        (1, 3, "2 other processes held 20.0 MiB of the GPU in this time"),
        (4, 5, "another process held 400 MiB of the GPU in this time"),
    ]


@pytest.mark.parametrize(
    ("moments", "stretches"),
    [
        ((0, 100, 200, 330, 400, 500, 600), []),
        ((0, 100, 400, 500, 600), [(0.1, 0.4, "0.3")]),
        ((0, 200, 500, 600), [(0.0, 0.5, "0.3")]),
        ((0, 100), [(0.1, 0.6, "0.5")]),
        ((400, 500, 600), [(0.0, 0.4, "0.4")]),
        ((), [(0.0, 0.6, "0.6")]),
        ((-200, -100, 0, 100, 200, 300, 400, 500, 600, 900), [(0.6, 0.9, "0.3")]),
    ],
)
def test_no_sample_for_longer_than_was_asked_for(
    make_run: Any, moments: tuple[int, ...], stretches: list[tuple[float, float, str]]
) -> None:
    lines = ["time_ns,process_threads", *(f"{moment},1" for moment in moments)]
    expected = [
        (begin, end, f"the sampler was late: no sample for {longest} s instead of 0.1 s")
        for begin, end, longest in stretches
    ]
    result = found(make_run, lines, seconds=0.6, sample_hz=10.0)
    assert [words for _, _, words in result] == [words for _, _, words in expected]
    edges = [edge for begin, end, _ in expected for edge in (begin, end)]
    assert [edge for begin, end, _ in result for edge in (begin, end)] == pytest.approx(edges)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ((10, 10, 9, 10), []),
        ((10, 10, 7, 10), [(1, 2, "the sampler was late: 3 of 10 samples are missing")]),
    ],
)
def test_rows_that_stand_for_several_samples(
    make_run: Any, readings: tuple[int, ...], expected: list[tuple[float, float, str]]
) -> None:
    rows = (f"{1000 * n},{count}" for n, count in enumerate(readings))
    lines = ["time_ns,sampler_readings", *rows]
    assert found(make_run, lines, seconds=3, sample_hz=10.0) == expected


def test_without_phases_the_samples_alone_are_judged(make_run: Any) -> None:
    lines = column("psi_cpu_some_seconds", 0, 0.5)
    assert len(found(make_run, lines, phases=(), run_id="a")) == 1
    assert found(make_run, lines[:2], phases=(), run_id="b") == []
    assert found(make_run, NO_SAMPLES, phases=(), run_id="c") == []


def test_a_clock_that_was_set_back_disturbs_nothing(make_run: Any) -> None:
    lines = ["time_ns,psi_cpu_some_seconds", "0,0", "1000,0", "400,0.9", "1400,0.9", "6000,0.9"]
    assert all("late" in words for _, _, words in found(make_run, lines))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    waited=st.lists(st.floats(0, 0.6), min_size=8, max_size=8),
    kept=st.lists(st.floats(0, 0.03), min_size=8, max_size=8),
    bits=st.lists(st.sampled_from([0, 0, 4, 8, 0x20]), min_size=9, max_size=9),
    others=st.lists(st.sampled_from([0, 0, 0, 1]), min_size=9, max_size=9),
)
def test_what_is_flagged_has_marks_in_the_timed_phase(
    make_run: Any, waited: list[float], kept: list[float], bits: list[int], others: list[int]
) -> None:
    rows = [
        f"{1000 * n},{sum(waited[:n]):.6f},{sum(kept[:n]):.6f},{bits[n]},{others[n]}"
        for n in range(9)
    ]
    names = "psi_cpu_some_seconds,cgroup_cpu_throttled_seconds,gpu1_throttle_bits"
    timed = Phase("timed", make_run.start_ns + 1500 * MS, 4 * SECOND)
    phases = [Phase("import", make_run.start_ns, SECOND), timed]
    lines = [f"time_ns,{names},gpu1_other_processes", *rows]
    run = run_of(make_run, lines, phases=phases, run_id=f"run-{next(NUMBERS)}")
    told = {" ".join(flag.split()[:3]) for flag in flags(measured.read(run))}
    overlapping = {
        " ".join(mark.name.split()[:3])
        for mark in marks.read(run)
        if mark.start_ns < timed.start_ns + timed.duration_ns
        and mark.start_ns + mark.duration_ns > timed.start_ns
    }
    assert told <= overlapping


def test_many_samples_are_read_in_a_moment_however_they_alternate(make_run: Any) -> None:
    values = [sum(divmod(n, 2)) * 0.06 for n in range(3000)]
    lines = ["time_ns,psi_cpu_some_seconds"]
    lines += [f"{100 * n},{value:.3f}" for n, value in enumerate(values)]
    run = run_of(make_run, lines, seconds=299.9, sample_hz=10.0)
    read = marks.read(run)
    assert len(read) == 1500
    assert {mark.duration_ns for mark in read} == {100 * MS}
    assert msgspec.json.encode(read[0])
