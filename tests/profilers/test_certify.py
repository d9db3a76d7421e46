"""What a command does with the probes of its sides; a script plays the comparison of them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from profilers import certify, probes
from profilers.backend import frameworks
from profilers.certify import Probed
from profilers.plan import Side
from profilers.probe_request import ProbeRequest
from profilers.probes import ProbeFailedError
from profilers.progress import Progress
from profilers.records import RunRecord, Settings
from profilers.rundir import CheckFailedError

SIDES = [("torch", "eager"), ("torch", "compile"), ("tensorflow", "function")]


class Told(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.begun: list[str] = []

    def begin_probe(self, title: str, runs: int) -> None:
        self.begun.append(title)

    def note(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def sides(make_settings: Callable[..., Settings]) -> list[Side]:
    known = frameworks()
    return [
        Side(n, known[name], "", make_settings(framework=name, execution=mode), [], {})
        for n, (name, mode) in enumerate(SIDES)
    ]


@pytest.fixture
def probed(
    monkeypatch: pytest.MonkeyPatch, make_record: Callable[..., RunRecord], tmp_path: Path
) -> Any:
    """The probes of some sides, of which those of the frameworks in `failing` fail."""

    def make(sides: list[Side], failing: tuple[str, ...] = ()) -> tuple[Probed, Told]:
        def made(side: Side, asked: ProbeRequest, progress: Progress) -> Path:
            if side.framework.name in failing:
                raise ProbeFailedError("it broke.")
            return tmp_path / asked.key

        monkeypatch.setattr(probes, "make", made)
        told = Told()
        found = Probed(told, make_record().data, runs=6)
        found.make(sides)
        return found, told

    return make


def answer(monkeypatch: pytest.MonkeyPatch, folder: Path, code: int, **said: str) -> Path:
    """Have a script stand for the analysis; the file that notes what it was called with."""
    calls, script = folder / "calls", folder / "verify.py"
    script.write_text(
        "import sys\n"
        f"open({str(calls)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"print({json.dumps(said)!r}) if {bool(said)} else print('no verify', file=sys.stderr)\n"
        f"sys.exit({code})\n"
    )
    monkeypatch.setattr(certify, "VERIFY", (sys.executable, str(script)))
    return calls


def test_each_model_is_probed_once_and_held_against_the_first(
    probed: Any, sides: list[Side], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = answer(monkeypatch, tmp_path, 0, verdict="same arithmetic", reason="All agree.")
    found, told = probed(sides)
    found.compare(sides)
    (words,) = (line.split() for line in calls.read_text().splitlines())
    assert words[0] != words[1]  # eager and compiled code of one model share a probe
    assert words[2:] == ["--format", "json"]
    assert told.lines == ["parity of PyTorch eager and TensorFlow function: same arithmetic"]


def test_sides_of_which_it_can_not_be_told_are_timed_with_a_warning(
    probed: Any, sides: list[Side], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, tmp_path, 1, verdict="not certifiable", reason="Layers draw: drop.")
    found, told = probed(sides[1:])
    found.compare(sides[1:])
    assert found.warnings == [
        "no parity certificate: PyTorch compile and TensorFlow function: not certifiable. "
        "Layers draw: drop."
    ]
    assert told.lines == [f"warning: {found.warnings[0]}"]


def test_sides_that_are_not_the_same_model_are_not_timed(
    probed: Any, sides: list[Side], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer(monkeypatch, tmp_path, 1, verdict="not comparable", reason="The outputs part at conv1.")
    found, _ = probed(sides[1:])
    with pytest.raises(CheckFailedError) as raised:
        found.compare(sides[1:])
    assert raised.value.exit_code == 1
    said = str(raised.value)
    assert said.startswith(
        "PyTorch compile and TensorFlow function: not comparable. The outputs part at conv1.\n"
    )
    assert "--framework torch --execution compile or --framework tensorflow" in said


def test_without_a_probe_or_an_answer_there_is_a_warning_and_no_certificate(
    probed: Any, sides: list[Side], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = answer(monkeypatch, tmp_path, 2)
    found, told = probed(sides, failing=("torch",))
    found.compare(sides)
    assert not calls.exists()
    assert found.warnings == ["no parity certificate: PyTorch could not be probed: it broke."]
    assert told.lines == [f"warning: {found.warnings[0]}"]
    assert told.begun == ["PyTorch", "TensorFlow"]
    assert found.attach(sides[0], tmp_path) == []
    other, _ = probed([sides[0], sides[2]])
    other.compare([sides[0], sides[2]])
    assert other.warnings == [
        "no parity certificate: the probes of PyTorch eager and TensorFlow function could not be "
        "compared: no verify"
    ]
    (problem,) = other.attach(sides[0], tmp_path)  # the cache was emptied meanwhile
    assert "could not be put into" in problem
