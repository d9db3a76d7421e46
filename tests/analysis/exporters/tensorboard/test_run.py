import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis import derived, finish, measured, summary
from analysis.exporters.tensorboard import run as tensorboard
from profilers import rundir
from tests.analysis.exporters.tensorboard.reading import read_back, scalars, text


def written(run: Path) -> Path:
    found = measured.read(run)
    return tensorboard.write(found, summary.write(found))


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
    assert sorted(tag for tag in tags if not tag.startswith(("whole_run/", "_"))) == [
        "custom_scalars__config__",
        "eval/accuracy",
        "eval/loss",
        "resources/cpu_percent",
        "resources/rss_mib",
        "resources/sampler_lag_ms",
        "resources/threads",
        "run/settings",
        "step_ms/inference_of_1",
        "step_ms/profiled",
        "step_ms/timed",
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


def test_single_figures_are_those_of_the_summary(make_run: Any) -> None:
    events = read_back(written(make_run()))
    assert scalars(events, "whole_run/step_ms")[0][2] == pytest.approx(0.4)
    assert scalars(events, "whole_run/accuracy")[0][2] == pytest.approx(0.951)
    assert "whole_run/power_watts" not in events.Tags()["tensors"]


def test_the_text_is_a_table_of_settings_versions_and_figures(make_run: Any) -> None:
    found = text(read_back(written(make_run())), "run/settings")
    assert "| workload | mnist-mlp |" in found
    assert "| torch version | 2.13.0+cpu |" in found
    assert r"| step\_ms | 0.400 (middle half 0.300 to 0.500, 5 rows) |" in found
    assert r"| power\_watts | – |" in found


def test_operations_are_a_table_by_self_time_of_a_step(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    finish.finish(run)
    found = text(read_back(run / rundir.TENSORBOARD), "run/operations").splitlines()
    assert found[0] == "By self time, of a profiled step, mean of 2."
    assert found[4:] == [
        "| aten::addmm | 1 | 0.150 | 0.150 | 60.0 % |",
        r"| aten::add\_ | 2 | 0.100 | 0.100 | 40.0 % |",
    ]


def test_a_long_table_of_operations_says_what_it_leaves_out(make_run: Any) -> None:
    run = make_run()
    event = make_run.kineto_events()[3]
    names = [f"aten::op{number}" for number in range(40)]
    others = [
        event | {"name": name, "ts": 1000.0 + number, "dur": 1} for number, name in enumerate(names)
    ]
    make_run.add_profile(run, [make_run.kineto_events()[0], *others])
    finish.finish(run)
    found = text(read_back(run / rundir.TENSORBOARD), "run/operations")
    assert "The first 30 of 40; python -m analysis ops has all." in found
    assert found.count("| aten::op") == 30


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


def test_no_framework_is_imported_where_it_is_installed(
    make_comparison: Any, tmp_path: Path
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    for name in ("tensorflow", "torch"):
        (tmp_path / "installed" / name).mkdir(parents=True)
        (tmp_path / "installed" / name / "__init__.py").write_text("raise RuntimeError('loaded')\n")
    code = (
        "import sys, pathlib; from analysis.comparison import finishing; "
        "from analysis.report import write; write.write = lambda compared, place: []; "
        "done = finishing.finish_all([pathlib.Path(sys.argv[1])]); "
        "assert not done.problems, done.problems; "
        "assert not {'torch', 'tensorflow'} & set(sys.modules)"
    )
    root = Path(__file__).parents[4]
    path = os.pathsep.join((str(tmp_path / "installed"), str(root)))
    command = [sys.executable, "-c", code, str(directory)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path})
    for place in (directory, directory.parent / "run-1-0"):
        assert list((place / rundir.TENSORBOARD).glob("events.*"))
