import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import finish, run_text
from profilers import rundir
from profilers.records import Result, RunError


def text_of(*runs: Any) -> str:
    finished, _ = finish.finish_all(runs)
    return "\n".join(line.text for line in run_text.lines(finished))


def row(text: str, label: str) -> str:
    [found] = re.findall(rf"^ *{re.escape(label)} .*$", text, re.MULTILINE)
    return re.sub(r" +", " ", found.strip())


@pytest.fixture
def text(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    run = make_run("20261120-103012-mnist-mlp-torch-cpu-ab12", warnings=["the loss is nan"])
    make_run.add_profile(run)
    monkeypatch.chdir(make_run.output.parent)
    return text_of(run)


def test_the_answer_comes_first_and_then_what_it_holds_for(text: str) -> None:
    verdict = (
        "PyTorch eager trains mnist-mlp at 0.400 ms per step (middle half 0.300 to 0.500), 1 run."
    )
    assert text.splitlines()[1] == verdict
    settings = " ".join(text.splitlines()[2:4])
    for part in ("digits 28×28", "batch 32", "float32", "CPU", "2 threads", "torch 2.13.0+cpu"):
        assert part in settings


def test_the_figures(text: str) -> None:
    assert row(text, "step, ms") == "step, ms 0.400 median of 5 steps first step, ms 9.80"
    assert row(text, "samples/s") == "samples/s 80,000 inference, µs 60.0 at batch 1"
    assert row(text, "test accuracy") == (
        "test accuracy 0.951 5.00 epochs, 220 steps inference, samples/s 200,000 at batch 32"
    )


def test_work_stands_beside_the_samples(make_run: Any) -> None:
    known = msgspec.structs.replace(make_run.result, flops_per_step=2_000_000)
    assert row(text_of(make_run(result=known)), "samples/s").startswith(
        "samples/s 80,000 5.00 GFLOP/s inference"
    )
    beside = msgspec.structs.replace(known, peak_flops_per_second=2e10)
    assert row(text_of(make_run("beside", result=beside)), "samples/s").startswith(
        "samples/s 80,000 5.00 GFLOP/s, 25 % of the peak inference"
    )


def test_phases_and_gaps_add_up_to_the_profiled_step(text: str) -> None:
    assert "a profiled step takes 0.500 ms, mean of 2" in row(text, "Where")
    times = [float(row(text, name).split("█ ")[1].split()[0]) for name in ("optimizer", "forward")]
    gaps = re.findall(r"gaps +█+ +([\d.]+) +outside the phases, 10 %", text)
    assert times == [0.25, 0.2]
    assert sum(times) + float(gaps[0]) == pytest.approx(0.5)
    assert row(text, "forward").endswith("fc1 0.150")


@pytest.mark.parametrize("execution", ["function", "fit", "xla", "eager"])
def test_a_tensorflow_run_is_told_in_the_same_words(make_run: Any, execution: str) -> None:
    settings = msgspec.structs.replace(
        make_run.settings, framework="tensorflow", execution=execution
    )
    run = make_run(settings=settings)
    make_run.add_tensorflow_profile(run, execution)
    text = text_of(run)
    assert text.splitlines()[1].startswith(f"TensorFlow {execution} trains mnist-mlp at 0.400 ms")
    for label in ("data", "forward", "loss", "backward", "optimizer", "gaps"):
        assert row(text, label)
    assert re.search(r"operations' self time mapped to a phase, [\d.]+ % to a\s+layer", text)
    assert "0 events dropped" in text


def test_bars_are_to_scale(text: str) -> None:
    bars = [row(text, name).count("█") for name in ("optimizer", "forward", "gaps")]
    assert bars == [28, 22, 6]


def test_layers_and_operations(text: str) -> None:
    assert row(text, "fc1") == "fc1 0.150 0.000 0.150 60 %"
    assert row(text, "no layer") == "no layer 0.000 0.000 0.100 40 %"
    assert row(text, "aten::addmm") == "aten::addmm 1 0.150 60 %"
    assert row(text, "aten::add_") == "aten::add_ 2 0.100 40 %"


def test_cost_names_what_was_not_measured_and_why(text: str) -> None:
    assert row(text, "Cost") == "Cost CPU 1.62 cores of 4 usable · RSS peak 0.00858 MiB · threads 4"
    assert "GPU, power and energy: not measured, no NVIDIA driver on this machine" in text


@pytest.fixture(autouse=True)
def active_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


def test_the_last_lines_are_exact_commands(text: str) -> None:
    path = "traces/20261120-103012-mnist-mlp-torch-cpu-ab12"
    command = f"python -m analysis view {path}"
    assert [line.strip() for line in text.splitlines()[-6:]] == [
        "Next     report",
        f"python -m analysis report {path}",
        "Perfetto",
        command,
        "TensorBoard",
        f"{command} --tensorboard",
    ]


def test_commands_stand_beside_their_names_where_there_is_room(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("my run")
    monkeypatch.chdir(make_run.output.parent)
    assert text_of(run).splitlines()[-3:] == [
        "Next     report        python -m analysis report 'traces/my run'",
        "         Perfetto      python -m analysis view 'traces/my run'",
        "         TensorBoard   python -m analysis view 'traces/my run' --tensorboard",
    ]


def test_no_line_is_wider_than_100_columns(text: str) -> None:
    assert max(map(len, text.splitlines())) <= 100


def test_repeats_have_a_line_each_and_one_headline(make_run: Any) -> None:
    runs = []
    for repeat, duration in enumerate((0.5, 0.3, 0.4), start=1):
        steps = [make_run.step("timed", index, duration) for index in range(3)]
        runs.append(make_run(f"run-{repeat}", steps=steps, repeat=repeat, repeats=3))
        make_run.add_profile(runs[-1])
    text = text_of(*runs)
    assert "mnist-mlp at 0.400 ms per step (runs 0.300 to 0.500), 3 runs." in text
    assert row(text, "run 2").startswith("run 2 0.300 ms per step")
    assert "of run 3, the last one" in text
    assert "no interval" not in text
    assert text.count("Where") == 1


@pytest.mark.parametrize("steps", [2_401, 12_345])
@pytest.mark.parametrize("window", [1, 1_234])
def test_columns_stay_apart_and_narrow(
    make_run: Any, monkeypatch: pytest.MonkeyPatch, steps: int, window: int
) -> None:
    monkeypatch.chdir(make_run.output.parent)
    kind = {"kind": "window", "count": window} if window > 1 else {}
    length_ms = 32e3 / 1_010_000
    rows = [make_run.step("timed", n, length_ms * window, **kind) for n in range(steps)]
    rows += [make_run.step("inference", 0, length_ms)]
    result = rundir.read_json(make_run("other") / rundir.RESULT, Result)
    run = make_run(steps=rows, result=msgspec.structs.replace(result, trained_steps=steps))
    make_run.add_profile(run)
    found = text_of(run).splitlines()
    table = [line for line in found if "samples/s" in line or "test accuracy" in line]
    assert max(map(len, found)) <= 100
    cells = [cell for line in table for cell in re.split(r" {2,}", line.strip())]
    epochs = "54.6" if steps == 2_401 else "281"
    assert {f"{epochs} epochs, {steps:,} steps", "inference, samples/s"} <= set(cells)
    assert cells.count("1,010,000") == 2


def test_a_table_too_wide_for_two_columns_has_one(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_run.output.parent)
    settings = msgspec.structs.replace(make_run.settings, batch_size=1_048_576)
    steps = [make_run.step("timed", n, 60.0, kind="window", count=1234) for n in range(2401)]
    found = text_of(make_run(settings=settings, steps=steps)).splitlines()
    assert max(map(len, found)) <= 100
    assert any(line.startswith("  test accuracy") for line in found)
    assert any(line.startswith("  inference, samples/s") for line in found)


def test_an_unfinished_run_is_one_line_beside_the_others(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RunError("crash", "it\x1b broke.")
    failed = make_run("my-failed-run", status="failed", error=error)
    good = make_run("good")
    monkeypatch.chdir(make_run.output.parent)
    found = text_of(failed, good).splitlines()
    assert found[0] == (
        "traces/my-failed-run is not finished: its status is failed (it broke); "
        "what it recorded is in trace.json.gz and tensorboard/"
    )
    assert sum("PyTorch eager trains" in line for line in found) == 1


def test_warnings_of_all_runs_are_told_with_their_runs(make_run: Any) -> None:
    warned = (["all", "two of us"], ["all"], ["all", "two of us", "mine"])
    runs = [
        make_run(f"run-{n}", repeat=n, repeats=3, warnings=texts)
        for n, texts in enumerate(warned, start=1)
    ]
    found = [
        line.strip() for line in text_of(*runs).splitlines() if line.strip().startswith("warning")
    ]
    assert found == ["warning: all", "warning, runs 1 and 3: two of us", "warning, run 3: mine"]


def test_other_settings_have_a_summary_of_their_own(make_run: Any) -> None:
    other = msgspec.structs.replace(make_run.settings, batch_size=64)
    text = text_of(make_run("a"), make_run("b", settings=other))
    assert text.count("PyTorch eager trains") == 2


def test_a_gpu_run_shows_kernels_power_and_energy(make_run: Any) -> None:
    settings = msgspec.structs.replace(make_run.settings, device="cuda:0")
    header = (
        "time_ns,gpu0_utilization_ratio,gpu0_memory_used_bytes,gpu0_power_watts,gpu0_energy_joules"
    )
    windows = [make_run.step("timed", 0, 60.0, kind="window", count=20, samples=640)]
    run = make_run(
        settings=settings,
        steps=windows,
        samples=(header, "500,0.5,2147483648,100,0", "2000,0.5,1,100,150", "3500,0.5,1,100,300"),
        resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
        machine=make_run.environment("GPU-aa", "NVIDIA L4"),
    )
    events = make_run.kineto_events()
    for start in (1050, 2050):
        event = {"ph": "X", "cat": "kernel", "name": "sgemm", "pid": 0, "tid": 7}
        launch = {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 7, "tid": 7}
        number = {"correlation": start}
        events.append(launch | {"ts": start, "dur": 5, "args": number})
        numbers = number | {"device": 0, "stream": 7}
        events.append(event | {"ts": start + 20, "dur": 100, "args": numbers})
    make_run.add_profile(run, events)
    lines = finish.finish_all([run])
    text = "\n".join(line.text for line in run_text.lines(lines[0]))
    assert "NVIDIA L4 (cuda:0)" in text
    assert "median of 1 window of 20" in text
    assert row(text, "sgemm") == "sgemm 1 0.100 100 %"
    assert "GPU 0 had work for 20 % of the profiled steps" in text
    told = " ".join(text.split())
    assert "20.0 % of the profiled steps by the trace · VRAM peak 2.00 GiB" in told


def test_energy_stands_beside_its_method(make_run: Any) -> None:
    header = "time_ns,gpu0_power_watts,gpu0_energy_joules"
    run = make_run(
        settings=msgspec.structs.replace(make_run.settings, device="cuda:0"),
        samples=make_run.densely((header, "500,100,0", "3500,100,300")),
        resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
        machine=make_run.environment("GPU-aa", "NVIDIA L4"),
    )
    make_run.add_profile(run)
    text = " ".join(text_of(run).split())
    assert "power 100 W · energy 200 J in the timed phase (counter, each 0.1 s)" in text
    assert "1,250 J per 1,000 samples" in text  # 200 J for 5 steps of 32


def test_names_from_a_trace_cannot_steer_the_terminal(make_run: Any) -> None:
    run = make_run()
    events = make_run.kineto_events()
    for event in events:
        if event["name"] == "aten::addmm":
            event["name"] = "evil\x1b]0;title\x07" + "x" * 200
    make_run.add_profile(run, events)
    text = text_of(run)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "…" in text
    assert max(len(line) for line in text.splitlines() if "evil" in line) <= 100


def test_microseconds_for_a_short_step(make_run: Any) -> None:
    steps = [make_run.step("timed", index, 0.0083) for index in range(3)]
    run = make_run(steps=steps)
    make_run.add_profile(run)
    text = text_of(run)
    assert "at 8.30 µs per step" in text
    assert row(text, "step, µs").startswith("step, µs 8.30 median of 3 steps")


def test_a_run_without_profile_samples_and_environment_has_its_places_kept(make_run: Any) -> None:
    run = make_run(samples=None)
    (run / rundir.ENVIRONMENT).unlink()
    text = text_of(run)
    assert "no profile could be read" in text
    assert "Cost     not recorded" in text
    assert "Where" not in text


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("traces/a", "with the weights of that run"),
        (None, "with weights that nobody trained"),
    ],
)
def test_inference_is_told_as_such(make_run: Any, source: str | None, note: str) -> None:
    settings = msgspec.structs.replace(make_run.settings, mode="infer", weights_from=source)
    text = text_of(make_run(settings=settings))
    assert text.splitlines()[1].startswith(
        "PyTorch eager runs mnist-mlp at 0.400 ms per forward pass (middle half"
    )
    assert note in row(text, "test accuracy")
