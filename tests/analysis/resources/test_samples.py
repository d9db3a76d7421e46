from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.resources import samples
from profilers import rundir
from profilers.rundir import ProfileError

MS = 1_000_000


def test_cpu_percent_of_each_sample(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None
    known = recorded.cpu_percent()
    np.testing.assert_allclose(known, [np.nan, np.nan, 150, 200, 100])


def test_a_counter_that_is_not_read_at_each_sample_grows_from_value_to_value(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None  # samples at 0, 0.5, 1.5, 2.5 and 3.5 s
    known = recorded.percent(np.array([np.nan, 1, np.nan, 2, 2.5]))
    np.testing.assert_allclose(known, [np.nan, np.nan, np.nan, 50, 50])


def test_a_torn_last_line_is_dropped(make_run: Any) -> None:
    run = make_run()
    with (run / rundir.RESOURCES).open("a", encoding="utf-8") as file:
        file.write("17900000000")
    recorded = samples.read(run)
    assert recorded is not None
    assert len(recorded.time_ns) == 5


@pytest.mark.parametrize("text", ["1,2\n", "x,1,1,1,1,1\n", "1,y,1,1,1,1\n"])
def test_a_damaged_line_is_one_sentence_with_the_files_name(make_run: Any, text: str) -> None:
    run = make_run()
    with (run / rundir.RESOURCES).open("a", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(ProfileError, match=r"resources\.csv is damaged"):
        samples.read(run)


def test_a_run_without_samples_has_none(make_run: Any) -> None:
    assert samples.read(make_run(samples=None)) is None


def test_times_stay_exact(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None
    assert recorded.time_ns[1] == make_run.start_ns + 500 * MS


GPUS = [
    {"index": 1, "uuid": "GPU-aa", "mig_uuid": None, "cuda_ordinal": 1},
    {"index": 3, "uuid": "GPU-bb", "mig_uuid": "MIG-cc", "cuda_ordinal": 0},
]


def device(make_run: Any, name: str, uuid: str | None) -> Any:
    found = {"device": name, "name": "A GPU", "uuid": uuid}
    return msgspec.structs.replace(make_run.environment(), devices=[found])


@pytest.mark.parametrize(
    ("name", "uuid", "gpu", "why"),
    [
        ("cuda:0", "GPU-AA", 1, ""),
        ("cuda:0", "bb", 3, ""),
        ("cuda:0", "MIG-cc", 3, ""),
        ("cuda:0", "GPU-cc", 3, ""),
        ("cuda:0", "GPU-dd", None, "the driver does not list the GPU that the run used"),
        ("cuda:0", None, 3, ""),
        ("cuda:1", None, 1, ""),
        ("cuda:2", None, None, "the driver does not list the GPU that the run used"),
        ("cpu", None, None, "not used by this run"),
    ],
)
def test_the_runs_gpu_is_found_by_uuid_or_by_its_number(
    make_run: Any, name: str, uuid: str | None, gpu: int | None, why: str
) -> None:
    record = make_run.resources_record(gpus=GPUS, capabilities={"gpu": "available"})
    recorded = samples.read(make_run(resources=record, machine=device(make_run, name, uuid)))
    assert recorded is not None
    assert (recorded.gpu, recorded.no_gpu) == (gpu, why)


def test_what_rows_stand_for(make_run: Any) -> None:
    lines = (
        "time_ns,process_memory_rss_bytes,process_memory_rss_bytes_max,"
        "process_memory_rss_peak_bytes,sampler_readings",
        "0,10,,,1",
        "500,20,35,60,2",
        "1500,20,,,2",
        "2500,,,,",
    )
    recorded = samples.read(make_run(samples=lines))
    assert recorded is not None
    np.testing.assert_equal(recorded.highest(samples.RSS), [10, 35, 20, np.nan])
    np.testing.assert_equal(recorded.lowest(samples.RSS), [10, 20, 20, np.nan])
    np.testing.assert_equal(recorded.rss_peak(), [10, 60, 20, np.nan])
    np.testing.assert_equal(recorded.readings(), [1, 2, 2, 1])


def test_recordings_without_such_columns_are_read_as_ever(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None
    np.testing.assert_equal(recorded.highest(samples.RSS), recorded.column(samples.RSS))
    np.testing.assert_equal(recorded.lowest(samples.RSS), recorded.column(samples.RSS))
    np.testing.assert_equal(recorded.readings(), 1)


def test_rows_of_two_phases_are_not_put_together(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = (1, 0)  # a row for each stretch, however short the file is
    monkeypatch.setattr(samples.sample_rows.read, "__defaults__", defaults)
    recorded = samples.read(make_run())
    assert recorded is not None
    times_ms = (recorded.time_ns - make_run.start_ns) // MS
    assert times_ms.tolist() == [500, 2500, 3500]
    np.testing.assert_equal(recorded.highest(samples.RSS), [1000, 5000, 9000])
