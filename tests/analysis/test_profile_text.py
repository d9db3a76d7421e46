from typing import Any

from analysis import profile_text
from analysis.derived import Profile, TableRow
from analysis.ops.rows import Coverage
from analysis.ops.table import GAPS, NO_LAYER
from analysis.partition.record import Partition

STEPS, STEP_NS = 4, 1_000_000


def row(key: str, self_ns: float, **others: Any) -> TableRow:
    """A row of so many ns a step."""
    values: dict[str, Any] = {
        "key": key,
        "kind": "op",
        "phase": "",
        "count": STEPS,
        "total_ns": round(self_ns * STEPS),
        "self_ns": round(self_ns * STEPS),
        "share_ratio": self_ns / STEP_NS,
        "count_per_step": 1.0,
        "total_ns_per_step": self_ns,
        "self_ns_per_step": self_ns,
    }
    return TableRow(**values | others)


def profile(**others: Any) -> Profile:
    coverage = Coverage(10, 0, STEPS, STEPS * STEP_NS, STEPS * STEP_NS, 1.0, 1.0)
    values: dict[str, Any] = {
        "phases": [row("forward", 600_000), row(GAPS, 250_000), row("backward", 150_000)],
        "layers": [row("fc1", 500_000, phase="forward"), row("fc1", 120_000, phase="backward")],
        "ops": [row("aten::addmm", 500_000)],
        "kernels": [],
        "coverage": coverage,
        "busy_ns": {},
        "ops_per_step": [],
        "partition": Partition(steps=STEPS, marked=True, steps_ns=STEPS * STEP_NS, parts=[]),
    }
    return Profile(**values | others)


def text(found: Profile) -> list[str]:
    return [line.text for line in profile_text.lines(found, "red")]


def starting(found: Profile, name: str) -> list[str]:
    [line] = [each for each in text(found) if each.split("  ")[1:2] == [name]]
    return line.split()


def test_phases_by_time_with_gaps_last_and_bars_to_scale() -> None:
    lines = text(profile())
    [where] = [n for n, line in enumerate(lines) if line.startswith("Where")]
    assert "a profiled step takes 1.00 ms, mean of 4" in lines[where]
    assert [line.split()[0] for line in lines[where + 1 : where + 4]] == [
        "forward",
        "backward",
        GAPS,
    ]
    assert [line.count("█") for line in lines[where + 1 : where + 4]] == [28, 7, 12]
    assert lines[where + 3].endswith("outside the phases, 25 %")


def test_beside_a_gpu_the_phases_are_the_hosts() -> None:
    lines = text(profile(busy_ns={"0": STEPS * STEP_NS // 2}))
    assert lines[1].endswith("host, ms")
    assert "  GPU 0 had work for 50 % of the profiled steps" in lines


def test_layers_beyond_the_fifth_are_summed_up_and_shares_add_up() -> None:
    layers = [row(f"l{n}", 100_000 - n, phase="forward") for n in range(8)]
    found = profile(layers=[*layers, row(NO_LAYER, 200_000)])
    assert starting(found, "3 other layers")[-4:] == ["0.000", "0.300", "30", "%"]
    assert starting(found, "no layer")[-3:] == ["0.200", "20", "%"]
    assert starting(found, "l4")[1:] == ["0.100", "0.000", "0.100", "10", "%"]
    assert not any("l5" in line for line in text(found))


def test_no_layer_at_all_is_said() -> None:
    lines = text(profile(layers=[row(NO_LAYER, 200_000)]))
    assert "Layers   none: code run this way is recorded without its layers" in lines


def test_the_five_largest_operations_with_their_calls() -> None:
    ops = [row(f"op{n}", 1000.0 * n, count_per_step=n) for n in range(1, 8)]
    ops.append(row("rare", 9000.0, count_per_step=0.25))
    found = profile(ops=ops)
    lines = text(found)
    start = next(n for n, line in enumerate(lines) if line.startswith("Top operations"))
    assert [line.split()[:2] for line in lines[start + 1 :]] == [
        ["rare", "0.250"],
        ["op7", "7"],
        ["op6", "6"],
        ["op5", "5"],
        ["op4", "4"],
    ]


def test_kernels_that_ran_have_a_table_of_their_own() -> None:
    idle, ran = row("idle", 0, count=0), row("sgemm", 5000.0)
    assert "Top work on the GPU" not in "".join(text(profile(kernels=[idle])))
    lines = text(profile(kernels=[idle, ran]))
    start = next(n for n, line in enumerate(lines) if line.startswith("Top work on the GPU"))
    assert [line.split()[0] for line in lines[start + 1 :]] == ["sgemm"]


def test_a_profile_without_steps_says_so() -> None:
    empty = Coverage(0, 0, 0, 0, 0, None, None)
    assert text(profile(coverage=empty)) == [
        "",
        "Where    the profile marks no steps: no times of a step",
    ]


def test_long_and_hostile_names_stay_on_their_line() -> None:
    hostile = "evil\x1b]0;title\x07" + "x" * 200
    found = profile(
        phases=[row(hostile, 900_000)],
        layers=[row(hostile, 800_000, phase=hostile)],
        ops=[row(hostile, 800_000)],
        kernels=[row(hostile, 800_000)],
    )
    assert max(map(len, text(found))) <= 100
    assert not any("\x1b" in line for line in text(found))


def test_a_layer_that_has_a_number_for_a_name_is_called_one() -> None:
    found = profile(layers=[row("4", 500_000, phase="forward"), row("fc1", 1, phase="backward")])
    assert starting(found, "forward")[-3:] == ["layer", "4", "0.500"]
    assert starting(found, "backward")[-2] == "fc1"
