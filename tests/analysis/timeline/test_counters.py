from pathlib import Path
from typing import Any

import pytest

from analysis.blocks import Kind, from_columns
from analysis.timeline.counters import MOST_DEVICES, Allocated, resource_counters
from analysis.wording import MIB
from profilers.rundir import ProfileError

MS = 1_000_000
HEADER = (
    "time_ns,process_cpu_time_user_seconds,process_cpu_time_system_seconds,"
    "process_memory_rss_bytes,process_threads,system_cpu_time_busy_seconds,"
    "gpu1_utilization_ratio,gpu1_memory_used_bytes,gpu1_power_watts"
)
SAMPLES = (
    HEADER,
    f"0,1.0,0.0,{MIB},2,10.0,0.1,{2 * MIB},50.5",
    f"100,1.1,0.05,{3 * MIB},4,10.1,0.5,,60.5",
    "200,1.1,0.05,,,10.3,,,",
    f"400,1.3,0.05,{5 * MIB},4,10.3,0.9,{4 * MIB},70.5",
)


def series(run: Path, start_ns: int) -> dict[str, tuple[str, list[tuple[float, float]]]]:
    return {
        counter.name: (
            counter.unit,
            [
                (round((time - start_ns) / MS), round(value, 6))
                for time, value in zip(
                    counter.time_ns.tolist(), counter.values.tolist(), strict=True
                )
            ],
        )
        for counter in resource_counters(run)
    }


def test_rates_and_sensors_hold_from_the_sample_before_and_gauges_from_their_own(
    make_run: Any,
) -> None:
    found = series(make_run(samples=SAMPLES), make_run.start_ns)
    assert found == {
        "CPU": ("%", [(0, 150.0), (100, 0.0), (200, 100.0)]),
        "RSS": ("MiB", [(0, 1.0), (100, 3.0), (400, 5.0)]),
        "Threads": ("count", [(0, 2.0), (100, 4.0), (400, 4.0)]),
        "System CPU": ("%", [(0, 100.0), (100, 200.0), (200, 0.0)]),
        "GPU 1 utilisation": ("%", [(0, 50.0), (200, 90.0)]),
        "GPU 1 VRAM": ("MiB", [(0, 2.0), (400, 4.0)]),
        "GPU 1 power": ("W", [(0, 60.5), (200, 70.5)]),
    }


def test_figures_that_were_not_measured_have_no_counter(make_run: Any) -> None:
    found = series(make_run(samples=("time_ns,process_memory_rss_bytes", "0,", "9,")), 0)
    assert found == {}
    assert resource_counters(make_run("without", samples=None)) == []


def test_a_last_line_that_was_not_finished_is_left_out(make_run: Any) -> None:
    run = make_run(samples=("time_ns,process_memory_rss_bytes", f"0,{MIB}"))
    with (run / "resources.csv").open("a") as file:
        file.write(f"{make_run.start_ns + 5},99")
    assert series(run, make_run.start_ns) == {"RSS": ("MiB", [(0, 1.0)])}


def test_a_damaged_file_is_named(make_run: Any) -> None:
    run = make_run(samples=("time_ns,process_memory_rss_bytes", "0,many"))
    with pytest.raises(ProfileError, match=r"resources\.csv"):
        resource_counters(run)


def test_allocated_memory_per_device() -> None:
    rows = [(20, -1, MIB), (10, -1, 3 * MIB), (15, 0, 5 * MIB), (30, -1, -1)]
    start_ns, device, total = zip(*rows, strict=True)
    block = from_columns(
        4, kind=[Kind.MEMORY] * 4, start_ns=start_ns, device=device, total_bytes=total
    )
    host, gpu = Allocated().of(block)
    assert (host.name, host.unit) == ("Allocated, host", "MiB")
    assert (host.time_ns.tolist(), host.values.tolist()) == ([10, 20], [3.0, 1.0])
    assert (gpu.name, gpu.values.tolist()) == ("Allocated, GPU 0", [5.0])


def test_allocated_memory_of_ranks_and_of_very_many_devices() -> None:
    devices = MOST_DEVICES + 50
    block = from_columns(
        devices,
        kind=[Kind.MEMORY] * devices,
        rank=[1] * devices,
        start_ns=range(devices),
        device=range(devices),
        total_bytes=[MIB] * devices,
    )
    allocated = Allocated(ranks=True)
    names = {counter.name: len(counter.values) for counter in allocated.of(block)}
    assert names.pop("Allocated, further devices") == 50
    assert set(names) == {f"Allocated, rank 1, GPU {device}" for device in range(MOST_DEVICES)}
    assert [counter.name for counter in allocated.of(block.take(slice(0, 1)))] == [
        "Allocated, rank 1, GPU 0"
    ]


def test_a_clock_that_was_set_back_leaves_values_in_order_of_time(make_run: Any) -> None:
    lines = ("time_ns,process_memory_rss_bytes", f"300,{MIB}", f"100,{2 * MIB}", f"200,{3 * MIB}")
    [found] = resource_counters(make_run(samples=lines))
    assert [(time - make_run.start_ns) // MS for time in found.time_ns.tolist()] == [100, 200, 300]
    assert found.values.tolist() == [2, 3, 1]
