import msgspec
import pytest

from analysis.resources import disturbances
from profilers.doctor import rows
from profilers.doctor.record import (
    Examination,
    FrameworkFound,
    GpuProcess,
    Gpus,
    Machine,
    Measurement,
    SelfTest,
)
from profilers.doctor.rows import Mark, Row
from profilers.environment import KERNELS_UNSEEN

changed = msgspec.structs.replace
LACKING = FrameworkFound(
    name="tensorflow",
    title="TensorFlow",
    interpreter="/opt/bin/python",
    usable=False,
    problem="/opt/bin/python lacks tensorflow; ...",
    install="/opt/bin/python -m pip install tensorflow",
)


def of(found: Examination, section: str) -> list[Row]:
    return next(each for heading, each in rows.sections(found) if heading.startswith(section))


def test_the_machine(machine: Machine) -> None:
    assert rows.machine(machine) == [
        "crossprof 0.1.0",
        "Linux 6.8",
        "Python 3.11.7",
        "8 CPUs usable (affinity 8, no quota, 4 physical cores)",
        "memory 32 GiB",
    ]
    limited = changed(
        machine, container=True, cpus_usable=1.0, cpu_quota=1.0, memory_limit_bytes=1 << 29
    )
    assert rows.machine(limited)[2:] == [
        "in a container",
        "Python 3.11.7",
        "1 CPU usable (affinity 8, quota 1, 4 physical cores)",
        "memory 0.5 GiB (limit; the machine has 32 GiB)",
    ]
    assert "WSL" in rows.machine(changed(machine, wsl=True))


def test_a_framework_that_can_be_used(examination: Examination) -> None:
    (row,) = of(examination, "Frameworks")
    beside = "on cuda:0, CUDA 13.0, cuDNN 92400, numpy 2.4.6"
    assert row == Row(Mark.GOOD, "PyTorch", f"2.13.0  /opt/torch/bin/python  {beside}")


def test_frameworks_that_can_not_be_used(examination: Examination) -> None:
    broken = changed(LACKING, install=None, problem="it does not start (why); see x.")
    found = changed(examination, ready=False, frameworks=[LACKING, broken])
    missing, failing = of(found, "Frameworks")
    text = "not installed in /opt/bin/python:"
    assert missing == Row(Mark.NONE, "TensorFlow", text, LACKING.install or "")
    assert failing == Row(Mark.WARNING, "TensorFlow", "it does not start (why); see x")
    assert rows.summary(found).startswith("Not ready: no framework can be used.")


def test_warnings_of_a_framework_but_those_on_kernels(
    examination: Examination, torch_found: FrameworkFound
) -> None:
    warned = changed(torch_found, warnings=["Slow.", f"{KERNELS_UNSEEN}: why."])
    found = changed(examination, frameworks=[warned])
    assert [row.text for row in of(found, "Frameworks")[1:]] == ["Slow."]


@pytest.mark.parametrize(("cuda", "words"), [("13.0", "too old for its CUDA 13.0"), ("", "alone")])
def test_a_gpu_that_the_framework_does_not_use(
    examination: Examination, torch_found: FrameworkFound, cuda: str, words: str
) -> None:
    versions = {"torch": "2.13.0", **({"cuda": cuda} if cuda else {})}
    on_cpu = changed(torch_found, device="cpu", versions=versions)
    found = changed(examination, frameworks=[on_cpu])
    assert words in of(found, "Frameworks")[1].text
    other = [GpuProcess(pid=1, memory_bytes=1)]
    hidden = changed(examination.gpus.found[0], device=None, processes=other)
    found = changed(found, gpus=Gpus(found=[hidden]))
    assert len(of(found, "Frameworks")) == 1
    _, row = of(found, "Devices")
    assert row.text.endswith("hidden by CUDA_VISIBLE_DEVICES")


@pytest.mark.parametrize(
    ("processes", "text"),
    [
        ([(4121, 1 << 30)], "another process holds 1 GiB (pid 4121): runs will be flagged"),
        ([(4121, None)], "another process uses it (pid 4121): runs will be flagged"),
        (
            [(n, 1 << 29) for n in (1, 2, 3, 4)],
            "4 other processes hold 2 GiB (pids 1, 2, 3, ...): runs will be flagged",
        ),
    ],
)
def test_processes_that_hold_the_gpu(
    examination: Examination, processes: list[tuple[int, int | None]], text: str
) -> None:
    held = [GpuProcess(pid=pid, memory_bytes=size) for pid, size in processes]
    gpu = changed(examination.gpus.found[0], processes=held)
    found = changed(examination, gpus=changed(examination.gpus, found=[gpu]))
    _, described, warned = of(found, "Devices")
    assert described.text == "NVIDIA L4, 24 GiB, driver 580.82, limit 72 W, not MIG"
    assert warned == Row(Mark.WARNING, "cuda:0", text)


