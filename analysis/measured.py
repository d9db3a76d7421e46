"""What a run directory holds beside the profile, read once for all that tells of the run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.resources import energy, run_cost, samples, sensors
from analysis.resources.energy import NO_BASELINE, Energy, Idle
from analysis.resources.shares import STEPPED, Shares, shares_of
from profilers import rundir
from profilers.records import Environment, Phase, Result, RunRecord, Step


def model_end_ns(phases: Sequence[Phase]) -> int | None:
    """When a run begins to measure what its machine can reach; None where it doesn't.

    From then on its memory and use of resources are no longer those of its model.
    """
    peaks = run_cost.window_of(phases, "peaks")
    return peaks.start_ns if peaks else None


@dataclass(frozen=True, eq=False)
class Measured:
    """What was read of a run; what it never wrote is None or empty.

    `energy` and `package_energy` are those of the timed phase: of the run's GPU, and of all
    processor packages. `idle` and `package_idle` are what they took before the run.
    """

    run: Path
    record: RunRecord
    phases: list[Phase]
    steps: list[Step]
    samples: samples.Samples | None
    figures: run_cost.Figures | None
    energy: Energy
    package_energy: Energy
    idle: Idle
    result: Result | None
    environment: Environment | None
    package_idle: Idle = NO_BASELINE

    @property
    def complete(self) -> bool:
        """Whether the run got to its end."""
        return self.record.status == "complete" and self.result is not None

    @property
    def shares(self) -> Shares:
        """The steps and samples among which the figures of the timed phase are shared."""
        return shares_of(STEPPED, self.steps)

    @property
    def trained_to(self) -> float | None:
        """The test accuracy that this run's own training led to, from new weights on."""
        settings = self.record.settings
        if self.result is None or settings.mode != "train" or settings.weights_from is not None:
            return None
        return self.result.accuracy


def read(run: Path) -> Measured:
    """Read what the run recorded; a file that a failed run never wrote is None or empty.

    Raises:
        ProfileError: the folder is not a run, or a file of it is damaged.
    """
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    window = run_cost.window_of(phases, "timed")
    end_ns = model_end_ns(phases)
    recorded = samples.read(run)
    before = run_cost.before(recorded, phases) if recorded else None
    gpu, packages = sensors.of_gpu(recorded), sensors.of_packages(recorded)
    idle, package_idle = energy.idle(gpu, before), energy.idle(packages, before)
    has_result = (run / rundir.RESULT).exists()
    has_environment = (run / rundir.ENVIRONMENT).exists()
    return Measured(
        run=run,
        record=record,
        phases=phases,
        steps=rundir.read_rows(run / rundir.STEPS, Step),
        samples=recorded,
        figures=None if recorded is None else run_cost.figures(recorded, window, end_ns),
        energy=energy.of_window(gpu, window, idle),
        package_energy=energy.of_window(packages, window, package_idle),
        idle=idle,
        package_idle=package_idle,
        result=rundir.read_json(run / rundir.RESULT, Result) if has_result else None,
        environment=rundir.read_json(run / rundir.ENVIRONMENT, Environment)
        if has_environment
        else None,
    )
