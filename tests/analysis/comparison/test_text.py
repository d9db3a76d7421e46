import errno
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import sides, terminal
from analysis.comparison import finishing, text, timeline
from analysis.report import write
from profilers import rundir
from profilers.records import Environment, MissingSide, Result, RoundsRecord, Side

THREE = [(2.0, 2.1, 2.0), (3.0, 3.1, 3.2)]


@pytest.fixture(autouse=True)
def environment(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


def lines_of(directory: Path) -> list[terminal.Line]:
    [found] = finishing.finish_all([directory]).comparisons
    return list(text.lines(found))


def text_of(directory: Path) -> str:
    return "\n".join(line.text for line in lines_of(directory))


def row(text: str, label: str) -> str:
    [found] = re.findall(rf"^ *{re.escape(label)} .*$", text, re.MULTILINE)
    return re.sub(r" +", " ", found.strip())


def test_the_order_of_the_text(make_comparison: Any) -> None:
    text = text_of(make_comparison(THREE)).splitlines()
    assert text[1].startswith(
        "TensorFlow function takes 1.52 × as long per training step as PyTorch"
    )
    assert text[2:4] == [
        "mnist-mlp, digits, batch 32, adam, float32, CPU, 2 threads; torch 2.13.0+cpu;",
        "3 runs each, interleaved; intervals of 95 %, Student's t",
    ]
    names = ("Same work", "Where", "Cost", "Trust", "Next")
    headings = [name for line in text for name in names if line.startswith(f"{name}  ")]
    assert headings == list(names)


def test_it_is_as_long_and_wide_as_a_page(make_comparison: Any) -> None:
    text = text_of(make_comparison(THREE)).splitlines()
    assert max(map(len, text)) <= 100
    assert len(text) <= 35


def test_the_figures_of_both_sides(make_comparison: Any) -> None:
    text = text_of(make_comparison(THREE))
    assert row(text, "● PyTorch eager") == "● PyTorch eager ◆ TensorFlow function ◆ / ●"
    assert (
        row(text, "step, ms") == "step, ms 2.00 2.00 to 2.10 3.10 3.00 to 3.20 1.52 × 1.37 to 1.69"
    )
    assert row(text, "samples/s").startswith("samples/s 16,000 15,200 to 16,000 10,300")
    assert (
        row(text, "first step, ms")
        == "first step, ms 20.0 in all 3 20.0 in all 3 1.00 × 1.00 to 1.00"
    )
    assert row(text, "test accuracy") == (
        "test accuracy 0.951 in all 3 0.951 in all 3 0.000 0.000 to 0.000"
    )
    assert row(text, "inference of 1, ms").startswith("inference of 1, ms 0.100 in all 3")
    assert row(text, "CPU, cores of 4").startswith("CPU, cores of 4 1.62 in all 3")


def test_the_same_work_is_told_once(make_comparison: Any) -> None:
    text = text_of(make_comparison(THREE))
    assert row(text, "Same work") == (
        "Same work ✓ weights, data, batches; step-0 losses are equal; same conditions"
    )


def test_other_work_and_conditions_are_warnings(make_comparison: Any) -> None:
    directory = make_comparison(THREE)
    for number in (1, 2, 3):
        run = directory.parent / f"run-{number}-1"
        result = rundir.read_json(run / rundir.RESULT, Result)
        rundir.write_json(run / rundir.RESULT, msgspec.structs.replace(result, weights_sha256="0"))
        machine = rundir.read_json(run / rundir.ENVIRONMENT, Environment)
        changed = msgspec.structs.replace(machine, cpu_model="\x1b other")
        rundir.write_json(run / rundir.ENVIRONMENT, changed)
    found = lines_of(directory)
    warned = [
        line.text for line in found if any(style == terminal.WARNING for _, style in line.pieces)
    ]
    assert warned == [
        "not the same work: weights differ",
        "other conditions: CPU model differs: A processor and  other",
    ]
    assert not any("✓" in line.text for line in found)


def test_sides_are_told_apart_by_colour_and_mark(make_comparison: Any) -> None:
    pieces = [piece for line in lines_of(make_comparison(THREE)) for piece in line.pieces]
    styles = {style: text for text, style in pieces if style.startswith("#")}
    assert set(styles) == {"#dd6b33", "#4a8be0"}
    assert any("● PyTorch eager" in text and style == "#dd6b33" for text, style in pieces)


def test_in_ascii_nothing_is_lost(make_comparison: Any) -> None:
    text = terminal.encodable(text_of(make_comparison(THREE)), "ascii")
    assert "?" not in text
    assert "?" not in terminal.encodable("".join(sides.SPARE_MARKS), "ascii")
    assert "* / o" in text
    assert "Same work  ok weights" in text


def test_the_last_lines_are_commands_for_the_last_runs(make_comparison: Any) -> None:
    text = text_of(make_comparison([(2.0, 2.0, None), (3.0, 3.0, 3.0)]))
    assert text.splitlines()[-3:] == [
        "Next     report        traces/compare-1/report.html",
        "         Perfetto      python -m analysis view traces/compare-1",
        "         TensorBoard   python -m analysis view traces/compare-1 --tensorboard",
    ]


def test_without_a_common_timeline_each_run_is_opened(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "write", lambda directory, record: False)
    text = text_of(make_comparison([(2.0, 2.0, None), (3.0, 3.0, 3.0)]))
    assert text.splitlines()[-3:-1] == [
        "         Perfetto ●    python -m analysis view traces/run-2-0",
        "         Perfetto ◆    python -m analysis view traces/run-3-1",
    ]


def test_runs_that_were_not_interleaved_are_told(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    [found] = finishing.finish_all([directory]).comparisons
    apart = msgspec.structs.replace(found.record, order_seed=None)
    text_lines = list(text.lines(replace(found, record=apart)))
    assert not any("interleaved" in line.text for line in text_lines[:4])
    assert any("not interleaved by one command" in line.text for line in text_lines)


def test_without_a_report_the_last_lines_begin_with_perfetto(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write, "write", full)
    found = text_of(make_comparison([(2.0,), (3.0,)])).splitlines()
    assert found[-2] == "Next     Perfetto      python -m analysis view traces/compare-1"


def test_failed_runs_are_told_on_top_and_the_rest_is_shown(make_comparison: Any) -> None:
    text = text_of(make_comparison([(2.0, 2.0, 2.0), (3.0, None, 3.0)]))
    assert text.splitlines()[0] == (
        "TensorFlow function, round 2: failed (it broke); what is left is in traces/run-2-1"
    )
    assert "Two pairs of runs, no verdict" in text
    assert "3 and 2 runs, interleaved" in text.replace("\n", " ")
    assert "no pair in round 2: see above" in text


def test_one_side_left_has_its_own_summary(make_comparison: Any) -> None:
    missing = [MissingSide(1, "TensorFlow is not installed.")]
    text = text_of(make_comparison([(2.0, 2.0)], missing=missing)).splitlines()
    assert text[:2] == [
        "TensorFlow function was not run: TensorFlow is not installed.",
        "Only PyTorch eager has complete runs, there is nothing to compare them with.",
    ]
    assert "PyTorch eager trains mnist-mlp at 2.00 ms per step (runs 2.00 to 2.00), 2 runs." in text
    assert not any("Same work" in line for line in text)


def test_a_run_of_another_side_is_not_shown_with_the_one_that_is_left(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    path = directory / rundir.ROUNDS
    record = rundir.read_json(path, RoundsRecord)
    changed = [record.sides[0], Side("tensorflow", "xla")]
    rundir.write_json(path, msgspec.structs.replace(record, sides=changed))
    found = text_of(directory)
    assert "is a run of TensorFlow function, not of TensorFlow xla; what is left is in" in found
    assert "Only PyTorch eager has complete runs" in found
    assert "TensorFlow function trains" not in found


def test_no_complete_run_at_all(make_comparison: Any) -> None:
    text = text_of(make_comparison([(None,), (None,)])).splitlines()
    assert len(text) == 4
    assert text[-2] == "No run is complete, there is nothing to compare."
    assert text[-1].startswith("The report on all of it: ")
    assert text[-1].endswith("compare-1/report.html")


def test_runs_without_profile_samples_and_environment_keep_their_places(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False, samples=None)
    for run in directory.parent.glob("run-*"):
        (run / rundir.ENVIRONMENT).unlink()
    text = text_of(directory)
    assert "Where" not in text
    assert "Cost     not recorded: the run has no samples of CPU, memory and GPU" in text
    assert "no profile could be read" in text


def test_runs_without_a_single_step(make_comparison: Any) -> None:
    text = text_of(make_comparison([(2.0,), (3.0,)], profiled=False, steps=()))
    assert row(text, "step, ms") == "step, ms – – –"
    assert "not compared: step-0 losses" in text


def several(make_comparison: Any, count: int) -> str:
    known = [
        make_comparison.torch,
        make_comparison.tensorflow,
        Side("torch", "compile"),
        Side("tensorflow", "xla"),
        Side("onnxruntime", "default"),
        Side("litert", "default"),
        Side("tensorflow", "fit"),
        Side("tensorflow", "eager"),
    ]
    steps = [(2.0 + side, 2.1 + side, 2.0 + side) for side in range(count)]
    return text_of(make_comparison(steps, sides=known[:count]))


def test_three_sides_have_a_column_each_and_ratios_below(make_comparison: Any) -> None:
    text = several(make_comparison, 3)
    assert row(text, "● PyTorch eager") == "● PyTorch eager ◆ TensorFlow function ○ PyTorch compile"
    assert row(text, "◆ / ●") == "◆ / ● ○ / ●"
    first, below = re.findall(r"^  step, ms.*$", text, re.MULTILINE)
    assert first.split()[2] == "2.00"
    assert re.sub(r" +", " ", below.strip()).startswith("step, ms 1.49 × 1.46 to 1.53 1.98 ×")
    assert text.count("Same work  ✓ weights") == 1
    assert text.count("as long per training step as PyTorch eager") == 2
    assert "Perfetto      python -m analysis view traces/compare-1" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("count", [5, 8])
def test_many_sides_stay_on_the_page(make_comparison: Any, count: int) -> None:
    text = several(make_comparison, count)
    assert max(map(len, text.splitlines())) <= 100
    assert len(re.findall(r"^Where", text, re.MULTILINE)) == 1
    assert text.count("host-bound") == count


def test_windows_on_a_gpu_show_power_and_energy(make_comparison: Any) -> None:
    make_run = make_comparison.make_run
    header = (
        "time_ns,gpu0_utilization_ratio,gpu0_memory_used_bytes,gpu0_power_watts,gpu0_energy_joules"
    )
    text = text_of(
        make_comparison(
            [(2.0, 2.0, 2.0), (3.0, 3.1, 3.2)],
            sides=[Side("torch", "eager"), Side("torch", "compile")],
            settings=msgspec.structs.replace(make_run.settings, device="cuda:0"),
            samples=make_run.densely(
                (header, "500,0.5,1,100,0", "1500,0.5,2147483648,100,100", "3500,0.5,1,100,300")
            ),
            resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
            machine=make_run.environment("GPU-aa", "NVIDIA L4"),
        )
    )
    assert "NVIDIA L4 (cuda:0)" in text
    assert row(text, "GPU in use, %").startswith("GPU in use, % 50.0 in all 3")
    assert row(text, "VRAM peak, GiB").startswith("VRAM peak, GiB 2.00")
    assert row(text, "power, W").startswith("power, W 100")
    assert row(text, "GPU J/1,000 samples").startswith("GPU J/1,000 samples 2,080")
    assert row(text, "Cost").startswith("Cost GPU energy by counter, each 0.1 s; ")
    assert max(map(len, text.splitlines())) <= 100


def test_sides_whose_work_differs_are_named(make_comparison: Any) -> None:
    directory = make_comparison(
        [(2.0,), (3.0,), (4.0,)],
        sides=[make_comparison.torch, make_comparison.tensorflow, Side("torch", "compile")],
    )
    path = directory.parent / "run-1-1" / rundir.RESULT
    result = rundir.read_json(path, Result)
    rundir.write_json(path, msgspec.structs.replace(result, data_sha256="0"))
    text = text_of(directory)
    assert "TensorFlow function: not the same work: data differ" in text
    assert "Same work  ✓ PyTorch compile: weights, data, batches" in text
