"""Tells on stderr how far the runs are: two live lines on a terminal, one line a run elsewhere."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from profilers.protocol import Message, PhaseBegins, StepDone
from profilers.records import RunRecord, Settings

if TYPE_CHECKING:
    from rich.live import Live

# Seconds that each phase takes on two cores, for the first estimate and for the time left.
TYPICAL_SECONDS = {
    "import": 2.0,
    "build": 0.2,
    "data": 0.2,
    "first_step": 0.3,
    "warmup": 0.3,
    "timed": 3.0,
    "evaluation": 0.2,
    "profiled": 0.8,
    "inference": 1.1,
    "peaks": 0.6,
}
FINISH_SECONDS = 1.5
PROBE_SECONDS = 9.0
DEVICE_SECONDS = 5.0  # the timed phase is longer on a device
COMPILE_SECONDS = 30.0
REDRAW_SECONDS = 0.5
BAR_WIDTH = 20


def estimate(runs: Sequence[Settings], probes: int = 0) -> str:
    """How long the command will take, in words; the steps asked for have no known time yet.

    `probes` is how many models are probed before the runs.
    """
    first, count = runs[0], f"{len(runs)} run{'s' * (len(runs) > 1)}"
    seconds = sum(map(_seconds, runs)) + FINISH_SECONDS * len(runs) + PROBE_SECONDS * probes
    if first.epochs is None and first.steps is None:
        return f"{count}, about {seconds:.0f} s"
    if first.epochs is not None:
        timed = f"{first.epochs} epoch{'s' * (first.epochs > 1)}"
    else:
        timed = f"{first.steps:,} timed step{'s' * (first.steps != 1)}"
    return f"{count} of {timed}, about {seconds:.0f} s plus the training"


def _seconds(run: Settings) -> float:
    """What a run takes on two cores, without the steps that it was asked for by number."""
    seconds = sum(TYPICAL_SECONDS.values()) + COMPILE_SECONDS * (run.execution == "compile")
    if run.epochs is not None or run.steps is not None:
        return seconds - TYPICAL_SECONDS["timed"]
    return seconds + DEVICE_SECONDS * (run.device != "cpu")


class Progress:
    """Silent; the base of the two that speak."""

    def begin(self, title: str, number: int, total: int) -> None:
        """Run `number` of `total` starts."""

    def begin_probe(self, title: str, runs: int) -> None:
        """A model is probed before the first of so many runs."""

    def note(self, text: str) -> None:
        """A line that stays: a warning, or what was found out before the runs."""

    def message(self, message: Message) -> None:
        """The measured process said something."""

    def tick(self) -> None:
        """Time has passed."""

    def end(self, record: RunRecord, path: str, step_ms: float | None) -> None:
        """The run is over; `step_ms` is its median timed step."""

    def close(self) -> None:
        """No run follows."""


class PlainProgress(Progress):
    """One line for each run that has ended."""

    def note(self, text: str) -> None:
        """Print the line."""
        print(text, file=sys.stderr, flush=True)

    def begin(self, title: str, number: int, total: int) -> None:
        """Remember which run this is."""
        self._label = f"run {number} of {total}  {title}"

    def end(self, record: RunRecord, path: str, step_ms: float | None) -> None:
        """Print the line."""
        print(_ended(self._label, record, path, step_ms), file=sys.stderr, flush=True)


class LiveProgress(Progress):
    """Two lines that are redrawn in place, twice a second at most."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._next_redraw = 0.0
        self._began = time.monotonic()

    def begin(self, title: str, number: int, total: int) -> None:
        """Show the first line of a run."""
        from rich.live import Live

        self._label = f"run {number} of {total}   {title}"
        self._runs_after = total - number
        self._phase = PhaseBegins("start")
        self._phase_began = time.monotonic()
        self._done, self._step_ms = 0, 0.0
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()

    def begin_probe(self, title: str, runs: int) -> None:
        """Show the first line of the first run, which is still to come."""
        self.begin(title, 1, runs)

    def note(self, text: str) -> None:
        """Leave a line above the live ones."""
        self._console.print(text, soft_wrap=True, markup=False)

    def message(self, message: Message) -> None:
        """Note the phase or step."""
        if isinstance(message, PhaseBegins):
            self._phase, self._phase_began = message, time.monotonic()
            self._done, self._step_ms = 0, 0.0
        elif isinstance(message, StepDone):
            self._done, self._step_ms = message.done, message.step_ms

    def tick(self) -> None:
        """Redraw if that was not done just now."""
        now = time.monotonic()
        if self._live is not None and now >= self._next_redraw:
            self._next_redraw = now + REDRAW_SECONDS
            self._live.update(self._lines(now), refresh=True)

    def end(self, record: RunRecord, path: str, step_ms: float | None) -> None:
        """Leave a line above the live ones."""
        self._console.print(_ended(self._label, record, path, step_ms), soft_wrap=True)

    def close(self) -> None:
        """Take the lines off the screen."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _lines(self, now: float) -> Any:
        from rich.text import Text

        elapsed, share = now - self._phase_began, self._share(now)
        left = _left(self._phase.phase, self._expected(), elapsed, self._runs_after)
        filled = round(share * BAR_WIDTH)
        count = f"{self._done:,} of {self._phase.steps:,}" if self._phase.steps else ""
        if self._done and not self._phase.steps:
            count = f"{self._done:,} {'calls' if self._phase.phase == 'inference' else 'steps'}"
        text = Text(f"{self._label}   {self._phase.phase.replace('_', ' ')}   {count}   ")
        text.append("━" * filled, style="bold")
        text.append("─" * (BAR_WIDTH - filled), style="dim")
        step = f"   {self._step_ms:.3g} ms each" if self._step_ms else ""
        text.append(f"\n{' ' * 13}{_clock(now - self._began)} elapsed, about {_clock(left)} left")
        return text.append(step)

    def _expected(self) -> float:
        if self._phase.steps and self._step_ms:
            return self._phase.steps * self._step_ms / 1e3
        return self._phase.seconds or TYPICAL_SECONDS.get(self._phase.phase, 0.0)

    def _share(self, now: float) -> float:
        if self._phase.steps:
            return min(1.0, self._done / self._phase.steps)
        expected = self._expected()
        return min(1.0, (now - self._phase_began) / expected) if expected else 0.0


def _ended(label: str, record: RunRecord, path: str, step_ms: float | None) -> str:
    """What became of a run, in one line."""
    step = "" if step_ms is None else f"{step_ms:.3g} ms per step  "
    return f"{label}  {record.status}  {step}{path}"


def _left(phase: str, expected: float, elapsed: float, runs_after: int) -> float:
    """Seconds until the end: of the phase, the later phases, the later runs, the summary."""
    names = list(TYPICAL_SECONDS)
    later = names[names.index(phase) + 1 :] if phase in TYPICAL_SECONDS else names
    rest = sum(TYPICAL_SECONDS[name] for name in later) + FINISH_SECONDS
    return max(0.0, expected - elapsed) + rest + runs_after * sum(TYPICAL_SECONDS.values())


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
