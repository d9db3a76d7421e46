import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparison import finishing, where
from analysis.comparison.record import Comparison, Range, SideProfile
from analysis.ops.table import GAPS
from analysis.sides import Shown

SHOWN = Shown([0, 1], ["PyTorch eager", "TensorFlow function"], ["●", "◆"], ["red", "blue"])
LEFT = {"forward": 300_000.0, "backward": 900_000.0, GAPS: 800_000.0}
RIGHT = {"forward": 200_000.0, "backward": 1_800_000.0, GAPS: 1_500_000.0}


def profile(phases_ns: dict[str, float], busy_ratio: float | None = None) -> SideProfile:
    return SideProfile(
        runs=3,
        phases_ns=phases_ns,
        phase_ratio=1.0,
        layer_ratio=1.0,
        busy_ratio=busy_ratio,
        dropped=0,
        recorded_ops=None,
        graph_ops=None,
        thinned=False,
    )


@pytest.fixture
def record(make_comparison: Any) -> Comparison:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    return finishing.finish_all([directory]).comparisons[0].record


def with_profiles(record: Comparison, *profiles: SideProfile | None) -> Comparison:
    return msgspec.structs.replace(record, profiles=list(profiles))


def text(record: Comparison, shown: Shown = SHOWN) -> list[str]:
    return [line.text for line in where.lines(record, shown)]


def test_rows_and_the_profiler_add_up_to_the_difference_of_unprofiled_steps(
    record: Comparison,
) -> None:
    found = text(with_profiles(record, profile(LEFT), profile(RIGHT)))
    assert found[1].startswith("Where    +1.00 ms a step; █ more in ◆, ░ more in ●")
    rows = {line.split("  ")[1].strip(): re.findall(r"[+−]?\d\.\d+", line) for line in found[2:]}
    assert list(rows) == ["backward", "forward", "gaps", "less profiler"]
    assert rows["backward"] == ["0.90", "1.80", "+0.90"]
    assert rows["less profiler"] == ["0.00", "−0.50", "−0.50"]
    columns = zip(*rows.values(), strict=True)
    sums = [sum(float(cell.replace("−", "-")) for cell in column) for column in columns]
    assert sums == pytest.approx([2.0, 3.0, 1.0])


@pytest.mark.parametrize("disturbed_ns", [1_200_000_000.0, 30_000_000_000.0])
def test_a_disturbed_profile_hides_neither_the_difference_nor_its_phases(
    record: Comparison, disturbed_ns: float
) -> None:
    disturbed = {**RIGHT, GAPS: disturbed_ns}
    found = text(with_profiles(record, profile(LEFT), profile(disturbed)))
    assert found[1].startswith("Where    +1.00 ms a step; █ more in ◆, ░ more in ●")
    [row] = [line for line in found if "backward" in line]
    assert row.split()[-3:] == ["0.90", "1.80", "+0.90"]
    [gaps] = [line for line in found if "gaps" in line]
    assert gaps.split()[-3:-1] == ["0.80", f"{disturbed_ns / 1e6:,.2f}"]


def test_the_difference_has_three_digits_where_the_steps_are_long(record: Comparison) -> None:
    [step] = [figure for figure in record.figures if figure.key == "step_ms"]
    step.ranges[:] = [Range(500.0, 500.0, 500.0, 3), Range(501.234, 501.234, 501.234, 3)]
    found = text(with_profiles(record, profile(LEFT), profile(RIGHT)))
    assert found[1].startswith("Where    +1.23 ms a step;")


def test_no_number_touches_the_next(record: Comparison) -> None:
    [step] = [figure for figure in record.figures if figure.key == "step_ms"]
    step.ranges[:] = [Range(0.05, 0.05, 0.05, 3), Range(0.0512, 0.0512, 0.0512, 3)]
    disturbed = {**RIGHT, GAPS: 1_000_000_000.0}
    found = text(with_profiles(record, profile(LEFT), profile(disturbed)))
    assert found[1].startswith("Where    +1.20 µs a step;")
    [gaps] = [line for line in found if "gaps" in line]
    assert gaps.split()[-3:] == ["800", "1,000,000", "+999,200"]


