import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparison import waterfall, where
from analysis.comparison.record import Range
from analysis.comparison.time_columns import NAME_WIDTH
from analysis.layout import WIDTH
from analysis.terminal import MUTED
from tests.analysis.comparison.profiled_sides import (
    GAP,
    IDLE,
    OVERHEAD,
    SHOWN,
    STEPS,
    Times,
    anatomy,
    comparison,
    levels,
    text,
    value,
)


def cells(line: str) -> list[str]:
    """The numbers of a row; those that touch are one."""
    return line[2 + NAME_WIDTH + waterfall.BAR_WIDTH :].split()[:3]


def test_columns_add_up_to_the_unprofiled_steps_and_the_differences_to_the_headline() -> None:
    found = text(comparison(levels(STEPS)))
    assert found[1].startswith("Where    +1.00 ms a step; █ more in ◆, ░ more in ●")
    assert found[1].split()[-3:] == ["●", "◆", "diff"]
    rows = {line[2:20].strip(): cells(line) for line in found[2:]}
    assert list(rows) == ["backward", "forward", GAP, OVERHEAD]
    assert rows["backward"] == ["0.90", "1.80", "+0.90"]
    assert rows[OVERHEAD] == ["0.00", "−0.50", "−0.50"]
    sums = [sum(map(value, column)) for column in zip(*rows.values(), strict=True)]
    assert sums == pytest.approx([2.0, 3.0, 1.0])


def test_rows_beyond_the_page_are_one_and_the_columns_still_add_up() -> None:
    many: dict[str, Times] = {
        f"op{number}": (None if number > 8 else 100_000, (20 - number) * 10_000.0)
        for number in range(11)
    }
    found = text(comparison(levels({**many, "unmapped": (40_000, 0), GAP: (10_000, 10_000)})))
    rows = {line[2:20].strip(): cells(line) for line in found[2:]}
    assert list(rows) == [*(f"op{number}" for number in range(7)), "4 others", "unmapped", GAP]
    assert rows["4 others"] == ["0.200", "0.460", "+0.260"]
    sums = [sum(map(value, column)) for column in zip(*rows.values(), strict=True)]
    assert sums == pytest.approx([0.95, 1.66, 0.71])


def test_rows_in_one_that_a_side_lacks_are_a_dash() -> None:
    many: dict[str, Times] = {f"op{number}": (None, 10_000.0) for number in range(11)}
    [row] = [line for line in text(comparison(levels(many, level="category"))) if "other" in line]
    assert cells(row) == ["–", "40.0", "+40.0"]


@pytest.mark.parametrize("disturbed_ns", [1_200_000_000, 30_000_000_000])
def test_a_disturbed_profile_hides_neither_the_difference_nor_its_phases(
    disturbed_ns: float,
) -> None:
    disturbed = {
        **STEPS,
        GAP: (800_000, disturbed_ns),
        OVERHEAD: (0, 1_000_000 - disturbed_ns),
    }
    found = text(comparison(levels(disturbed)))
    assert found[1].startswith("Where    +1.00 ms a step; █ more in ◆, ░ more in ●")
    [row] = [line for line in found if "backward" in line]
    assert row.split()[-3:] == ["0.90", "1.80", "+0.90"]
    [gap] = [line for line in found if GAP in line]
    assert gap.split()[-3:-1] == ["0.80", f"{disturbed_ns / 1e6:,.2f}"]


def test_the_difference_has_three_digits_where_the_steps_are_long() -> None:
    long = {"backward": (500_000_000, 501_000_000), "forward": (0, 234_000)}
    found = text(comparison(levels(long)))
    assert found[1].startswith("Where    +1.23 ms a step;")
    assert cells(found[2]) == ["500.0", "501.0", "+1.0"]


@pytest.mark.parametrize("disturbed_ns", [999_000_000, 1_000_000_000, 70_000_000_000])
def test_no_number_touches_the_next(disturbed_ns: float) -> None:
    disturbed = {
        "forward": (50_000, 51_200),
        GAP: (800_000, disturbed_ns),
        OVERHEAD: (-800_000, -disturbed_ns),
    }
    found = text(comparison(levels(disturbed)))
    assert re.match(r"Where    \+(1\.20 µs|0\.00120 ms|0\.00000120 s) a step;", found[1])
    for line in found[2:]:
        assert len(cells(line)) == 3
        assert all(re.fullmatch(r"[+−<]*[\d,]+(\.\d+)?", cell) for cell in cells(line))


def test_bars_begin_where_the_last_one_ended() -> None:
    found = text(comparison(levels(STEPS)))[2:]
    bars = [re.search("[█░]+", line) for line in found]
    spans = [bar.span() for bar in bars if bar]
    assert [bar.group()[0] for bar in bars if bar] == ["█", "░", "█", "░"]
    assert spans[0][0] == 2 + NAME_WIDTH
    assert spans[0][1] == spans[1][1]
    assert spans[1][0] == spans[2][0]
    assert spans[2][1] == spans[3][1]


