"""A comparison built by hand: two sides of three runs each on a GPU, and variations of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.alignment.record import LevelRow, Levels
from analysis.anatomy.record import Anatomy, BreakEven, Limited
from analysis.comparison.compare import Compared
from analysis.comparison.record import (
    Change,
    ComparedProcess,
    ComparedSide,
    Comparison,
    Evidence,
    Figure,
    Pair,
    Range,
    SameWork,
    SideProfile,
)
from analysis.finish import Finished
from analysis.measured import Measured
from analysis.partition.record import Part, Partition, Stretch
from analysis.report import page as pages
from analysis.report.render import render
from analysis.report.subject import Subject
from analysis.resources import energy, run_cost, sensors
from analysis.resources.samples import CPU, RSS, Samples
from analysis.summary import of_measured
from profilers.records import Environment, Phase, ResourcesRecord, Result, RunRecord, Settings, Step
from profilers.summaries import ComparisonSummary, Ratio

START_NS, MS, SECOND = 1_790_000_000_000_000_000, 1_000_000, 1_000_000_000
SIDES = (("torch", "eager", "PyTorch eager"), ("tensorflow", "function", "TensorFlow function"))
STEPS_MS = ((2.84, 2.81, 2.88), (3.41, 3.37, 3.47))
PHASES_MS = {
    "data": (0.11, 0.19),
    "forward": (0.62, 0.55),
    "loss": (0.06, 0.09),
    "backward": (1.08, 1.62),
    "optimizer": (0.21, 0.43),
}
IDLE = energy.Idle(watts=20.0, seconds=1.5)
IDLE_MS = (0.76, 0.53)
LAYERS_MS = {"conv1 + relu": (0.40, 0.50), "conv2 + relu": (0.68, 1.12)}


def row(key: str, level_ms: tuple[float | None, float | None], **others: Any) -> LevelRow:
    """A row of the device's budget, in ms."""
    baseline, other = (None if ms is None else ms * MS for ms in level_ms)
    difference = (other or 0.0) - (baseline or 0.0)
    return LevelRow(
        key=key,
        budget="device",
        baseline_ns=baseline,
        other_ns=other,
        difference_ns=difference,
        **{"low_ns": difference - 0.05 * MS, "high_ns": difference + 0.05 * MS, **others},
    )


def levels() -> Levels:
    """Phases, layers of the backward pass, categories and operations that add up to 0.57 ms."""
    idle = row("device idle", IDLE_MS, kind="idle")
    phases = [row(name, both, phase=name) for name, both in PHASES_MS.items()]
    layers = [
        row(
            f"{name}, backward",
            both,
            phase="backward",
            layer=name,
            flops=(1e9, 1e9),
            bytes=(1e7, 1e7),
        )
        for name, both in LAYERS_MS.items()
    ]
    ops = [
        row("layout, backward", (None, 0.28), phase="backward", category="layout",
            names=([], ["Transpose"]), counts=(None, 6.0)),
        row("convolution, backward", (1.08, 1.34), phase="backward", category="convolution",
            names=(["aten::convolution_backward"], ["Conv2DBackpropFilter"]), counts=(3.0, 5.0)),
        row("adam, optimizer", (0.21, 0.43), phase="optimizer", category="optimizer",
            names=(["aten::_foreach_add"], ["Sqrt", "Mul"]), counts=(9.0, 62.0)),
        row("rest", (0.79, 0.83), category="elementwise"),
    ]  # fmt: skip
    categories = [
        row("layout", (None, 0.28), category="layout"),
        row("convolution", (1.08, 1.34), category="convolution"),
        row("optimizer", (0.21, 0.43), category="optimizer"),
        row("elementwise", (0.79, 0.83), category="elementwise"),
    ]
    return Levels(
        rows={
            "phase": [*phases, idle],
            "layer": [*layers, idle],
            "category": [*categories, idle],
            "op": [*ops, idle],
            "kernel": [row("sgemm", (0.5, 0.6), names=(["sgemm"], ["sgemm"]))],
        },
        budget="device",
        headline_ns=0.57 * MS,
        aligned_by="layers",
        unaligned_ratio=0.02,
        pairs=3,
    )


