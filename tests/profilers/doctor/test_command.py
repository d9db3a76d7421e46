"""The doctor as a user calls it, with a scripted driver and without one."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from profilers import cli
from profilers.backend import Framework
from profilers.doctor import command
from profilers.doctor.record import Examination
from tests.conftest import ROOT, run_profile
from tests.fake_nvml import library
from tests.fake_nvml.script import GIB, NOT_SUPPORTED, Constant, Fault, Gpu, Holder, Script

SCHEMA = ROOT / "docs" / "schema" / "doctor.json"
# Runs the command and says on stderr which frameworks it has imported.
WATCHED = """
import sys
from profilers.cli import main
code = main(sys.argv[1:])
print("imported", {"torch", "tensorflow", "keras"} & set(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def test_the_schema_file_names_every_field_of_the_code() -> None:
    def fields(schema: dict[str, Any]) -> dict[str, set[str]]:
        return {name: set(made["properties"]) for name, made in schema["$defs"].items()}

    assert fields(json.loads(SCHEMA.read_text())) == fields(msgspec.json.schema(Examination))


@pytest.mark.parametrize(("ready", "code"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("way", ["text", "json", "quiet"])
def test_the_exit_code_says_whether_a_run_can_be_made(
    examination: Examination,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ready: bool,
    code: int,
    way: str,
) -> None:
    found = msgspec.structs.replace(examination, ready=ready)
    monkeypatch.setattr(command, "examine", lambda *arguments: found)
    options = {"text": [], "json": ["--json"], "quiet": ["--quiet"]}[way]
    assert cli.main(["--doctor", *options]) == code
    out = capsys.readouterr().out
    if way == "json":
        assert msgspec.json.decode(out, type=Examination) == found
        jsonschema.validate(json.loads(out), json.loads(SCHEMA.read_text()))
    else:
        assert (out == "") is (way == "quiet")


def test_only_named_frameworks_are_asked_and_names_are_checked(
    examination: Examination, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(command, "examine", lambda *these: asked.append(these) or examination)
    request = ["--doctor", "--framework", "torch", "--python", "torch=x", "--sample-hz", "5"]
    assert cli.main(request) == 0
    ((frameworks, interpreters, sample_hz),) = asked
    assert [each.name for each in frameworks] == ["torch"]
    assert (interpreters, sample_hz) == ({"torch": "x"}, 5.0)
    assert cli.main(["--doctor", "--framework", "pytorch"]) == 2
    assert "did you mean torch?" in capsys.readouterr().err


def test_a_machine_of_made_up_files(files: Callable[..., Path]) -> None:
    root = files(
        {
            "proc/version": "Linux version 5.15.0-microsoft-standard-WSL2\n",
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/memory.max": "2147483648\n",
        }
    )
    lacking = Framework(name="x", title="X", packages={"no_such": "no-such"}, executions=("a",))
    found = command.examine([lacking], {}, 20.0, root)
    assert not found.ready
    assert (found.machine.wsl, found.machine.cpu_quota) == (True, 1.5)
    assert found.machine.memory_limit_bytes == 2 << 30
    (energy,) = (row for row in found.measurements if row.name == "cpu_energy")
    assert "WSL" in energy.how
    assert found.self_test.expected == 40
    assert found.self_test.samples >= 1


def test_a_terminal_is_told_to_wait_and_left_clean(
    examination: Examination, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "examine", lambda *arguments: examination)
    assert cli.main(["--doctor"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert cli.main(["--doctor"]) == 0
    told, left, rest = capsys.readouterr().err.split("\r")
    assert told == command.WAITING
    assert left == " " * len(told)
    assert rest == ""


@pytest.mark.slow
def test_this_machine_without_a_driver(tmp_path: Path) -> None:
    environment = {**library.variables_without(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "--doctor", "--framework", "torch"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "imported set()" in done.stderr
    assert "✓ PyTorch" in done.stdout
    assert "✓ CPU, RSS, threads, I/O  process tree, 10 Hz" in done.stdout
    assert "cuda" not in done.stdout
    assert "of one core" in " ".join(done.stdout.split())
    assert done.stdout.splitlines()[-1].startswith("Ready to run.")
    assert max(map(len, done.stdout.splitlines())) <= 120


@pytest.mark.slow
def test_a_machine_with_two_gpus(nvml_library: Path, tmp_path: Path) -> None:
    whole, split = Gpu("GPU-aaaa", "NVIDIA L4"), Gpu("GPU-bbbb", instances=("MIG-1", "MIG-2"))
    split.signals["mig"] = Constant(1)
    script = Script(
        [whole, split],
        faults=[Fault("nvmlDeviceGetUtilizationRates", NOT_SUPPORTED, gpu=1)],
        holders=[Holder(0, 1 << 22, 3 * GIB)],
    )
    environment = library.variables(nvml_library, script, tmp_path)
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    done = run_profile("--doctor", "--json", "--framework", "torch", env=environment)
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout, type=Examination)
    first, second = found.gpus.found
    assert (first.name, first.power_limit_watts, first.mig) == ("NVIDIA L4", 350.0, False)
    assert [each.pid for each in first.processes] == [1 << 22]
    assert (second.mig, second.instances) == (True, ["MIG-1", "MIG-2"])
    rows = {row.name: row for row in found.measurements}
    assert rows["gpu_use"].state == "limited"
    assert "cuda:1 (not supported)" in rows["gpu_use"].how
    assert rows["gpu_memory"].state == "available"
    assert "on cuda:1 of the whole GPU" in rows["gpu_energy"].how
    assert found.self_test.samples >= 1
    jsonschema.validate(json.loads(done.stdout), json.loads(SCHEMA.read_text()))


@pytest.mark.slow
def test_no_framework_is_no_run(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    done = run_profile("--doctor", "--framework", "torch", "--python", f"torch={bare}")
    assert done.returncode == 1
    assert "– PyTorch  not installed in" in done.stdout
    assert "-m pip install 'torch" in done.stdout
    assert "Not ready: no framework can be used." in done.stdout