def test_bars_have_the_colour_of_the_side_with_more_and_what_is_no_work_has_none() -> None:
    lines = list(where.lines(comparison(levels(STEPS)), SHOWN))[2:]
    styles = {
        line.text[2:20].strip(): style
        for line in lines
        for piece, style in line.pieces
        if re.search("[█░]", piece)
    }
    assert (styles["backward"], styles["forward"]) == ("blue", "red")
    assert styles[GAP] == styles[OVERHEAD] == MUTED


@pytest.mark.parametrize("dominated", [True, False])
def test_a_profiler_that_costs_more_than_half_of_the_difference_is_told(dominated: bool) -> None:
    sentence = "  the profiler costs more than half of the difference: rows are indicative"
    found = text(comparison(levels(STEPS, dominated=dominated)))
    assert (found[2] == sentence) is dominated
    assert found.count(sentence) == dominated


def test_a_phase_that_one_side_lacks_is_a_dash_and_counts_as_nothing() -> None:
    found = text(comparison(levels({**STEPS, "forward": (None, 200_000)})))
    [row] = [line for line in found if "forward" in line]
    assert cells(row) == ["–", "0.20", "+0.20"]
    assert row.endswith("  ◆ only")


def test_without_a_difference_there_are_no_bars() -> None:
    found = text(comparison(levels({name: (left, left) for name, (left, _) in STEPS.items()})))
    assert found[1].startswith("Where    0.00 ms a step;")
    assert not any("█" in line or "░" in line for line in found[2:])
    assert [cells(line)[2] for line in found[2:]] == ["0.000"] * 4


def test_the_devices_budget_says_whose_time_it_is() -> None:
    found = text(
        comparison(
            levels({"forward": (400_000, 600_000), IDLE: (100_000, 0)}, "device"),
            [anatomy(idle_ns=500_000), anatomy(idle_ns=300_000)],
        )
    )
    assert found[1].startswith("Where    +0.100 ms a step of device time   ")
    assert found[2] == "  █ more in ◆, ░ more in ●"
    assert not any("times are the host's" in line for line in found)


def test_rows_of_the_other_budget_are_left_out() -> None:
    found = levels(STEPS)
    other = levels({"kernels": (1_000_000, 9_000_000)}, "device").rows["phase"]
    both = msgspec.structs.replace(found, rows={"phase": [*found.rows["phase"], *other]})
    assert text(comparison(both)) == text(comparison(found))


def test_categories_stand_for_phases_that_no_side_names() -> None:
    found = text(comparison(levels({"matmul": (400_000, 600_000)}, level="category")))
    assert found[1].startswith("Where    +0.200 ms a step by category   ")
    assert found[2] == "  █ more in ◆, ░ more in ●"
    assert found[3].startswith("  matmul")


def test_levels_without_a_row_are_no_table() -> None:
    assert text(comparison(levels({}))) in ([], [""])


@given(st.lists(st.floats(-1e9, 1e9), max_size=8))
def test_bars_stay_in_their_column(differences_ns: list[float]) -> None:
    bars = waterfall._bars(differences_ns)
    assert len(bars) == len(differences_ns)
    assert all(len(bar) <= waterfall.BAR_WIDTH for bar in bars)
    if any(differences_ns):
        assert all(
            bool(bar.strip()) is bool(each) for bar, each in zip(bars, differences_ns, strict=True)
        )


TIMES = st.one_of(st.none(), st.floats(0, 1e12).map(round).map(float))


@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=12))
def test_numbers_of_any_size_keep_apart_in_their_columns(pairs: list[Times]) -> None:
    if not any(time for pair in pairs for time in pair):
        return
    for line in text(comparison(levels({f"op{n}": pair for n, pair in enumerate(pairs)})))[2:]:
        assert all(re.fullmatch(r"–|[+−<]*[\d,]+(\.\d+)?", cell) for cell in cells(line))
        assert len(cells(line)) == 3
        assert len(line) <= WIDTH


def test_fewer_profiles_than_runs_are_told() -> None:
    record = comparison(levels(STEPS))
    [figure] = record.figures
    more = [Range(2.0, 2.0, 2.0, 1), Range(3.0, 2.0, 4.0, 3)]
    record = msgspec.structs.replace(record, figures=[msgspec.structs.replace(figure, ranges=more)])
    told = "  of the 1 pair of runs with profiles; the table is of more runs"
    assert text(record)[2] == told
    assert told not in text(comparison(levels(STEPS)))


def test_what_must_be_known_of_the_rows_stands_above_them() -> None:
    notes = ["one side does not mark steps: a whole recording counts as one step there", "another"]
    found = text(comparison(levels(STEPS, notes=notes)))
    assert [found[2], found[3].split()[0]] == [f"  {'; '.join(notes)}", "backward"]


def test_profiled_steps_that_were_shorter_than_timed_ones_are_told() -> None:
    found = levels({"forward": (9e6, 5e6), "profiler overhead": (1e6, -1e6)})
    assert (
        "  the profiled steps of ● were shorter than the timed ones: rows are indicative"
        in text(comparison(found))
    )
    usual = levels({"forward": (9e6, 5e6), "profiler overhead": (-1e6, -1e6)})
    assert not any("shorter than" in line for line in text(comparison(usual)))