def partition(side: int) -> Partition:
    """One profiled step on a device, whose parts are those of the levels."""
    parts = [
        Part(budget="device", kind="kernel", phase=name, layers=("conv1",), category="convolution",
             op=f"op of {name}", name=f"kernel of {name}", count=2, time_ns=round(both[side] * MS),
             flops=10**9, bytes=10**7)
        for name, both in PHASES_MS.items()
    ]  # fmt: skip
    parts.append(Part(budget="device", kind="idle", time_ns=round(IDLE_MS[side] * MS)))
    starts = np.cumsum([0, *(round(part.time_ns) for part in parts)])
    return Partition(
        steps=1,
        marked=True,
        steps_ns=round(STEPS_MS[side][0] * MS),
        device_ns=round(STEPS_MS[side][0] * MS),
        devices=["0"],
        busy_ns={"0": sum(part.time_ns for part in parts[:-1])},
        parts=parts,
        stretches=[
            Stretch("device 0", int(start), part.time_ns, part.phase)
            for start, part in zip(starts, parts, strict=False)
        ],
        median_step_ns=round(STEPS_MS[side][0] * MS),
        phases_known=True,
        layers_known=True,
    )


def anatomy(side: int) -> Anatomy:
    """What it is made of."""
    return Anatomy(
        step_ns=STEPS_MS[side][0] * MS,
        phases_ns={name: both[side] * MS for name, both in PHASES_MS.items()},
        host_gap_ns=0.1 * MS,
        device_busy_ns=2.08 * MS,
        device_idle_ns=IDLE_MS[side] * MS,
        limited=Limited("device-bound", ["the device is busy for 75 % of the step"]),
    )


def environment(side: int) -> Environment:
    framework = SIDES[side][0]
    return Environment(
        python="3.11.7",
        platform="Linux",
        cpu_model="A processor",
        versions={framework: "2.1"},
        build={},
        devices=[{"device": "cuda:0", "name": "NVIDIA L4", "uuid": "u"}],
        threads={"intra_op": 8},
        precision={},
        variables={},
    )


def samples(gpu: bool = True) -> Samples:
    """Ten samples a second over ten seconds; the GPU's where there is one."""
    seconds = np.arange(101.0) / 10
    columns = {CPU[0]: seconds, CPU[1]: 0 * seconds, RSS: np.full(101, 2.0 * 2**30)}
    if gpu:
        columns |= {
            "gpu0_utilization_ratio": np.full(101, 0.8),
            "gpu0_memory_used_bytes": np.full(101, 6.0 * 2**28),
            "gpu0_power_watts": np.full(101, 60.0),
            "gpu0_energy_joules": 60.0 * seconds,
        }
    record = ResourcesRecord(
        sample_hz=10.0,
        units={},
        anchors=[],
        capabilities={"gpu": "no NVIDIA driver on this machine"},
        limits={"cpu_count": 8.0},
    )
    time_ns = START_NS + (seconds * SECOND).astype(np.int64)
    reason = "no NVIDIA driver on this machine"
    return Samples(time_ns, columns, record, 0 if gpu else None, "" if gpu else reason)


