"""What the resource sampler costs: its CPU time, its rate, and the slow-down of a training step.

Usage: python benchmarks/sampler_cost.py [--hz 5 10 20] [--rounds 500] [--json]

A sampler for each rate watches a process that trains an MLP (784-64-10, batch 32, one thread), with
all sources that this machine has; all but one are held by SIGSTOP. For the slow-down, short blocks
of training without a sampler and with each of them follow each other in random order within each
round; a round's figure is the ratio of two median step times. The median does not see the few steps
that share a core with a sample, so the ratio of the means stands beside it. Single rounds are off
by a third or more where other machines share the hardware, so over the rounds ranks count. Exit
code 1 if a target is not met, which they are for 10 Hz.
"""

import argparse
import gc
import json
import math
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import numpy as np
import psutil
from scipy import stats

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from profilers import rundir  # noqa: E402
from profilers.records import RunRecord  # noqa: E402

WATCH_SECONDS = 20.0
BLOCK_SECONDS = 0.1
SETTLING_SECONDS = 0.02
FEWEST_ROUNDS = 6
"""With fewer, no interval of 95 % can be had from ranks."""
TARGET_HZ = 10.0
CPU_TARGET_RATIO = 0.015
RATE_TARGET_RATIO = 0.05
SLOWDOWN_TARGET_RATIO = 1.02


@dataclass(frozen=True)
class Block:
    """Step times of one block of training, in nanoseconds."""

    median_ns: float
    mean_ns: float


@dataclass(frozen=True)
class Ratio:
    """The Hodges-Lehmann estimate of a ratio, and its 95 % interval by Wilcoxon's signed ranks."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Costs:
    """What was measured; ratios are those of step times with the sampler to those without."""

    sample_hz: float
    rounds: int
    cpu_ratio: float
    achieved_hz: float
    median_step_us: float
    median_ratio: Ratio
    mean_ratio: Ratio

    @property
    def targets(self) -> dict[str, bool]:
        """Whether each target was met; there are none for other rates than that of every run."""
        if self.sample_hz != TARGET_HZ:
            return {}
        return {
            "cpu": self.cpu_ratio < CPU_TARGET_RATIO,
            "rate": abs(self.achieved_hz / self.sample_hz - 1) <= RATE_TARGET_RATIO,
            "slowdown": self.median_ratio.high < SLOWDOWN_TARGET_RATIO,
        }


def train(orders: Connection) -> None:
    """The watched process: trains for as many seconds as it is told, again and again."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters())
    inputs, labels = torch.randn(32, 784), torch.randint(0, 10, (32,))
    gc.disable()
    while (seconds := orders.recv()) is not None:
        durations_ns = []
        end_ns = time.perf_counter_ns() + int(seconds * 1e9)
        while (begin_ns := time.perf_counter_ns()) < end_ns:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
            durations_ns.append(time.perf_counter_ns() - begin_ns)
        orders.send(Block(statistics.median(durations_ns), statistics.fmean(durations_ns)))


def train_for(worker: Connection, seconds: float) -> Block:
    """Have the worker train for some seconds."""
    worker.send(seconds)
    block: Block = worker.recv()
    return block


