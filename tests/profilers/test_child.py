import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from profilers import rundir
from profilers.records import RunRecord, Step
from workloads.catalogue import find_dataset, find_workload
from workloads.data import cache

pytestmark = pytest.mark.slow

Command = Callable[..., "subprocess.CompletedProcess[str]"]
REQUEST = ["--framework", "torch", "--device", "cpu", "--steps", "20", "--threads", "1", "--json"]


def test_data_that_changed_in_the_cache_are_refused(
    profile_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "cache"))
    made = cache.materialise(find_dataset("digits"), find_workload("mnist-mlp"))
    path = tmp_path / "cache" / made.key / "train_labels.npy"
    labels = np.load(path)
    labels[0] += 1
    np.save(path, labels)
    done = profile_command(*REQUEST, "--output", str(tmp_path / "traces"))
    assert done.returncode == 1
    assert "have changed since they were made; remove that folder" in done.stderr
    (row,) = json.loads(done.stdout)["runs"]
    assert row["status"] == "failed"
    assert "have changed" in row["error"]


def test_a_crash_inside_the_framework_is_a_failed_run_with_its_log(
    profile_command: Command, tmp_path: Path
) -> None:
    # An optimizer that torch itself refuses: it finds a broken module first on its path.
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'profilers.child' in ' '.join(sys.orig_argv):\n"
        "    import torch\n"
        "    def evaluate(*_):\n"
        "        raise RuntimeError('made to fail')\n"
        "    torch.Tensor.argmax = evaluate\n"
    )
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{broken}:$PYTHONPATH"\n'
        f'exec {Path(__import__("sys").executable)} "$@"\n'
    )
    python.chmod(0o755)
    done = profile_command(
        *REQUEST, "--output", str(tmp_path / "traces"), "--python", f"torch={python}"
    )
    assert done.returncode == 1
    assert "RuntimeError: made to fail" in done.stderr
    assert "Last lines of child.log" in done.stderr
    (row,) = json.loads(done.stdout)["runs"]
    record = rundir.read_json(Path(row["path"]) / rundir.RUN, RunRecord)
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.kind == "crash"
    assert (Path(row["path"]) / rundir.STEPS).exists()


def test_planted_time_is_a_warning_and_changes_no_result(
    profile_command: Command, tmp_path: Path
) -> None:
    planted = ["--set", "burden_layer=fc1", "--set", "burden_ms=1", "--set", "wait_ms=2"]
    found = []
    for options in ([], planted):
        done = profile_command(*REQUEST, *options, "--output", str(tmp_path / "traces"))
        assert done.returncode == 0, done.stderr
        (row,) = json.loads(done.stdout)["runs"]
        rows = rundir.read_rows(Path(row["path"]) / rundir.STEPS, Step)
        found.append((row, [step.loss for step in rows if step.phase == "timed"]))
    (plain, losses), (burdened, later_losses) = found
    assert losses == later_losses
    assert burdened["step_ms"]["low"] > 3
    assert burdened["warnings"][0] == (
        "planted: 1 ms of arithmetic in fc1 and 2 ms of waiting for each batch"
    )
    assert not any("planted" in warning for warning in plain["warnings"])