@dataclass(frozen=True)
class Maker:
    """Builds comparisons below a folder."""

    folder: Path
    settings: Settings
    record: RunRecord

    def settings_of(self, side: int) -> Settings:
        framework, execution, _ = SIDES[side]
        return msgspec.structs.replace(self.settings, framework=framework, execution=execution)

    def run(self, side: int, number: int, gpu: bool = True) -> Finished:
        path = self.folder / f"run-{number}-{side}"
        path.mkdir(parents=True, exist_ok=True)
        settings = self.settings_of(side)
        step = round(STEPS_MS[side][number - 1] * MS)
        steps = [
            Step(phase=phase, epoch=0, index=index, start_ns=START_NS + index * MS,
                 duration_ns=step, samples=32, profiled=phase == "profiled")
            for phase in ("first_step", "timed", "profiled")
            for index in range(20)
        ]  # fmt: skip
        phases = [Phase("warmup", START_NS, 2 * SECOND), Phase("timed", START_NS + 2 * SECOND,
                                                              6 * SECOND)]  # fmt: skip
        found = samples(gpu)
        window = run_cost.window_of(phases, "timed")
        measured = Measured(
            run=path,
            record=msgspec.structs.replace(
                self.record, id=path.name, settings=settings, status="complete"
            ),
            phases=phases,
            steps=steps,
            samples=found,
            figures=run_cost.figures(found, window),
            energy=energy.of_window(sensors.of_gpu(found), window, IDLE),
            package_energy=energy.of_window(sensors.of_packages(found), window),
            idle=IDLE,
            result=Result(
                parameters=1, weights_sha256="a" * 64, data_sha256="b" * 64, batches=[],
                parameter_norm=1.0, steps_per_epoch=10, trained_steps=20, accuracy=0.8,
                test_loss=0.5,
            ),
            environment=environment(side),
        )  # fmt: skip
        return Finished(measured, of_measured(measured), None, [])

    def side(self, number: int, rounds: int, flags: dict[int, list[str]]) -> ComparedSide:
        framework, execution, label = SIDES[number]
        return ComparedSide(
            label=label,
            framework=framework,
            execution=execution,
            runs=[
                ComparedProcess(
                    round=each,
                    order=2 * each + number,
                    id=f"run-{each}-{number}",
                    path=f"../run-{each}-{number}",
                    complete=True,
                    flags=flags.get(each, []),
                )
                for each in range(1, rounds + 1)
            ],
            settings=self.settings_of(number),
            data=self.record.data,
            environment=environment(number),
            usable_cpus=8.0,
        )

    def __call__(self, rounds: int = 3, gpu: bool = True, **others: Any) -> Compared:
        """Two sides of so many rounds; keywords replace fields of the record."""
        directory = self.folder / "compare-1"
        directory.mkdir(parents=True, exist_ok=True)
        ratio = Ratio(1.20, 1.18, 1.23, rounds)
        record = Comparison(
            id="compare-1",
            sides=[label for *_, label in SIDES],
            comparisons=[summary(directory, ratio)],
            rounds=rounds,
            order_seed=7,
            baseline=0,
            compared=[self.side(0, rounds, {}), self.side(1, rounds, {})],
            evidence=[evidence(rounds)],
            figures=figures(gpu, rounds),
            profiles=[profile(), profile()],
            anatomies=[anatomy(0), anatomy(1)],
            levels=[levels()],
            warned=[],
            cost_notes=[] if gpu else ["GPU: no NVIDIA driver on this machine"],
            cost_methods=[],
        )
        record = msgspec.structs.replace(record, **others)
        runs = [self.run(side, each, gpu) for side in (0, 1) for each in range(1, rounds + 1)]
        partitions = [[partition(side)] * rounds for side in (0, 1)]
        return Compared(directory, record, runs, partitions)

    def alone(self) -> Compared:
        """One run of one side."""
        whole = self(rounds=1)
        record = msgspec.structs.replace(
            whole.record,
            sides=whole.record.sides[:1],
            compared=whole.record.compared[:1],
            comparisons=[],
            evidence=[],
            levels=[],
            figures=[
                msgspec.structs.replace(each, ranges=each.ranges[:1], changes=[])
                for each in whole.record.figures
            ],
            anatomies=whole.record.anatomies[:1],
            profiles=whole.record.profiles[:1],
        )
        directory = self.folder / "run-1-0"
        own = msgspec.structs.replace(record.compared[0].runs[0], path=".")
        record = msgspec.structs.replace(
            record, compared=[msgspec.structs.replace(record.compared[0], runs=[own])]
        )
        return Compared(directory, record, whole.runs[:1], whole.partitions[:1])

    def foreign(self) -> Compared:
        """Two traces of other tools, of which only the profiled steps are known."""
        whole = self(rounds=1)
        ranges: list[Range | None] = [Range(2.84, 2.84, 2.84, 1), Range(3.41, 3.41, 3.41, 1)]
        sides = [
            ComparedSide(label=label, framework="", execution="", runs=side.runs)
            for label, side in zip(("one", "two"), whole.record.compared, strict=True)
        ]
        stamp = "uncertified: foreign traces"
        no_verdict = msgspec.structs.replace(
            summary(whole.directory, None), baseline="one", other="two", verdict="no verdict"
        )
        record = msgspec.structs.replace(
            whole.record,
            sides=["one", "two"],
            compared=sides,
            comparisons=[no_verdict],
            evidence=[bare_evidence("two")],
            figures=[
                Figure(key="profiled_step_ms", kind="ratio", ranges=ranges, changes=[None]),
            ],
            profiles=[None, None],
            levels=[msgspec.structs.replace(levels(), stamp=stamp, pairs=1)],
            stamp=stamp,
        )
        return replace(whole, record=record, runs=[])


