"""Time planted in real runs must be found where it was planted, and a run must equal itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_analysis, run_profile

pytestmark = pytest.mark.slow

SHORT = ("--threads", "1", "--steps", "60", "--warmup", "5", "--profile-steps", "10", "--quiet")
Run = Callable[..., Path]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A short run of mnist-mlp with these settings of the workload; each is made once."""
    output = tmp_path_factory.mktemp("planted")

    def made(name: str, *settings: str) -> Path:
        if not (output / name).exists():
            asked = [word for setting in settings for word in ("--set", setting)]
            where = ("--output", str(output), "--name", name)
            done = run_profile("--framework", "torch", *SHORT, *where, *asked)
            assert done.returncode == 0, done.stderr
        return output / name

    return made


def compared(tmp_path: Path, *runs: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `analysis compare` prints, and compare.json."""
    output = tmp_path / "compare"
    done = run_analysis("compare", *map(str, runs), "--output", str(output), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert (output / "report.html").exists()
    return json.loads(done.stdout), json.loads((output / "compare.json").read_text())


def test_ten_milliseconds_in_a_layer_are_found_in_that_layer(run: Run, tmp_path: Path) -> None:
    plain, burdened = run("plain"), run("burdened", "burden_layer=fc1", "burden_ms=10")
    printed, _ = compared(tmp_path, plain, burdened)
    first = printed["levels"]["layer"][0]
    assert "fc1" in first["layer"]
    assert first["phase"] == "forward"
    # It is more where other work takes the CPU in the midst of it.
    assert first["difference_ns"] > 8e6
    assert printed["levels"]["phase"][0]["key"] == "forward"
    [row] = printed["comparisons"]
    assert row["ratio"]["estimate"] > 2


def test_a_wait_for_data_makes_a_run_input_bound(run: Run, tmp_path: Path) -> None:
    plain, waiting = run("plain"), run("waiting", "wait_ms=30")
    printed, record = compared(tmp_path, plain, waiting)
    limits = [anatomy["limited"] for anatomy in record["anatomies"]]
    assert limits[0]["limit"] != "input-bound"
    assert limits[1]["limit"] == "input-bound"
    assert "fetching data takes 3" in limits[1]["evidence"][0]
    gaps = [row for row in printed["levels"]["layer"] if row["kind"] == "gap"]
    largest = max(gaps, key=lambda row: row["difference_ns"])
    assert (largest["phase"], 29e6 < largest["difference_ns"] < 40e6) == ("data", True)


def test_a_run_equals_itself(run: Run, tmp_path: Path) -> None:
    plain = run("plain")
    printed, record = compared(tmp_path, plain, plain)
    [row] = printed["comparisons"]
    assert (row["ratio"]["estimate"], row["verdict"]) == (1, "one run each, no verdict")
    for level, rows in printed["levels"].items():
        assert rows or level == "kernel"
        assert all(row["difference_ns"] == 0 for row in rows)
        assert all(None not in (row["baseline_ns"], row["other_ns"]) for row in rows)
    assert record["sides"] == ["PyTorch eager A", "PyTorch eager B"]


def test_a_browser_shows_the_report_on_real_runs(run: Run, tmp_path: Path, browser: Any) -> None:
    compared(tmp_path, run("plain"), run("burdened", "burden_layer=fc1", "burden_ms=10"))
    page = tmp_path / "compare" / "report.html"
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(page.as_uri())
    sections = browser.execute_script(
        "return [...document.querySelectorAll('section')].map((each) => each.id)"
    )
    assert sections
    for kind, fewest in (("table tbody tr", 30), ("figure svg", 4)):
        count = f"return document.querySelectorAll('{kind}').length"
        assert browser.execute_script(count) >= fewest
    assert list(browser.get_log("browser")) == []
    asked = {
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    }
    assert asked == {page.as_uri()}
