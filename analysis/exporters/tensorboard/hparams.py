"""The HParams table: a row for each run, with its settings and what was measured.

TensorBoard takes the columns from the first declaration that it finds below a folder, so all runs
and comparisons declare the same ones.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analysis.measured import Measured
from analysis.wording import MIB
from profilers.records import Settings
from profilers.summaries import RunSummary

SHOWN_FIRST = 5

Value = str | float


@dataclass(frozen=True)
class Hparam:
    """A column of settings; `number` says what its values are."""

    name: str
    value: Callable[[Measured], Value]
    number: bool = False


@dataclass(frozen=True)
class Metric:
    """A column of results, which is a curve of one point too: its tag and its title."""

    tag: str
    title: str
    value: Callable[[RunSummary], float | None]


HPARAMS = (
    Hparam("framework", lambda run: run.record.settings.framework),
    Hparam("execution", lambda run: run.record.settings.execution),
    Hparam("workload", lambda run: run.record.settings.workload_name),
    Hparam("batch size", lambda run: run.record.settings.batch_size, number=True),
    Hparam("device", lambda run: run.record.settings.device),
    Hparam("precision", lambda run: run.record.settings.precision),
    Hparam("optimizer", lambda run: _optimizer(run.record.settings)),
    Hparam("threads", lambda run: run.record.settings.threads, number=True),
    Hparam("loader", lambda run: _loader(run.record.settings)),
    Hparam("mode", lambda run: run.record.settings.mode),
    Hparam("data", lambda run: run.record.data.name),
    Hparam("options", lambda run: _options(run.record.settings)),
    Hparam("seed", lambda run: run.record.settings.seed, number=True),
    Hparam("version", lambda run: _version(run)),
)
METRICS = (
    Metric(
        "whole_run/step_ms", "step, ms", lambda run: run.step_ms.median if run.step_ms else None
    ),
    Metric("whole_run/samples_per_second", "samples/s", lambda run: run.samples_per_second),
    Metric("whole_run/first_step_ms", "first step, ms", lambda run: run.first_step_ms),
    Metric("whole_run/accuracy", "test accuracy", lambda run: run.accuracy),
    Metric(
        "whole_run/inference_ms",
        "inference of 1, ms",
        lambda run: run.inference_latency_ms.median if run.inference_latency_ms else None,
    ),
    Metric("whole_run/cpu_percent", "CPU, % of one core", lambda run: run.cpu_percent),
    Metric("whole_run/rss_peak_mib", "RSS peak, MiB", lambda run: _mib(run.rss_peak_bytes)),
    Metric("whole_run/gpu_percent", "GPU in use, %", lambda run: run.gpu_percent),
    Metric("whole_run/vram_peak_mib", "VRAM peak, MiB", lambda run: _mib(run.vram_peak_bytes)),
    Metric("whole_run/power_watts", "power, W", lambda run: run.power_watts),
    Metric("whole_run/energy_joules", "energy, J", lambda run: run.energy_joules),
    Metric("whole_run/overhead_ratio", "profiled / timed step", lambda run: run.overhead_ratio),
)


def trial(run: Measured) -> str:
    """What the row of a run is called: what tells runs apart first, as the table cuts it."""
    record = run.record
    settings = record.settings
    return f"{settings.framework} {settings.execution} {record.repeat}, {record.id}"


def values(run: Measured) -> dict[str, Value]:
    """The settings of a run, by column."""
    return {each.name: each.value(run) for each in HPARAMS}


def figures(summary: RunSummary) -> Iterator[tuple[str, float]]:
    """What was measured of a run, by tag."""
    for metric in METRICS:
        value = metric.value(summary)
        if value is not None:
            yield metric.tag, float(value)


def columns() -> Any:
    """The columns as an Experiment message; their values are not listed, so any run fits in.

    TensorBoard shows five columns of settings unless told otherwise, first those that differ, and
    the first five of results.
    """
    from tensorboard.plugins.hparams import api_pb2

    found = api_pb2.Experiment()
    for number, each in enumerate(HPARAMS):
        kind = api_pb2.DATA_TYPE_FLOAT64 if each.number else api_pb2.DATA_TYPE_STRING
        found.hparam_infos.add(name=each.name, type=kind, differs=number < SHOWN_FIRST)
    for metric in METRICS:
        found.metric_infos.add(name=api_pb2.MetricName(tag=metric.tag), display_name=metric.title)
    return found


def _mib(size_bytes: float | None) -> float | None:
    return None if size_bytes is None else size_bytes / MIB


def _optimizer(asked: Settings) -> str:
    stock = asked.optimizer_parity == "stock"
    return asked.optimizer if stock else f"{asked.optimizer} ({asked.optimizer_parity})"


def _loader(asked: Settings) -> str:
    workers = asked.loader_workers
    return f"{asked.loader}, {workers} workers" if workers else asked.loader


def _options(asked: Settings) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(asked.options.items()))


def _version(run: Measured) -> str:
    """Of the framework, as it says itself."""
    versions = run.environment.versions if run.environment else {}
    return versions.get(run.record.settings.framework, "")
