import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from analysis import derived, measured, summary
from analysis.exporters import tensorboard
from analysis.exporters.tensorboard import Series
from profilers import rundir


def written(run: Path) -> Path:
    found = measured.read(run)
    return tensorboard.write(found, summary.write(found))


@pytest.fixture(autouse=True)
def without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorBoard reads with code of its own, and imports no TensorFlow, where this module is."""
    name = "tensorboard.compat.notf"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))


def read_back(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def scalars(events: Any, tag: str) -> list[tuple[int, float, float]]:
    return [(e.step, e.wall_time, float(e.tensor_proto.float_val[0])) for e in events.Tensors(tag)]


def test_training_curves_have_their_step_and_true_time(make_run: Any) -> None:
    events = read_back(written(make_run()))
    losses = scalars(events, "train/loss")
    assert [step for step, _, _ in losses] == [0, 1, 2, 3, 4]
    assert [value for *_, value in losses] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert losses[2][1] == pytest.approx(make_run.start_ns / 1e9 + 2.0003, abs=1e-5)
    step_ms = [value for *_, value in scalars(events, "train/step_ms")]
    assert step_ms == pytest.approx([0.4, 0.2, 0.3, 0.6, 0.5])


def test_resources_are_on_milliseconds_since_the_start(make_run: Any) -> None:
    events = read_back(written(make_run()))
    cpu = scalars(events, "resources/cpu_percent")
    assert [step for step, _, _ in cpu] == [1500, 2500, 3500]
    assert [value for *_, value in cpu] == pytest.approx([150, 200, 100])
    rss = scalars(events, "resources/rss_mib")
    assert [value for *_, value in rss] == pytest.approx(
        [size / 2**20 for size in (1000, 5000, 4000, 9000)]
    )


def test_a_run_without_a_gpu_has_no_gpu_curves(make_run: Any) -> None:
    tags = read_back(written(make_run())).Tags()["tensors"]
    assert sorted(tags) == [
        "eval/accuracy",
        "resources/cpu_percent",
        "resources/rss_mib",
        "run",
        "train/loss",
        "train/step_ms",
    ]


def test_gpu_curves_are_those_of_the_gpu_that_was_used(make_run: Any) -> None:
    header = (
        "time_ns,gpu0_memory_used_bytes,"
        "gpu1_utilization_ratio,gpu1_memory_used_bytes,gpu1_power_watts"
    )
    gpus = [{"index": 0, "uuid": "GPU-aa"}, {"index": 1, "uuid": "GPU-bb"}]
    run = make_run(
        samples=(header, "1000,1,0.5,1048576,90", "1050,2,,,"),
        resources=make_run.resources_record(gpus=gpus),
        machine=make_run.environment("GPU-bb"),
    )
    events = read_back(written(run))
    assert scalars(events, "resources/gpu_percent")[0][::2] == (1000, 50.0)
    assert scalars(events, "resources/vram_mib")[0][2] == 1.0
    assert len(scalars(events, "resources/power_watts")) == 1


def test_accuracy_stands_at_the_last_trained_step(make_run: Any) -> None:
    events = read_back(written(make_run()))
    [(step, _, value)] = scalars(events, "eval/accuracy")
    assert (step, value) == (220, pytest.approx(0.951))


def test_the_text_is_a_table_of_settings_versions_and_figures(make_run: Any) -> None:
    events = read_back(written(make_run()))
    [event] = events.Tensors("run")
    text = event.tensor_proto.string_val[0].decode()
    assert "| workload | mnist-mlp |" in text
    assert "| torch version | 2.13.0+cpu |" in text
    assert "| step_ms | 0.400 (middle half 0.300 to 0.500, 5 rows) |" in text
    assert "| power_watts | – |" in text


def test_what_was_there_before_is_gone(make_run: Any) -> None:
    run = make_run()
    (run / rundir.TENSORBOARD).mkdir()
    (run / rundir.TENSORBOARD / "old").touch()
    folder = written(run)
    assert [path.name for path in folder.iterdir()] == ["events.out.tfevents.1790000000.crossprof"]


def test_a_profile_lies_where_xprof_looks_in_a_new_session_each_time(make_run: Any) -> None:
    run = make_run()
    profile = make_run.add_tensorflow_profile(run)
    sessions = []
    for _ in range(2):
        [found] = (written(run) / "plugins" / "profile").glob("*/host.xplane.pb")
        assert found.read_bytes() == profile.read_bytes()
        sessions.append(found.parent.name)
    assert sessions[0] != sessions[1]


def test_a_profile_of_torch_lies_there_as_xprof_reads_it(make_run: Any) -> None:
    make_run.add_profile(run := make_run())
    assert not (written(run) / "plugins").exists()
    derived.make(run)
    [found] = (written(run) / "plugins" / "profile").glob("*/host.xplane.pb")
    assert found.read_bytes() == (run / derived.XSPACE).read_bytes()


def test_a_long_curve_is_thinned_evenly() -> None:
    rows = 4001
    ramp = np.arange(rows)
    series = Series("train/loss", ramp, ramp / 10, ramp * 1.0)
    thin = tensorboard.thinned(series)
    assert len(thin.values) == 2000
    assert thin.step[-1] == rows - 1
    assert thin.values[0] == pytest.approx(0.5)
    lengths = np.diff(thin.step, prepend=-1)
    assert set(lengths.tolist()) == {2, 3}
    np.testing.assert_allclose(np.average(thin.values, weights=lengths), 2000)


def test_thinning_keeps_the_peak_of_memory() -> None:
    rows = np.arange(5000)
    series = Series("resources/rss_mib", rows, rows * 1.0, np.where(rows == 777, 9.0, 1.0))
    assert tensorboard.thinned(series).values.max() == 9


def test_tensorflow_is_not_imported_where_it_is_installed(make_run: Any, tmp_path: Path) -> None:
    run = make_run()
    for name in ("tensorflow", "torch"):
        (tmp_path / "installed" / name).mkdir(parents=True)
        (tmp_path / "installed" / name / "__init__.py").write_text("raise RuntimeError('loaded')\n")
    code = (
        "import sys, pathlib; from analysis import measured, summary; "
        "from analysis.exporters import tensorboard; "
        "run = measured.read(pathlib.Path(sys.argv[1])); "
        "tensorboard.write(run, summary.write(run)); "
        "assert not {'torch', 'tensorflow', 'pandas'} & set(sys.modules)"
    )
    root = Path(__file__).parents[3]
    path = os.pathsep.join((str(tmp_path / "installed"), str(root)))
    subprocess.run(
        [sys.executable, "-c", code, str(run)], check=True, env={**os.environ, "PYTHONPATH": path}
    )