def bare_evidence(other: str) -> Evidence:
    return Evidence(
        other=other, kind="no pair", pairs=[], dropped=[], mean_log_ratio=None, deviation=None,
        p_value=None, holm_threshold=None, repeats_needed=None, same_work=None,
    )  # fmt: skip


def summary(directory: Path, ratio: Ratio | None) -> ComparisonSummary:
    return ComparisonSummary(
        baseline="PyTorch eager",
        other="TensorFlow function",
        ratio=ratio,
        verdict="different",
        parity=None,
        conditions="same",
        path=str(directory),
    )


def evidence(rounds: int, **others: Any) -> Evidence:
    pairs = [
        Pair(round=each, baseline_run="a", other_run="b", first="baseline",
             baseline_ms=STEPS_MS[0][each - 1], other_ms=STEPS_MS[1][each - 1], log_ratio=0.18)
        for each in range(1, rounds + 1)
    ]  # fmt: skip
    kinds = {1: "one pair", 2: "two pairs"}
    values: dict[str, Any] = {
        "other": "TensorFlow function",
        "kind": kinds.get(rounds, "different"),
        "pairs": pairs,
        "dropped": [],
        "mean_log_ratio": 0.18,
        "deviation": 0.01,
        "p_value": 0.001,
        "holm_threshold": 0.05,
        "repeats_needed": None,
        "same_work": SameWork(
            same=("weights", "batches"), differing=(), unknown=(), loss_difference=0.0
        ),
        "break_even": BreakEven((410.0, 1860.0), None, "PyTorch eager is ahead from the start."),
    }
    return Evidence(**values | others)


def profile() -> SideProfile:
    return SideProfile(
        runs=3, phase_ratio=0.99, layer_ratio=0.9, dropped=0,
        recorded_ops=None, graph_ops=None, thinned=False,
    )  # fmt: skip


def figures(gpu: bool, rounds: int) -> list[Figure]:
    found = {
        "step_ms": ((2.84, 3.41), 1.20),
        "samples_per_second": ((45_100.0, 37_500.0), 0.83),
        "first_step_ms": ((410.0, 1860.0), 4.54),
        "cpu_percent": ((104.0, 162.0), 1.56),
        "rss_peak_bytes": ((2.31 * 2**30, 3.05 * 2**30), 1.32),
    }
    if gpu:
        found |= {
            "energy_joules_per_1000_samples": ((1.29, 1.65), 1.27),
            "vram_peak_bytes": ((612.0 * 2**20, 798.0 * 2**20), 1.30),
            "gpu_percent": ((78.0, 88.0), 1.13),
            "power_watts": ((58.3, 61.9), 1.06),
        }
    return [
        Figure(
            key=key,
            kind="ratio",
            ranges=[Range(value, 0.98 * value, 1.02 * value, rounds) for value in both],
            changes=[Change(ratio, 0.98 * ratio, 1.02 * ratio, rounds)],
        )
        for key, (both, ratio) in found.items()
    ]


@pytest.fixture
def make_compared(tmp_path: Path, make_record: Callable[..., RunRecord]) -> Maker:
    record = make_record(threads=8, profile_steps=20, device="cuda:0")
    return Maker(tmp_path / "traces", record.settings, record)


@pytest.fixture
def page_of() -> Callable[[Compared], pages.Page]:
    """The page's data, before anything is drawn."""
    return lambda compared: pages.page(Subject(compared))


@pytest.fixture
def html_of() -> Callable[[Compared], str]:
    """The page without its charts."""
    return lambda compared: render(pages.page(Subject(compared)), {}, "")
