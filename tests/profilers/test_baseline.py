from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from profilers import baseline, launch, rundir
from profilers.launch import Launch
from profilers.progress import Progress
from profilers.records import ResourcesRecord, RunRecord
from profilers.rundir import ProfileError
from profilers.sampling.rapl import ABSENT, DENIED
from profilers.sampling.source import AVAILABLE

POWER = {"index": 0, "uuid": "GPU-aa", "power_kind": "instant"}
NO_POWER = {"index": 0, "uuid": "GPU-aa", "power_kind": None}
ENERGY_ALONE = {"index": 2, "uuid": "GPU-cc", "power_kind": None}


@pytest.mark.parametrize(
    ("device", "gpus", "rapl", "seconds"),
    [
        ("cuda:0", [ENERGY_ALONE], ABSENT, baseline.IDLE_SECONDS),
        ("cuda:0", [POWER], ABSENT, baseline.IDLE_SECONDS),
        ("cuda:1", [NO_POWER, POWER], ABSENT, baseline.IDLE_SECONDS),
        ("cuda:0", [NO_POWER], ABSENT, 0),
        ("cuda:0", [], ABSENT, 0),
        ("cpu", [POWER], ABSENT, 0),
        ("cpu", [POWER], DENIED, 0),
        ("cpu", [], AVAILABLE, baseline.IDLE_SECONDS),
        ("cuda:0", [NO_POWER], AVAILABLE, baseline.IDLE_SECONDS),
    ],
)
def test_only_a_run_on_a_device_whose_power_is_known_waits(
    tmp_path: Path,
    device: str,
    gpus: list[dict[str, str | int | None]],
    rapl: str,
    seconds: float,
) -> None:
    record = ResourcesRecord(
        sample_hz=10.0,
        units={},
        anchors=[],
        capabilities={"rapl": rapl, "gpu0_energy_joules": "not supported"},
        limits={},
        gpus=gpus,
    )
    rundir.write_json(tmp_path / rundir.RESOURCES_RECORD, record)
    assert baseline.idle_seconds(tmp_path, device) == seconds


def test_without_a_sampler_nothing_is_waited_for(tmp_path: Path) -> None:
    assert baseline.idle_seconds(tmp_path, "cuda:0") == 0


def test_the_child_begins_after_that_time(
    tmp_path: Path, make_record: Callable[..., RunRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []

    def start(*_: object) -> None:
        done.append("child")
        raise ProfileError("far enough.")

    record = ResourcesRecord(
        sample_hz=10.0, units={}, anchors=[], capabilities={}, limits={}, gpus=[POWER]
    )
    rundir.write_json(tmp_path / rundir.RESOURCES_RECORD, record)
    sampler = SimpleNamespace(notices=lambda: [], trouble=lambda: None, stop=lambda: None)
    monkeypatch.setattr(launch, "SamplerHandle", lambda run: done.append("sampler") or sampler)
    monkeypatch.setattr(launch.time, "sleep", done.append)
    monkeypatch.setattr(launch, "start", start)
    run = Launch(tmp_path, make_record(device="cuda:0"), "python", Progress.__new__(Progress))
    with pytest.raises(ProfileError, match="far enough"):
        run.measure()
    assert done == ["sampler", baseline.IDLE_SECONDS, "child"]