def test_bars_begin_where_the_last_one_ended(record: Comparison) -> None:
    found = text(with_profiles(record, profile(LEFT), profile(RIGHT)))[2:]
    bars = [re.search("[█░]+", line) for line in found]
    spans = [bar.span() for bar in bars if bar]
    assert [bar.group()[0] for bar in bars if bar] == ["█", "░", "█", "░"]
    assert spans[0][0] == 2 + where.NAME_WIDTH
    assert spans[0][1] == spans[1][1]
    assert spans[1][0] == spans[2][0]
    assert spans[2][1] == spans[3][1]


def test_a_profiler_that_costs_more_than_half_of_the_difference_is_told(record: Comparison) -> None:
    heavier = {**RIGHT, "backward": 2_000_000.0}
    sentence = "the profiler costs more than half of the difference: rows are indicative"
    assert sentence in text(with_profiles(record, profile(LEFT), profile(heavier)))[2]
    assert not any(
        sentence in line for line in text(with_profiles(record, profile(LEFT), profile(RIGHT)))
    )


def test_a_phase_that_one_side_lacks_is_a_dash_and_counts_as_nothing(record: Comparison) -> None:
    left = {name: time for name, time in LEFT.items() if name != "forward"}
    [row] = [
        line
        for line in text(with_profiles(record, profile(left), profile(RIGHT)))
        if "forward" in line
    ]
    assert row.split()[-3:] == ["–", "0.20", "+0.20"]


def test_without_a_difference_there_are_no_bars(record: Comparison) -> None:
    [step] = [figure for figure in record.figures if figure.key == "step_ms"]
    step.ranges[1] = step.ranges[0]
    found = text(with_profiles(record, profile(LEFT), profile(LEFT)))
    assert not any("█" in line or "░" in line for line in found[2:])


def test_one_side_without_a_profile_has_dashes(record: Comparison) -> None:
    found = text(with_profiles(record, profile(LEFT), None))
    assert found[1].split() == ["Where", "ms", "●", "◆"]
    assert [line.split() for line in found[2:]] == [
        ["backward", "0.900", "–"],
        ["forward", "0.300", "–"],
        ["gaps", "0.800", "–"],
    ]


def test_no_profile_at_all_is_no_section(record: Comparison) -> None:
    assert text(record) == []


def test_beside_a_gpu_it_is_said_whose_time_it_is(record: Comparison) -> None:
    found = text(with_profiles(record, profile(LEFT, 0.75), profile(RIGHT, 0.85)))
    assert found[-1] == (
        "  phases are the host's; the GPU had work for ● 75 %, ◆ 85 % of the steps"
    )


def test_more_sides_have_a_column_each(record: Comparison) -> None:
    three = msgspec.structs.replace(
        record,
        compared=[*record.compared, record.compared[0]],
        profiles=[profile(LEFT), profile(RIGHT), profile(LEFT)],
    )
    [step] = [figure for figure in record.figures if figure.key == "step_ms"]
    step.ranges.append(step.ranges[0])
    found = text(three, Shown([0, 1, 2], ["a", "b", "c"], ["●", "◆", "○"], ["", "", ""]))
    assert found[1].split() == ["Where", "ms", "●", "◆", "○"]
    assert found[2].split() == ["backward", "0.90", "1.80", "0.90"]


@given(st.lists(st.floats(-1e9, 1e9), max_size=8))
def test_bars_stay_in_their_column(differences_ns: list[float]) -> None:
    bars = where._bars(differences_ns)
    assert len(bars) == len(differences_ns)
    assert all(len(bar) <= where.BAR_WIDTH for bar in bars)
    if any(differences_ns):
        assert all(
            bool(bar.strip()) is bool(each) for bar, each in zip(bars, differences_ns, strict=True)
        )
