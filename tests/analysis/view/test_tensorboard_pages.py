"""The pages of TensorBoard with a comparison of real runs, in a real browser without a network."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from profilers import rundir
from tests.analysis.view.serving import led_to, read, viewing

pytestmark = pytest.mark.slow

WAIT_SECONDS = 60
RUNS = [f"{side}, round {n}" for side in ("PyTorch eager", "TensorFlow function") for n in (1, 2)]
DEEP_TEXT = """
const texts = [];
const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
    if (['STYLE', 'SCRIPT'].includes(node.nodeName)) return;
    if (node.shadowRoot) walk(node.shadowRoot);
    if (node.nodeName === 'IFRAME') {
        const page = node.contentDocument;
        if (page && page.body) walk(page.body);
    }
    node.childNodes.forEach(walk);
};
walk(document.body);
return texts.join('').replace(/\\s+/g, ' ');
"""
PICTURES = """
const found = [];
const walk = (node) => {
    if (node.nodeName === 'IMG' && node.naturalWidth) found.push(node.naturalWidth);
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
};
walk(document.body);
return found;
"""
KNOWN_COMPLAINTS = (
    r"gstatic\.(com|cn)/charts/loader\.js",  # XProf draws its tables with Google's charts
    r"fonts\.googleapis\.com",
    r"XProf Error:.*google is not defined",
    r"XProf Error:.*f\.split is not a function",  # from XProf itself, when it opens a trace
)


@pytest.fixture(scope="module")
def comparison(compared_runs: dict[str, Any]) -> Path:
    """The folder of two rounds of mnist-mlp under both frameworks."""
    [found] = Path(compared_runs["output"]).glob("compare-*")
    return found


@pytest.fixture(scope="module")
def address(comparison: Path) -> Iterator[str]:
    """Where the address that `view` prints for the comparison leads, once all has been loaded."""
    with viewing(str(comparison), "--tensorboard", "--no-browser") as url:
        limit = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < limit:
            if len(json.loads(read(f"{url}data/runs"))) == 1 + len(RUNS):
                break
        yield f"{url.removesuffix('/')}{led_to(url)}"


def until(browser: Any, *words: str) -> str:
    """The text of the page, shadows and frames included, once all these words are in it."""
    limit = time.monotonic() + WAIT_SECONDS
    text = ""
    while time.monotonic() < limit:
        text = browser.execute_script(DEEP_TEXT)
        if all(word in text for word in words):
            return text
        time.sleep(0.2)
    missing = [word for word in words if word not in text]
    raise AssertionError(f"{missing} is not on the page: {text[:2000]}")


def opened(browser: Any, address: str, tab: str) -> None:
    browser.get("about:blank")
    browser.get(f"{address.partition('#')[0]}#{tab}")


def complaints(browser: Any) -> list[str]:
    """What the console calls severe and is not known to come from XProf."""
    found = [each["message"] for each in browser.get_log("browser") if each["level"] == "SEVERE"]
    return [text for text in found if not any(re.search(known, text) for known in KNOWN_COMPLAINTS)]


def test_time_series_opens_with_the_main_curves_and_all_runs(browser: Any, address: str) -> None:
    browser.get(address)
    text = until(browser, "train/step_ms", "train/loss", "resources/rss_mib", "comparison", *RUNS)
    assert (
        text.index("3 cards") < text.index("train/step_ms") < text.index("Step times of all runs")
    )
    assert complaints(browser) == []


def test_scalars_show_the_curves_of_both_frameworks(browser: Any, address: str) -> None:
    opened(browser, address, "scalars")
    text = until(browser, "tag: eval/accuracy", "tag: resources/cpu_percent", *RUNS)
    assert re.search(r" train \d", text)  # TensorBoard opens the first groups alone
    assert complaints(browser) == []


def test_custom_scalars_overlay_all_runs(browser: Any, address: str) -> None:
    opened(browser, address, "custom_scalars")
    until(browser, "Loss by step", "Length of a step, ms", "Memory of the run (RSS), MiB")
    text = until(browser, *(f"train/loss ({run})" for run in RUNS))
    assert text.count(f"Matches ({len(RUNS)})") >= 2
    assert complaints(browser) == []


def test_hparams_have_a_row_for_each_run(browser: Any, address: str) -> None:
    opened(browser, address, "hparams")
    text = until(browser, "step, ms", "samples/s", "torch eager 1", "tensorflow function 2")
    assert "mnist-mlp" in text
    assert complaints(browser) == []


def test_images_are_the_charts_of_the_comparison(
    browser: Any, address: str, comparison: Path
) -> None:
    opened(browser, address, "images")
    until(browser, "charts/01 Step times of all runs", "From one side's step to the other's")
    limit = time.monotonic() + WAIT_SECONDS
    while not (widths := browser.execute_script(PICTURES)) and time.monotonic() < limit:
        time.sleep(0.2)
    assert min(widths) > 1000
    assert complaints(browser) == []


def test_texts_are_the_answer_the_certificate_and_the_operations(
    browser: Any, address: str
) -> None:
    opened(browser, address, "text")
    text = until(browser, "test accuracy", "same model, stock optimizers differ", "aten::addmm")
    tags = ("answer", "certificate", "difference by operation")
    places = [text.index(f"tag: comparison/{tag}") for tag in tags]
    assert places == sorted(places)
    until(browser, "tag: run/operations", "tag: run/settings", "By self time, of a profiled step")
    assert "|---|" not in text
    assert complaints(browser) == []


def test_the_profile_tab_lists_what_has_a_profile_and_draws_its_trace(
    browser: Any, address: str, comparison: Path
) -> None:
    record = json.loads((comparison / rundir.ROUNDS).read_bytes())
    labels = [name.partition(",")[0] for name in (RUNS[0], RUNS[2])]
    profiled = {
        f"{labels[run['side']]}, round {run['round']}"
        for run in record["runs"]
        if any((comparison / run["path"] / rundir.TENSORBOARD).glob("plugins/profile/*/*.pb"))
    }
    packed = read(f"{address.partition('?')[0]}data/plugin/profile/runs")
    listed = json.loads(gzip.decompress(packed))
    assert {name.rpartition("/")[0] for name in listed} == profiled
    assert {name for name in RUNS if name.startswith("TensorFlow")} <= profiled
    opened(browser, address, "profile")
    until(browser, f"Sessions ({len(profiled)})", "Trace Viewer", "/host:CPU", "Nothing selected")
    assert complaints(browser) == []
