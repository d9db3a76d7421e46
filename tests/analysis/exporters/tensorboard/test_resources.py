from typing import Any

import numpy as np
import pytest

from analysis.exporters.tensorboard import resources
from analysis.resources.samples import GPU_COLUMN, Samples
from profilers.records import ResourcesRecord
from profilers.sampling.sampler import open_sources
from profilers.sampling.tree import ProcessTree

SECOND = 1_000_000_000


def samples(gpu: int | None = None, **columns: list[float]) -> Samples:
    """Samples a second apart from 5 s on."""
    rows = len(next(iter(columns.values())))
    record = ResourcesRecord(
        sample_hz=1.0, units={}, anchors=[], capabilities={}, limits={}, missed=0
    )
    time_ns = (5 + np.arange(rows)) * SECOND
    return Samples(
        time_ns, {name: np.array(each) for name, each in columns.items()}, record, gpu, ""
    )


def curves(found: Samples) -> dict[str, Any]:
    return {series.tag: series for series in resources.curves(found, 4 * SECOND)}


def test_steps_are_milliseconds_since_the_start_and_times_true() -> None:
    found = curves(samples(process_threads=[3, np.nan, 5]))["resources/threads"]
    assert (found.step.tolist(), found.values.tolist()) == ([1000, 3000], [3, 5])
    assert found.wall_seconds.tolist() == [5.0, 7.0]


def test_what_only_grows_is_shown_by_the_second() -> None:
    found = curves(
        samples(
            process_io_read_bytes=[0, 2**20, 2**20],
            psi_cpu_some_seconds=[7, 7.25, 7.25],
            process_context_switches=[100, 110, 150],
            system_cpu_time_busy_seconds=[10, 12, 13],
        )
    )
    assert found["resources/read_mib_per_second"].values.tolist() == pytest.approx([1, 0])
    assert found["resources/cpu_waiting_percent"].values.tolist() == pytest.approx([25, 0])
    assert found["resources/context_switches_per_second"].values.tolist() == pytest.approx([10, 40])
    assert found["resources/system_cpu_percent"].values.tolist() == pytest.approx([200, 100])


def test_each_gpu_has_its_curves_and_that_of_the_run_the_same_in_all_runs() -> None:
    found = curves(
        samples(
            gpu=1,
            gpu0_power_watts=[50, 60],
            gpu1_power_watts=[90, 95],
            gpu1_energy_joules=[1000, 1090],
            gpu1_sm_clock_hz=[1.5e9, np.nan],
            gpu1_memory_used_bytes=[2**20, 2**21],
        )
    )
    assert found["resources/power_watts"].values.tolist() == [90, 95]
    assert found["gpu0/power_watts"].values.tolist() == [50, 60]
    assert found["gpu1/energy_joules"].values.tolist() == [0, 90]
    assert found["gpu1/sm_clock_mhz"].values.tolist() == [1500]
    assert found["resources/vram_mib"].values.tolist() == [1, 2]
    assert found["resources/vram_mib"].peaks


def test_a_column_that_nobody_knows_is_shown_as_it_is() -> None:
    found = curves(samples(fan_speed=[7.0], gpu0_fan=[8.0]))
    assert found["resources/fan_speed"].values.tolist() == [7]
    assert found["gpu0/fan"].values.tolist() == [8]


def test_all_that_the_sampler_knows_of_the_host_has_a_title_and_a_unit() -> None:
    """RAPL's columns, which count from the begin of the run, are shown as they are."""
    names = {
        name
        for source in open_sources(ProcessTree())
        for name in source.columns
        if not GPU_COLUMN.fullmatch(name) and not name.endswith("_energy_joules")
    }
    assert names <= resources.HOST.keys() | resources.NOT_SHOWN


def test_what_is_read_once_a_second_is_shown_by_the_second() -> None:
    found = curves(samples(system_disk_read_bytes=[2**20, np.nan, 5 * 2**20]))
    series = found["resources/system_read_mib_per_second"]
    assert (series.step.tolist(), series.values.tolist()) == ([3000], [2])


def test_clocks_and_empty_columns_have_no_curve() -> None:
    found = samples(monotonic_ns=[1, 2], process_memory_rss_bytes=[np.nan, np.nan])
    assert curves(found) == {}
    assert resources.titles(found) == {}
    assert list(resources.curves(None, 0)) == []


def test_titles_are_of_the_curves_there_are() -> None:
    found = samples(gpu=0, gpu0_power_watts=[1, 2], process_memory_rss_bytes=[1, 2])
    assert resources.titles(found) == {
        "resources/power_watts": "Power of the run's GPU, W",
        "resources/rss_mib": "Memory of the run (RSS), MiB",
        "gpu0/power_watts": "GPU 0: power, W",
    }


def test_no_two_curves_share_a_name_or_title() -> None:
    shown = [*resources.HOST.values(), *resources.OWN_GPU.values()]
    assert len({each.name for each in shown}) == len(shown)
    assert len({each.title for each in (*shown, *resources.GPU.values())}) == len(shown) + len(
        resources.GPU
    )
