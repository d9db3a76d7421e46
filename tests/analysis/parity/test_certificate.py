import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analysis import cli
from analysis.parity.certificate import certificate
from profilers.parity_record import Curve

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "schema" / "verify.json").read_text())
EPSILON = {"audit": {("optimizer", "epsilon"): 1e-7}}


def document(capsys: pytest.CaptureFixture[str], code: int, *runs: Path) -> Any:
    assert cli.main(["verify", *map(str, runs), "--format", "json"]) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    found = json.loads(printed.out)
    jsonschema.validate(found, SCHEMA)
    return found


def test_the_json_document(make_bound: Any, capsys: pytest.CaptureFixture[str]) -> None:
    runs = make_bound.pair(probe=EPSILON | {"notes": ["two layers share their weights"]})
    found = document(capsys, 0, *runs)
    assert (found["schema"], found["warnings"]) == (
        1,
        ["TensorFlow: two layers share their weights"],
    )
    assert found["verdict"] == "same model, stock optimizers differ"
    assert found["conditions"] == "same"
    (check,) = [each for each in found["checks"] if each["name"] == "optimizer: epsilon"]
    assert (check["class"], check["left"], check["right"], check["same"]) == (
        "arithmetic",
        1e-8,
        1e-7,
        False,
    )
    assert {each["execution"] for each in found["sides"]} == {"eager", "function"}


def test_exit_codes(make_probe: Any, make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, 0, *make_probe.pair())["verdict"] == "same arithmetic"
    other = make_probe.pair(weights_sha256="00")
    assert document(capsys, 1, *other)["verdict"] == "not comparable"
    unknown = make_probe.pair(double=Curve(losses=[]))
    assert document(capsys, 1, *unknown)["verdict"] == "not certifiable"
    assert cli.main(["verify", str(other[0]), str(make_run())]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1


def test_values_that_json_has_not_are_null(
    make_probe: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = make_probe.pair(arrays={"outputs": lambda array: array * float("nan")})
    found = document(capsys, 1, *runs)
    (check,) = [each for each in found["checks"] if each["name"] == "outputs of the model, float64"]
    assert (check["right"], check["difference"], check["same"]) == (None, None, False)
    assert "no finite numbers" in check["effect"]


def test_conditions_that_differ(make_bound: Any, make_run: Any) -> None:
    machine = make_run.environment("GPU-1", "A card")
    found = certificate(*make_bound.pair(machine=machine, settings={"device": "cuda:0"}))
    assert found.verdict == "same arithmetic"
    assert found.conditions == "device differs: cpu and cuda:0"
    unknown = [
        check.name for check in found.checks if check.kind == "conditions" and not check.same
    ]
    assert unknown == ["device", "device name"]


def test_a_side_is_a_run_or_a_probe(make_bound: Any, make_probe: Any) -> None:
    found = certificate(make_bound("run"), make_probe("probe", framework="tensorflow"))
    assert [side.label for side in found.sides] == ["PyTorch eager", "TensorFlow (probe)"]
    binding = {check.name for check in found.checks if check.group == "binding"}
    assert "weights of the run and its probe" in binding
    assert "batches as consumed" not in binding
    assert found.verdict == "same arithmetic"


def test_neither_a_framework_nor_pandas_is_imported(make_bound: Any, tmp_path: Path) -> None:
    for name in ("torch", "tensorflow", "keras", "pandas", "matplotlib", "scipy", "workloads"):
        (tmp_path / "installed" / name).mkdir(parents=True)
        (tmp_path / "installed" / name / "__init__.py").write_text("raise SystemExit('loaded')\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "analysis", "verify", *map(str, make_bound.pair())],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'installed'}{os.pathsep}{ROOT}"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("same arithmetic; ")