@contextmanager
def running_worker() -> Iterator[tuple[Connection, int]]:
    """A warmed-up training process, by the pipe to it and its pid."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=train, args=(theirs,))
    process.start()
    assert process.pid is not None
    try:
        train_for(ours, 2.0)
        yield ours, process.pid
    finally:
        ours.send(None)
        process.join()


@contextmanager
def running_sampler(run: Path, pid: int) -> Iterator[psutil.Process]:
    """The sampler, started as profile.py does it and watching `pid`, but held."""
    sampler = subprocess.Popen(
        [sys.executable, "-P", "-m", "profilers.sampling.sampler", str(run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert sampler.stdin is not None
    assert sampler.stdout is not None
    sampler.stdout.readline()
    sampler.stdin.write(json.dumps({"pid": pid}).encode() + b"\n")
    sampler.stdin.flush()
    sampler.send_signal(signal.SIGSTOP)
    try:
        yield psutil.Process(sampler.pid)
    finally:
        sampler.send_signal(signal.SIGCONT)
        sampler.communicate(b'{"stop": true}\n')


def write_run(run: Path, sample_hz: float) -> None:
    """A run.json that tells the sampler its rate; the rest of it only has to be there."""
    words = ("framework", "workload", "data", "device", "execution", "optimizer", "precision")
    numbers = ("batch_size", "warmup", "profile_steps", "threads", "seed")
    record = {
        "id": run.name,
        "status": "running",
        "created_ns": time.time_ns(),
        "version": "benchmark",
        "settings": {
            **dict.fromkeys(words, "benchmark"),
            **dict.fromkeys(numbers, 1),
            "sample_hz": sample_hz,
        },
        "data": {
            **dict.fromkeys(("name", "description", "cache_key", "sha256"), "benchmark"),
            **dict.fromkeys(("train_count", "test_count", "classes"), 1),
            "input_shape": [1],
        },
        "repeat": 0,
        "repeats": 1,
    }
    rundir.write_json(run / rundir.RUN, msgspec.convert(record, RunRecord))


def count_rows(run: Path) -> int:
    """Samples taken so far."""
    return (run / rundir.RESOURCES).read_bytes().count(b"\n") - 1


def cpu_and_rate(worker: Connection, sampler: psutil.Process, run: Path) -> tuple[float, float]:
    """CPU seconds of the sampler per second, and samples per second, while the worker trains."""

    def state() -> tuple[float, int, float]:
        cpu = sampler.cpu_times()
        return cpu.user + cpu.system, count_rows(run), time.monotonic()

    cpu_begin, rows_begin, begin = state()
    train_for(worker, WATCH_SECONDS)
    cpu_end, rows_end, end = state()
    return (cpu_end - cpu_begin) / (end - begin), (rows_end - rows_begin) / (end - begin)


def alternate(
    worker: Connection, samplers: Mapping[float, psutil.Process], rounds: int
) -> list[dict[float, Block]]:
    """By rate a block of training in each round; that without a sampler has the rate 0."""
    found = []
    for _ in range(rounds):
        blocks: dict[float, Block] = {}
        for rate in random.sample([0.0, *samplers], 1 + len(samplers)):
            with going(samplers.get(rate)):
                train_for(worker, SETTLING_SECONDS)
                blocks[rate] = train_for(worker, BLOCK_SECONDS)
        found.append(blocks)
    return found


@contextmanager
def going(sampler: psutil.Process | None) -> Iterator[None]:
    """Let this sampler go on for a while."""
    if sampler is None:
        yield
        return
    sampler.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        sampler.send_signal(signal.SIGSTOP)


def ratio(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """The ratio of pairs (other, baseline), of which there are at least FEWEST_ROUNDS.

    Source: Hollander and Wolfe, Nonparametric Statistical Methods, section 3.3, on logarithms, with
    the normal approximation of the ranks' sum.
    """
    logs = np.log([other / baseline for other, baseline in pairs])
    count = len(logs)
    means = np.sort((logs[:, None] + logs)[np.triu_indices(count)] / 2)
    spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    low = math.floor(len(means) / 2 - stats.norm.ppf(0.975) * spread)
    chosen = np.exp([np.median(means), means[low - 1], means[-low]])
    return Ratio(*(float(each) for each in chosen))


def measure(rates: Sequence[float], rounds: int) -> list[Costs]:
    """Run the whole benchmark."""
    with ExitStack() as stack:
        worker, pid = stack.enter_context(running_worker())
        samplers, watched = {}, {}
        for rate in rates:
            run = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            write_run(run, rate)
            samplers[rate] = stack.enter_context(running_sampler(run, pid))
            with going(samplers[rate]):
                watched[rate] = cpu_and_rate(worker, samplers[rate], run)
        blocks = alternate(worker, samplers, rounds)
    return [
        Costs(
            sample_hz=rate,
            rounds=rounds,
            cpu_ratio=watched[rate][0],
            achieved_hz=watched[rate][1],
            median_step_us=statistics.median(each[0].median_ns for each in blocks) / 1000,
            median_ratio=ratio([(each[rate].median_ns, each[0].median_ns) for each in blocks]),
            mean_ratio=ratio([(each[rate].mean_ns, each[0].mean_ns) for each in blocks]),
        )
        for rate in rates
    ]


def table(found: Sequence[Costs]) -> str:
    """The figures by rate, and whether targets were met."""

    def interval(of: Ratio) -> str:
        return f"{of.estimate:.4f} [{of.low:.4f}, {of.high:.4f}]"

    lines = [
        f"{found[0].rounds} rounds; median step without a sampler {found[0].median_step_us:.0f} us",
        f"{'asked, Hz':<11}{'had, Hz':<10}{'CPU, % of a core':<18}"
        f"{'median step, with / without':<30}mean step, with / without",
    ]
    for costs in found:
        missed = [name for name, met in costs.targets.items() if not met]
        verdict = f"  NOT MET: {', '.join(missed)}" if missed else ""
        lines.append(
            f"{costs.sample_hz:<11g}{costs.achieved_hz:<10.2f}{100 * costs.cpu_ratio:<18.2f}"
            f"{interval(costs.median_ratio):<30}{interval(costs.mean_ratio)}{verdict}"
        )
    target = f"CPU < {100 * CPU_TARGET_RATIO:g} %, rate within 5 %, median's upper end"
    return "\n".join([*lines, f"at {TARGET_HZ:g} Hz: {target} < {SLOWDOWN_TARGET_RATIO:g}"])


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--hz", type=float, nargs="+", default=[5.0, 10.0, 20.0], help="samples per second"
    )
    parser.add_argument(
        "--rounds", type=int, default=500, help=f"rounds of blocks, at least {FEWEST_ROUNDS}"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.rounds < FEWEST_ROUNDS or min(options.hz) <= 0:
        parser.error(f"--rounds must be at least {FEWEST_ROUNDS} and --hz above 0")
    found = measure(options.hz, options.rounds)
    if options.json:
        rates = [{**asdict(costs), "targets": costs.targets} for costs in found]
        print(json.dumps({"schema": 2, "warnings": [], "rates": rates}))
    else:
        print(table(found))
    return 0 if all(all(costs.targets.values()) for costs in found) else 1


if __name__ == "__main__":
    sys.exit(main())
