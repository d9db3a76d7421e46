import msgspec
import pytest

from analysis.layout import WIDTH
from tests.analysis.comparison.profiled_sides import (
    STEPS,
    anatomy,
    comparison,
    levels,
    several,
    text,
    value,
)


def test_beside_a_device_of_one_side_it_is_said_whose_time_the_rows_are() -> None:
    record = comparison(levels(STEPS), [anatomy(idle_ns=500_000), anatomy()])
    assert text(record)[-1] == "  times are the host's; the GPU had work for ● 75 % of the steps"


def test_one_side_without_a_profile_has_dashes() -> None:
    found = text(comparison(None, [anatomy(), None]))
    assert found[1].split() == ["Where", "ms", "●", "◆"]
    assert [line.split() for line in found[2:]] == [
        ["backward", "0.900", "–"],
        ["forward", "0.300", "–"],
        ["host", "gap", "0.800", "–"],
    ]


def test_no_profile_at_all_is_no_section() -> None:
    assert text(comparison(None, [None, None])) == []


def test_more_sides_have_a_column_each_that_adds_up_to_the_unprofiled_step() -> None:
    heavy = anatomy(idle_ns=300_000, forward=200_000, backward=1_000_000)
    record = comparison(None, [anatomy(idle_ns=500_000), heavy, anatomy()])
    found = text(record, several(3))
    assert found[1].split() == ["Where", "ms", "●", "◆", "○"]
    assert found[2].split() == ["backward", "0.90", "1.00", "0.90"]
    columns = zip(*(line.split()[-3:] for line in found[2:6]), strict=True)
    assert [sum(map(value, column)) for column in columns] == pytest.approx([2.0, 3.0, 2.0])
    assert found[-1] == "  times are the host's; the GPU had work for ● 75 %, ◆ 85 % of the steps"


def test_work_of_no_phase_is_called_other_in_columns() -> None:
    found = text(comparison(None, [anatomy(**{"": 1_200_000}), anatomy(), anatomy()]), several(3))
    assert [line.split() for line in found if "other" in line] == [["other", "1.20", "–", "–"]]


def test_in_columns_a_disturbed_profile_keeps_the_digits_of_the_phases() -> None:
    disturbed = msgspec.structs.replace(anatomy(), host_gap_ns=3e9, step_ns=3.0012e9)
    found = text(comparison(None, [anatomy(), disturbed, anatomy()]), several(3))
    assert found[1].split()[1] == "ms"
    assert found[2].split() == ["backward", "0.90", "0.90", "0.90"]


def test_what_the_steps_wait_for_stays_on_the_page() -> None:
    found = text(comparison(levels(STEPS), [anatomy("host-bound"), anatomy()]))
    assert found[-1] == "  limited           ● host-bound, ◆ by no single resource"
    many = text(comparison(None, [anatomy("launch-bound")] * 8), several(8))
    limits = many[next(n for n, line in enumerate(many) if "limited" in line) :]
    assert max(map(len, many)) <= WIDTH
    assert " ".join(" ".join(limits).split()) == (
        "limited " + ", ".join(f"{mark} launch-bound" for mark in several(8).marks)
    )
