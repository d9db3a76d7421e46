import io
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from profilers import progress
from profilers.progress import LiveProgress, PlainProgress
from profilers.protocol import PhaseBegins, StepDone
from profilers.records import Settings


def test_the_estimate_tells_seconds_or_what_bounds_the_run(
    make_settings: Callable[..., Settings],
) -> None:
    one, five = (progress.estimate([make_settings()] * n) for n in (1, 5))
    assert one.startswith("1 run, about ")
    assert five.startswith("5 runs, about ")
    probed = progress.estimate([make_settings()], probes=2)
    assert int(probed.split()[3]) - int(one.split()[3]) == round(2 * progress.PROBE_SECONDS)
    epochs = progress.estimate([make_settings(epochs=5)])
    assert re.fullmatch(r"1 run of 5 epochs, about \d+ s plus the training", epochs)
    steps = progress.estimate([make_settings(steps=1000)] * 2)
    assert re.fullmatch(r"2 runs of 1,000 timed steps, about \d+ s plus the training", steps)


def test_the_live_lines_show_phase_steps_and_time_left() -> None:
    live = LiveProgress()
    live.begin("PyTorch eager", 2, 5)
    try:
        live.message(PhaseBegins("timed", steps=2000))
        live.message(StepDone(1240, 2.5))
        text = live._lines(now=live._began + 82).plain
    finally:
        live.close()
    assert "run 2 of 5   PyTorch eager   timed   1,240 of 2,000" in text
    assert text.count("━") == round(0.62 * progress.BAR_WIDTH)
    assert "1:22 elapsed, about " in text
    assert "2.5 ms each" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_probe_is_shown_as_part_of_the_first_run() -> None:
    live = LiveProgress()
    live._console = Console(file=io.StringIO(), width=80)
    live.begin_probe("TensorFlow", 10)
    try:
        live.message(PhaseBegins("parity probe", seconds=10.0))
        text = live._lines(now=live._began + 5).plain
        live.note("parity: [same] model")
    finally:
        live.close()
    assert "run 1 of 10   TensorFlow   parity probe" in text
    assert text.count("━") == progress.BAR_WIDTH // 2
    assert isinstance(live._console.file, io.StringIO)
    assert "parity: [same] model" in live._console.file.getvalue()


def test_time_left_shrinks_phase_by_phase() -> None:
    left = [progress._left(phase, 0.0, 0.0, 0) for phase in progress.TYPICAL_SECONDS]
    assert left == sorted(left, reverse=True)
    assert left[-1] == progress.FINISH_SECONDS


def test_time_left_counts_the_runs_that_follow() -> None:
    alone, first_of_three = (progress._left("timed", 3.0, 1.0, after) for after in (0, 2))
    assert first_of_three == pytest.approx(alone + 2 * sum(progress.TYPICAL_SECONDS.values()))


def test_a_line_stays_for_each_run_that_ended() -> None:
    class Record:
        status = "complete"

    live = LiveProgress()
    live._console = Console(file=io.StringIO(), width=40)
    live.begin("PyTorch eager", 1, 2)
    live.end(Record(), "traces/" + "x" * 60, 0.25)  # type: ignore[arg-type]
    live.close()
    assert isinstance(live._console.file, io.StringIO)
    said = live._console.file.getvalue()
    assert "run 1 of 2   PyTorch eager  complete  0.25 ms per step  traces/" + "x" * 60 in said


def test_elsewhere_each_run_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    class Record:
        status = "complete"

    plain = PlainProgress()
    plain.begin("PyTorch eager", 1, 2)
    plain.message(StepDone(1, 0.01))
    plain.end(Record(), "traces/x", 0.25)  # type: ignore[arg-type]
    line = "run 1 of 2  PyTorch eager  complete  0.25 ms per step  traces/x\n"
    assert capsys.readouterr().err == line
