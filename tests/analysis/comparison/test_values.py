from typing import Any

import pytest

from analysis.comparison import finishing, values
from analysis.comparison.record import Change, Comparison, Figure, Range
from analysis.comparison.table import Cell
from analysis.comparison.values import COST, MAIN, Row, Written


@pytest.fixture
def record(make_comparison: Any) -> Comparison:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)], profiled=False)
    return finishing.finish_all([directory]).comparisons[0].record


def written(record: Comparison, key: str) -> Written:
    [row] = [row for row in (*MAIN, *COST) if row.key == key]
    return values.written(record, row)


def test_a_row_has_one_unit_that_suits_its_largest_value(record: Comparison) -> None:
    step = written(record, "step_ms")
    assert step.label == "step, ms"
    assert step.sides == [Cell("2.00", "in all 2"), Cell("3.00", "in all 2")]
    assert step.changes == [Cell("1.50 ×", "1.50 to 1.50")]
    assert written(record, "rss_peak_bytes").label == "RSS peak, MiB"
    assert written(record, "cpu_percent").sides[0].value == "1.62"
    assert written(record, "cpu_percent").label == "CPU, cores of 4"
    assert written(record, "inference_latency_ms").label == "inference of 1, ms"


def test_what_was_not_measured_is_a_dash(record: Comparison) -> None:
    assert written(record, "power_watts") == Written("power, W", [Cell("–")] * 2, [Cell("–")])
    assert Row("power_watts", "") not in values.measured(record, COST)
    assert [row.key for row in values.measured(record, COST)] == [
        "cpu_percent",
        "rss_peak_bytes",
    ]


@pytest.mark.parametrize(
    ("found", "cell"),
    [
        (None, Cell("–")),
        (Range(2.0, 2.0, 2.0, 1), Cell("2.00")),
        (Range(2.0, 2.0, 2.0, 3), Cell("2.00", "in all 3")),
        (Range(2.0, 1.9, 2.1, 3), Cell("2.00", "1.90 to 2.10")),
        (Range(45_123.0, 44_444.0, 45_678.0, 5), Cell("45,100", "44,400 to 45,700")),
        (Range(343.2, 343.1, 343.3, 5), Cell("343", "in all 5")),
    ],
)
def test_ranges(found: Range | None, cell: Cell) -> None:
    assert values.range_cell(found) == cell


def test_a_figure_of_one_run_of_several_is_no_median() -> None:
    found = Range(2.0, 2.0, 2.0, 1)
    assert values.range_cell(found, runs=5) == Cell("2.00", "1 of 5 runs")
    assert values.range_cell(found, runs=1) == Cell("2.00")


def test_runs_without_the_figure_are_counted() -> None:
    assert values.range_cell(Range(2.0, 2.0, 2.0, 2), runs=5) == Cell("2.00", "2 of 5 runs")
    ranged = values.range_cell(Range(2.0, 1.5, 2.5, 2), runs=5)
    assert ranged == Cell("2.00", "1.50 to 2.50, 2 of 5 runs")


@pytest.mark.parametrize(
    ("found", "kind", "cell"),
    [
        (None, "ratio", Cell("–")),
        (Change(1.204, 1.18, 1.226, 5), "ratio", Cell("1.20 ×", "1.18 to 1.23")),
        (Change(17.92, 4.0, 79.31, 3), "ratio", Cell("17.9 ×", "4.00 to 79.3")),
        (Change(0.52, 0.0000312, 8717.96, 2), "ratio", Cell("0.52 ×", "0.00003 to 8,720")),
        (Change(1.0, 1e-9, 1e9, 2), "ratio", Cell("1.00 ×", "<0.00001 to >1,000,000")),
        (Change(1234.5, 0.0456, 45678.9, 2), "ratio", Cell("1,230 ×", "0.0456 to 45,700")),
        (Change(0.0312, None, None, 1), "ratio", Cell("0.0312 ×")),
        (Change(-0.0002, -0.011, 0.01, 3), "difference", Cell("−<0.001", "−0.011 to +0.010")),
        (Change(0.25, None, None, 1), "difference", Cell("+0.250")),
        (Change(0.0, 0.0, 0.0, 3), "difference", Cell("0.000", "0.000 to 0.000")),
    ],
)
def test_changes(found: Change | None, kind: str, cell: Cell) -> None:
    assert values.change_cell(found, kind, 3) == cell


def test_memory_from_a_gibibyte_on(record: Comparison) -> None:
    gibibyte = 2.0**30
    figure = Figure(
        key="vram_peak_bytes",
        kind="ratio",
        ranges=[Range(gibibyte, gibibyte, gibibyte, 1), None],
        changes=[None],
    )
    record.figures.append(figure)
    found = written(record, "vram_peak_bytes")
    assert (found.label, found.sides[0].value) == ("VRAM peak, GiB", "1.00")
