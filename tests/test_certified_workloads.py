"""Every shipped workload is the same model in both frameworks, within the documented tolerances."""

import re
from pathlib import Path
from typing import Any

import pytest

from analysis.parity import tolerances
from analysis.parity.certificate import certificate
from profilers import probe, rundir
from profilers.parity_record import PARITY
from tests import frameworks
from tests.profilers.probing import MakeRecord, probed
from workloads.catalogue import find_workload, workload_list

PARITY_PAGE = Path(__file__).parent.parent / "docs" / "parity.md"
WORKLOADS = [workload.name for workload in workload_list()]
BATCH_SIZE = 2


def rows(section: str) -> list[list[str]]:
    """The cells of the table in a section of the page, without its heading."""
    text = PARITY_PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")[2]
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_has_the_tolerances_that_are_used() -> None:
    page = {what: number for what, number, _ in rows("Tolerances")}
    assert page["losses of SGD, float64"] == f"{tolerances.DOUBLE_LOSS:.0e}".replace("e-0", "e-")
    for what, used in {
        "losses of SGD, float64": tolerances.DOUBLE_LOSS,
        "outputs of layers and model, float64": tolerances.DOUBLE_OUTPUT,
        "gradients, float64": tolerances.DOUBLE_GRADIENT,
        "outputs, float32": tolerances.SINGLE_OUTPUT,
        "first loss, float32": tolerances.SINGLE_LOSS,
        "gradients, float32": tolerances.SINGLE_GRADIENT,
        "settings that are numbers": tolerances.SETTING,
    }.items():
        assert float(page[what]) == used, what
    factor = page["losses of the matched optimizer, and of a run against its probe"]
    assert factor.startswith(f"{tolerances.CONTROL_FACTOR:g} times")
    least = re.findall(r"[\d.]+e-\d+", page["the same, at least"])
    assert [float(each) for each in least] == [
        pytest.approx(tolerances.LEAST_BAND[name], rel=0.01) for name in ("fp32", "tf32", "bf16")
    ]


def test_what_the_page_says_was_measured_is_within_the_tolerances() -> None:
    measured = {name: [float(cell) for cell in cells[:5]] for name, *cells in rows("Measured")}
    assert sorted(measured) == WORKLOADS
    limits = (
        tolerances.DOUBLE_LOSS,
        tolerances.DOUBLE_OUTPUT,
        tolerances.DOUBLE_GRADIENT,
        tolerances.SINGLE_OUTPUT,
        tolerances.SINGLE_GRADIENT,
    )
    for name, found in measured.items():
        assert all(one <= most for one, most in zip(found, limits, strict=True)), name


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKLOADS)
def test_a_shipped_workload_is_certified(
    name: str, tmp_path: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    frameworks.tensorflow()
    pytest.importorskip("torch")
    workload = find_workload(name)
    monkeypatch.setattr(probe, "LEAST_DOUBLE", 2)
    monkeypatch.setattr(probe, "LEAST_STEPS", 2)
    asked: dict[str, Any] = {"batch_size": BATCH_SIZE, "options": workload.options, "seconds": 0.0}
    folders = [tmp_path / framework for framework in ("torch", "tensorflow")]
    for folder in folders:
        record, _ = probed(folder.name, workload, folder, make_record, monkeypatch, **asked)
        rundir.write_json(folder / PARITY, record)
    found = certificate(*folders)
    assert found.verdict == "same model, stock optimizers differ", found.reason
    stock = {
        check.name for check in found.checks if check.same is False and check.kind == "arithmetic"
    }
    embedded = {"optimizer: gradients"} if workload.vocabulary else set()
    assert stock == {"optimizer: epsilon", "optimizer: epsilon_place"} | embedded
