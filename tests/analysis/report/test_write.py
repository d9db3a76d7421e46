"""The page as it is written, with its charts, and as a real browser shows it."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.report import write

pytestmark = pytest.mark.slow

MOST_BYTES = 3_000_000
WIDTHS = {1200: "wide", 800: "middle", 390: "narrow"}


def test_page_tables_and_charts_are_written(make_compared: Any) -> None:
    compared = make_compared()
    files = write.write(compared)
    assert files[0] == compared.directory / "report.html"
    assert all(path.is_file() and path.stat().st_size for path in files)
    beside = {path.relative_to(compared.directory).as_posix() for path in files[1:]}
    for name in ("step-times", "waterfall-1", "median-step", "categories", "layers-1"):
        assert {f"charts/{name}.png", f"charts/{name}.svg"} <= beside
    for name in ("figures", "levels-1", "categories", "operations-1", "settings", "resources"):
        assert {f"tables/{name}.csv", f"tables/{name}.parquet"} <= beside
    html = files[0].read_text(encoding="utf-8")
    assert len(html.encode()) < MOST_BYTES
    body = html.partition("<body>")[2]
    assert body.count('<div class="chart wide">') == body.count('<div class="chart narrow">') == 7
    assert " style=" not in re.sub(r"<script>.*", "", body, flags=re.DOTALL)


def test_the_place_can_be_chosen(make_compared: Any, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere" / "page.html"
    files = write.write(make_compared.alone(), place)
    assert files[0] == place
    assert (place.parent / "tables" / "figures.csv").exists()
    assert (place.parent / "charts" / "step-times.svg").exists()


def column(browser: Any, place: int) -> list[str]:
    rows = "[...document.querySelectorAll('#table-operations-1 tbody tr')]"
    found: list[str] = browser.execute_script(
        f"return {rows}.filter((row) => !row.hidden)"
        f".map((row) => row.cells[{place}].firstChild.textContent.trim())"
    )
    return found


def head(browser: Any, place: int) -> Any:
    return browser.execute_script(
        f"return document.querySelectorAll('#table-operations-1 thead th')[{place}]"
    )


def test_a_browser_shows_it(make_compared: Any, browser: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    page = write.write(make_compared())[0]
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(page.as_uri())
    _sorts(browser, Keys)
    search = browser.find_element(By.CSS_SELECTOR, "input[data-search=table-operations-1]")
    search.send_keys("foreach ADAM")
    assert column(browser, 0) == ["adam"]
    count = browser.find_element(By.ID, "table-operations-1-count")
    assert count.text == "1 of 4 rows"
    _switches(browser, By)
    _has_one_chart_of_three(browser)
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(
        "return [...document.querySelectorAll('details')].every((each) => each.open)"
    )
    assert list(browser.get_log("browser")) == []
    requests = [
        each["message"]
        for each in browser.get_log("performance")
        if '"Network.requestWillBeSent"' in each["message"]
    ]
    assert len(requests) == 1
    assert page.as_uri() in requests[0]


def test_a_long_table_shows_its_first_rows(make_compared: Any, browser: Any) -> None:
    from selenium.webdriver.common.by import By

    found = make_compared().record.levels[0]
    sample = found.rows["op"][0]
    rows = [
        msgspec.structs.replace(sample, key=f"op {n:02}, backward", difference_ns=(30 - n) * 1e6)
        for n in range(23)
    ]
    changed = msgspec.structs.replace(found, rows={**found.rows, "op": rows})
    page = write.write(make_compared(levels=[changed]))[0]
    browser.get(page.as_uri())
    count = browser.find_element(By.ID, "table-operations-1-count")
    button = browser.find_element(By.CSS_SELECTOR, "button[data-show=table-operations-1]")
    assert (len(displayed(browser)), count.text) == (20, "20 of 23 rows")
    search = browser.find_element(By.CSS_SELECTOR, "input[data-search=table-operations-1]")
    search.send_keys("22")
    assert displayed(browser) == ["op 22"]
    search.clear()
    search.send_keys(" ")
    assert len(displayed(browser)) == 20
    for last in ("op 22", "op 00"):
        head(browser, 0).find_element("tag name", "button").click()
        assert len(displayed(browser)) == 20
        assert displayed(browser)[0] == last
    assert button.text == "Show all 23 rows"
    button.click()
    assert (len(displayed(browser)), count.text) == (23, "23 of 23 rows")
    assert not button.is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert len(displayed(browser)) == 20
    assert "Printed: 20 of 23 rows" in browser.find_element(By.ID, "operations").text


def displayed(browser: Any) -> list[str]:
    """The names of the rows that can be seen."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('#table-operations-1 tbody tr')]"
        ".filter((row) => getComputedStyle(row).display !== 'none')"
        ".map((row) => row.cells[0].firstChild.textContent.trim())"
    )
    return found


def _sorts(browser: Any, keys: Any) -> None:
    """By a click and by a key; what is missing is last both ways."""
    heading = head(browser, 0).find_element("tag name", "button")
    heading.click()
    names = column(browser, 0)
    assert names == sorted(names, reverse=True)
    heading.send_keys(keys.ENTER)
    assert column(browser, 0) == sorted(names)
    assert head(browser, 0).get_attribute("aria-sort") == "ascending"
    times = head(browser, 3).find_element("tag name", "button")
    times.click()
    assert column(browser, 3)[0] == "1.08"
    assert column(browser, 3)[-1] == "–"
    assert head(browser, 0).get_attribute("aria-sort") == "none"


def _switches(browser: Any, by: Any) -> None:
    """Between the system's colours, light and dark."""
    button = browser.find_element(by.ID, "theme")
    seen = []
    for _ in range(3):
        button.click()
        colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        seen.append((button.text.split()[-1], colour))
    assert [name for name, _ in seen] == ["light", "dark", "auto"]
    assert seen[0][1] == "rgb(255, 255, 255)"
    assert seen[1][1] != seen[0][1]


def _has_one_chart_of_three(browser: Any) -> None:
    """On pages of any width, and nothing is wider than the page."""
    for width, name in WIDTHS.items():
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        shown = browser.execute_script(
            "return [...new Set([...document.querySelectorAll('.chart')]"
            ".filter((each) => getComputedStyle(each).display !== 'none')"
            ".map((each) => each.className))]"
        )
        assert shown == [f"chart {name}"]
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        fill = browser.execute_script(
            f"const path = document.querySelector('.chart.{name} path[class]');"
            "return getComputedStyle(path).fill"
        )
        assert fill.startswith(("rgb", "none"))
