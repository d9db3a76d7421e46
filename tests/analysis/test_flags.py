from typing import Any

import pytest

from analysis import measured
from analysis.flags import flags
from profilers.records import Phase

GPUS = [{"index": 0, "uuid": "GPU-aa"}, {"index": 1, "uuid": "GPU-bb"}]
SECOND = 1_000_000_000
MIB = 2**20


def flagged(make_run: Any, lines: list[str], seconds: float = 4, **others: Any) -> list[str]:
    """The flags of a run of GPU 1, timed from 1 s on."""
    hertz = others.pop("sample_hz", 1.0)
    record = make_run.resources_record(gpus=GPUS, sample_hz=hertz)
    values = {
        "phases": [Phase("timed", make_run.start_ns + SECOND, round(seconds * SECOND))],
        "resources": record,
        "machine": make_run.environment("GPU-bb", "A GPU"),
        "samples": lines,
    }
    return flags(measured.read(make_run(**values | others)))


def column(name: str, *values: object) -> list[str]:
    """A column with a sample each second from the begin of the run on."""
    return [f"time_ns,{name}", *(f"{1000 * n},{value}" for n, value in enumerate(values))]


@pytest.mark.parametrize(
    ("values", "percent"), [((5, 5, 6, 6.5, 7, 7, 9), "50"), ((5, 5, 5, 5.5, 5.8, 5.8, 9), None)]
)
def test_waiting_for_a_cpu(make_run: Any, values: tuple[float, ...], percent: str | None) -> None:
    found = flagged(make_run, column("psi_cpu_some_seconds", *values))
    assert found == [f"a process waited for a CPU in {percent} % of the timed phase"] * bool(
        percent
    )


@pytest.mark.parametrize(
    ("values", "seconds"), [((1, 1, 1.1, 1.4, 1.4, 1.4, 8), "0.400"), ((1, 1, 1, 1, 1, 1, 8), None)]
)
def test_a_quota_of_the_container(
    make_run: Any, values: tuple[float, ...], seconds: str | None
) -> None:
    found = flagged(make_run, column("cgroup_cpu_throttled_seconds", *values))
    words = f"the container's CPU quota kept {seconds} CPU seconds from it in the timed phase"
    assert found == [words] * bool(seconds)


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        ((0, 0, 0x20, 0x28, 0, 0, 0x20), "2.0 s of the timed phase, as it was too hot"),
        ((0, 0, 0x88, 0, 0, 0), "1.0 s of the timed phase, as its power supply gave less"),
        ((0, 0, 8, 8, 8, 8), "4.0 s of the timed phase"),
        ((0, 0, 0x40, "", "", 0, 0), "1.0 s of the timed phase, as it was too hot"),
        ((0, 0x20, 1, 2, 4, 0x10, 0x20), None),
        ((0, "", "", "", "", "", 0x20), None),
    ],
)
def test_a_clock_that_is_held_down(
    make_run: Any, bits: tuple[object, ...], words: str | None
) -> None:
    found = flagged(make_run, column("gpu1_throttle_bits", *bits))
    assert found == [f"the GPU's clock was held down for {words}"] * bool(words)


def test_the_clock_of_another_gpu_is_none_of_the_runs(make_run: Any) -> None:
    assert flagged(make_run, column("gpu0_throttle_bits", *[0x20] * 6)) == []


@pytest.mark.parametrize(
    ("count", "own", "used", "words"),
    [
        (1, 700 * MIB, 1900 * MIB, "another process held 1.17 GiB of the GPU"),
        (3, 700 * MIB, 720 * MIB, "3 other processes held 20.0 MiB of the GPU"),
        (2, 700 * MIB, "", "2 other processes used the GPU"),
        (0, 700 * MIB, 1100 * MIB, "another process held 400 MiB of the GPU"),
        (0, 700 * MIB, 900 * MIB, None),
        ("", "", 9000 * MIB, None),
    ],
)
def test_others_on_the_gpu(
    make_run: Any, count: object, own: object, used: object, words: str | None
) -> None:
    names = "gpu1_other_processes,gpu1_process_memory_bytes,gpu1_memory_used_bytes"
    quiet = f"0,{700 * MIB},{700 * MIB}"
    found = flagged(make_run, column(names, "9,1,1", quiet, f"{count},{own},{used}", quiet))
    assert found == [f"{words} in the timed phase"] * bool(words)


def test_what_the_driver_reserves_is_no_other_process(make_run: Any) -> None:
    """Older drivers count it as used memory, and say so by not telling it apart."""
    names = "gpu1_other_processes,gpu1_process_memory_bytes,gpu1_memory_used_bytes"
    lines = column(names, *[f"0,{700 * MIB},{1100 * MIB}"] * 5)
    told = {"gpu1_memory_reserved_bytes": "not supported; it is part of memory_used_bytes"}
    record = make_run.resources_record(gpus=GPUS, sample_hz=1.0, capabilities=told)
    assert flagged(make_run, lines, resources=record) == []


@pytest.mark.parametrize(
    ("hertz", "taken", "words"),
    [(10.0, 26, "14 of 40 samples"), (10.0, 33, None), (2.0, 0, None)],
)
def test_samples_that_are_missing(
    make_run: Any, hertz: float, taken: int, words: str | None
) -> None:
    lines = ["time_ns,process_threads", "0,1", *(f"{1001 + n * 90},1" for n in range(taken))]
    found = flagged(make_run, lines, sample_hz=hertz)
    sentence = f"the sampler was late: {words} of the timed phase are missing"
    assert found == [sentence] * bool(words)


def test_a_run_without_samples_or_timed_phase_is_not_judged(make_run: Any) -> None:
    busy = column("psi_cpu_some_seconds", *range(7))
    assert flagged(make_run, busy, run_id="a")
    assert flagged(make_run, busy, run_id="b", phases=()) == []
    assert flagged(make_run, busy, run_id="c", samples=None) == []


def test_several_things_at_once_are_a_sentence_each(make_run: Any) -> None:
    names = "psi_cpu_some_seconds,gpu1_throttle_bits"
    found = flagged(make_run, column(names, *(f"{n},{0x20}" for n in range(7))))
    assert len(found) == 2


def test_rows_that_stand_for_several_readings_are_not_late(make_run: Any) -> None:
    lines = ["time_ns,sampler_readings", *(f"{1000 * n},10" for n in range(7))]
    assert flagged(make_run, lines, sample_hz=10.0) == []
