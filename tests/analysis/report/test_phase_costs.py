import math
from typing import Any

import msgspec

from analysis.report import phase_costs
from analysis.report.subject import Subject


def test_each_phase_of_each_sides_last_run(make_compared: Any) -> None:
    first, second = phase_costs.phase_costs(Subject(make_compared()))
    assert (first.side.number, second.side.number) == (0, 1)
    titles = [f"{column.title}, {column.unit}" for column in first.columns]
    assert titles == [
        "Time, s", "CPU, s", "of usable CPUs, %", "RSS, mean, GiB", "RSS, peak, GiB",
        "GPU, NVML, %", "VRAM, peak, GiB", "GPU power, W", "GPU energy, J",
    ]  # fmt: skip
    rows = dict(first.rows)
    assert list(rows) == ["whole run", "warmup", "timed"]
    assert rows["timed"] == [
        "6.00", "6.00", "12.5", "2.00", "2.00", "80.0", "1.50", "60.0", "360",
    ]  # fmt: skip
    assert "counter, renewed each 0.1 s" in first.caption


def test_columns_that_nothing_is_known_of_are_left_out(make_compared: Any) -> None:
    first, _ = phase_costs.phase_costs(Subject(make_compared(gpu=False)))
    assert not any("GPU" in column.title for column in first.columns)
    assert "renewed" not in first.caption


def test_the_file_has_all_columns_and_the_reasons(make_compared: Any) -> None:
    table = phase_costs.table(Subject(make_compared(gpu=False)))
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["side"], row["phase"]) for row in rows[:3]] == [
        ("PyTorch eager", "run"),
        ("PyTorch eager", "warmup"),
        ("PyTorch eager", "timed"),
    ]
    assert rows[2]["gpu_energy_joules"] is None
    assert "no NVIDIA driver" in str(rows[2]["reasons"])
    assert math.isclose(float(rows[2]["cpu_user_seconds"] or 0), 6)


def test_foreign_traces_have_none(make_compared: Any) -> None:
    assert phase_costs.phase_costs(Subject(make_compared.foreign())) == []


def test_the_page_shows_them_folded_away(make_compared: Any, html_of: Any) -> None:
    html = html_of(make_compared())
    assert "<summary>Each phase of each side&#39;s last run</summary>" in html or (
        "<summary>Each phase of each side's last run</summary>" in html
    )
    assert "to a test accuracy of 0.800" in html


def test_dashes_above_idle_have_a_reason_of_their_own(make_compared: Any) -> None:
    first, _ = phase_costs.phase_costs(Subject(make_compared()))
    row = phase_costs._of_side(Subject(make_compared()), first.side)[0]
    told = [
        " ".join(phase_costs._caption([msgspec.structs.replace(row, gpu_energy_net_joules=net)]))
        for net in (None, 1.0)
    ]
    assert ["less than before the run" in text for text in told] == [False, True]
    power = msgspec.structs.replace(row, gpu_energy_method="trapezoid")
    assert "GPU energy is by power, added up, renewed each" in " ".join(
        phase_costs._caption([power])
    )
