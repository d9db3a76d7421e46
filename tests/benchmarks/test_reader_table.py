import json

import pytest

from benchmarks import reader_table
from benchmarks.reader_cost import Cost, Failure
from benchmarks.reader_table import Found, Measured, Ratio


def measured(side, cpu, megabytes=250, peak_mb=100, source="torch-gpu", own_mb=None):
    """A side's costs: a CPU time for each round."""
    own = None if own_mb is None else own_mb * 10**6
    costs = [Cost(seconds, seconds, peak_mb * 10**6, own, own) for seconds in cpu]
    return Measured(source, source.split("-")[0], megabytes, side, costs, Found(3, 7, 5000.0))


def cells(table):
    """The table's rows as lists of cells, without the rule."""
    head, _, *rows = table.splitlines()
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in (head, *rows)]


def test_a_ratio_is_that_of_medians_and_its_range_that_within_rounds():
    assert reader_table.ratio([10, 12, 20], [1, 2, 2]) == Ratio(6.0, 6.0, 10.0)


def test_a_peer_that_stopped_early_is_compared_over_the_rounds_it_has():
    assert reader_table.ratio([10], [1, 2, 5]) == Ratio(5.0, 10.0, 10.0)


def test_every_row_has_as_many_cells_as_the_head():
    failed = measured("hta", [])
    failed.failure = Failure("exit 1: a | in\nits words")
    rows = [measured("ops", [1.0, 2.0]), measured("pandas", [9.0, 10.0, 12.0]), failed]
    for table in (
        reader_table.costs_table(rows),
        reader_table.ratios_table(rows),
        reader_table.growth_table(rows),
    ):
        assert len({len(row) for row in cells(table)}) == 1


def test_costs_have_their_median_and_range():
    _, row = cells(reader_table.costs_table([measured("pandas", [12.0, 9.0, 10.0], own_mb=60)]))
    assert row == [
        *("torch-gpu, 250 MB", "pandas", "10.00 (9.00 to 12.00)", "10.00 (9.00 to 12.00)"),
        *("100 (100 to 100)", "60", "60", "3", "7", "5"),
    ]


def test_one_round_has_no_range_and_unknown_memory_is_a_dash():
    _, row = cells(reader_table.costs_table([measured("pandas", [12.0])]))
    assert row[2:7] == ["12.00", "12.00", "100", "–", "–"]


def test_a_failure_is_a_row_with_its_reason_even_after_rounds_that_worked():
    failed = measured("hta", [3.0])
    failed.failure = Failure("exit 1: a | in\nits words")
    _, row = cells(reader_table.costs_table([failed]))
    assert row[:3] == ["torch-gpu, 250 MB", "hta", "exit 1: a / in its words"]


@pytest.mark.parametrize(
    ("cpu", "peak_mb", "verdicts"),
    [(15.0, 1200, ["15: met", "12: met"]), (14.0, 1100, ["15: missed", "12: missed"])],
)
def test_ratios_against_peers_are_held_against_their_targets(cpu, peak_mb, verdicts):
    ours, peer = measured("ops", [1.0]), measured("pandas", [cpu], peak_mb=peak_mb)
    _, row = cells(reader_table.ratios_table([ours, peer]))
    assert row[:3] == ["torch-gpu, 250 MB", "ops", "pandas"]
    assert row[3] == f"{cpu} ({cpu} to {cpu})"
    assert [row[4], row[6]] == verdicts


def test_sides_are_compared_on_the_same_input_only():
    rows = [measured("ops", [1.0], megabytes=25), measured("pandas", [9.0])]
    assert cells(reader_table.ratios_table(rows))[1][0] == "none"


def test_a_larger_input_is_compared_with_the_next_smaller_one():
    sizes = ((25, 0.2), (250, 1.0), (1000, 4.4))
    rows = [measured("ops", [cpu], megabytes=size, peak_mb=50) for size, cpu in sizes]
    _, middle, large = cells(reader_table.growth_table(rows))
    assert middle[:4] == ["torch-gpu, 250 MB", "ops", "ops, 25 MB", "5.0 (5.0 to 5.0)"]
    assert large[2:] == [
        *("ops, 250 MB", "4.4 (4.4 to 4.4)", "4.5: met", "1.0 (1.0 to 1.0)", "50, 130: met")
    ]


def test_the_full_table_is_compared_with_the_plain_one():
    rows = [measured("ops", [1.0]), measured("ops-full", [2.1], peak_mb=130)]
    _, row = cells(reader_table.growth_table(rows))
    assert row[2:5] == ["ops, 250 MB", "2.1 (2.1 to 2.1)", "2: missed"]
    assert row[6] == "130, 120: missed"


def test_mapped_pages_do_not_count_against_the_target_of_a_profile():
    rows = [
        measured("ops", [1.0], megabytes=50, source="xplane-jax"),
        measured("ops", [9.0], megabytes=500, source="xplane-jax", peak_mb=800, own_mb=200),
    ]
    assert cells(reader_table.growth_table(rows))[1][6] == "200, 300: met"


@pytest.mark.parametrize("indent", [None, 2])
def test_our_own_command_is_understood(indent):
    rows = [{"count": 3, "total_ns": 1500}, {"count": 4, "total_ns": 4000}]
    assert reader_table.found(json.dumps({"rows": rows}, indent=indent)) == Found(2, 7, 5.5)


def test_a_peer_may_say_more_before_its_answer():
    answer = json.dumps({"rows": 3, "events": 7, "total_us": 5.5})
    assert reader_table.found(f"Building trees\n{answer}\n") == Found(3, 7, 5.5)


@pytest.mark.parametrize("printed", ["", "3 rows", "[]", "{}", '{"rows": 3}'])
def test_an_answer_that_is_not_understood_leaves_the_costs(printed):
    row = measured("ops", [1.0])
    row.found = reader_table.found(printed)
    assert row.found is None
    assert cells(reader_table.costs_table([row]))[1][7] == "not understood"