@pytest.mark.parametrize(
    ("sizes", "mark", "text"),
    [
        (
            [80 << 20],
            Mark.NONE,
            "another process holds 80 MiB (pid 1) and only draws: runs are not flagged",
        ),
        (
            [80 << 20, 200 << 20],
            Mark.WARNING,
            "2 other processes hold 0.273 GiB (pids 1, 2) and only draw: runs may be flagged",
        ),
        (
            [None],
            Mark.WARNING,
            "another process uses it (pid 1) and only draws: runs may be flagged",
        ),
    ],
)
def test_a_desktop_is_told_apart_from_who_computes(
    examination: Examination, sizes: list[int | None], mark: Mark, text: str
) -> None:
    held = [
        GpuProcess(pid=pid, memory_bytes=size, computes=False)
        for pid, size in enumerate(sizes, start=1)
    ]
    gpu = changed(examination.gpus.found[0], processes=held)
    found = changed(examination, gpus=changed(examination.gpus, found=[gpu]))
    assert of(found, "Devices")[2:] == [Row(mark, "cuda:0", text)]
    both = changed(gpu, processes=[GpuProcess(pid=9, memory_bytes=1 << 30), *held])
    found = changed(examination, gpus=changed(examination.gpus, found=[both]))
    assert [row.text for row in of(found, "Devices")[2:]] == [
        "another process holds 1 GiB (pid 9): runs will be flagged",
        text,
    ]


def test_what_others_may_hold_is_what_runs_are_judged_by() -> None:
    assert rows.UNFLAGGED_BYTES == disturbances.OTHER_BYTES


def test_where_runs_can_not_be_flagged_that_is_said(examination: Examination) -> None:
    gpu = changed(examination.gpus.found[0], processes=[GpuProcess(pid=9, memory_bytes=1 << 30)])
    found = changed(
        examination,
        gpus=changed(examination.gpus, found=[gpu]),
        machine=changed(examination.machine, own_processes=True),
    )
    assert "can't be flagged for it here" in of(found, "Devices")[2].text


def test_without_a_gpu(examination: Examination, torch_found: FrameworkFound) -> None:
    gpus = Gpus(problem="no NVIDIA GPU in this machine")
    found = changed(examination, gpus=gpus, frameworks=[changed(torch_found, device="mps")])
    _, absent, other = of(found, "Devices")
    assert absent.mark is Mark.NONE
    assert other.label == "mps"
    assert "only GPUs of NVIDIA are sampled" in other.text
    missed = Gpus(expected=True, problem="no driver is loaded", remedy="load it")
    _, row, _ = of(changed(found, gpus=missed), "Devices")
    assert row == Row(Mark.WARNING, "GPU", "no driver is loaded; load it")


def test_the_self_test(examination: Examination) -> None:
    (row,) = of(examination, "Self-test of the sampler, 2.0 s")
    late = "late by 0.4 ms (median) and 2.1 ms (worst)"
    assert row == Row(Mark.GOOD, "", f"20 of 20 samples, {late}, 0.7 % of one core")
    slow = changed(examination.self_test, samples=11, cpu_ratio=None)
    (row,) = of(changed(examination, self_test=slow), "Self-test")
    assert row.mark is Mark.WARNING
    assert row.text.endswith("this machine is too busy to sample 10 times a second")
    dead = SelfTest(seconds=2.0, sample_hz=10.0, samples=0, expected=20, problem="It died.")
    assert of(changed(examination, self_test=dead), "Self-test") == [
        Row(Mark.WARNING, "", "It died")
    ]


def test_the_last_line_counts_the_marks_above_it(examination: Examination) -> None:
    assert rows.summary(examination) == "Ready to run."
    missing = Measurement(name="x", title="X", state="unavailable", how="because")
    found = changed(examination, measurements=[missing])
    stays = "1 thing can't be measured here (✗) and stays empty in the results."
    assert rows.summary(found) == f"Ready to run. {stays}"
    limited = Measurement(name="y", title="Y", state="limited", how="in part", remedy="help")
    found = changed(examination, measurements=[missing, missing, limited])
    assert rows.summary(found).startswith("Ready to run. 1 warning (!); 2 things can't be")
    assert of(found, "What can be measured")[2].text == "in part; help"
