"""The order of runs with a made-up measured process, and whole comparisons with real ones."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from profilers import records, rounds, rundir
from profilers.backend import frameworks
from profilers.parity_record import PARITY, PARITY_ARRAYS, ParityRecord
from profilers.plan import Plan, Side
from profilers.progress import Progress
from profilers.records import MissingSide, Result, RoundsRecord, RunRecord, Settings
from profilers.rounds import COMPLETE, FAILED, INTERRUPTED, UNMET, Rounds
from profilers.rundir import CheckFailedError
from tests.frameworks import need_tensorflow

Command = Callable[..., "subprocess.CompletedProcess[str]"]


class Launched:
    """What was launched, in order; runs end with the status that `fates` has for their number."""

    def __init__(self) -> None:
        self.records: list[RunRecord] = []
        self.fates: dict[int, str] = {}

    def __call__(self, run: Path, record: RunRecord, *_: object) -> "Launched":
        self.records.append(record)
        assert (run / rundir.RAW).is_dir()
        return self

    def measure(self) -> RunRecord:
        fate = self.fates.get(len(self.records), "complete")
        return msgspec.structs.replace(self.records[-1], status=fate)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    made = Launched()
    monkeypatch.setattr(rounds, "Launch", made)
    return made


@pytest.fixture
def make_plan(
    tmp_path: Path, make_settings: Callable[..., Settings], make_record: Callable[..., RunRecord]
) -> Callable[..., Plan]:
    def make(*names: str, teacher: bool = False, **changes: Any) -> Plan:
        known = frameworks()
        sides = [
            Side(number, known[name], sys.executable, make_settings(framework=name), [])
            for number, name in enumerate(names)
        ]
        plain = Plan(
            asked=[records.Side(name, "eager") for name in names],
            missing=[],
            sides=sides,
            teacher=Side(None, known["torch"], sys.executable, make_settings(), [])
            if teacher
            else None,
            data=make_record().data,
            output=tmp_path,
            name="x",
            repeats=1,
        )
        return replace(plain, **changes)

    return make


def order(record: RoundsRecord) -> list[tuple[int, int]]:
    return [(run.round, run.side) for run in record.runs]


def read(folder: Path | None) -> RoundsRecord:
    assert folder is not None
    return rundir.read_json(folder / rundir.ROUNDS, RoundsRecord)


def test_sides_are_interleaved_in_an_order_that_the_seed_gives(
    launched: Launched, make_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds.secrets, "randbits", lambda bits: 3)
    made = Rounds(make_plan("torch", "tensorflow", repeats=8), Progress())
    assert made.run() == COMPLETE
    record = read(made.comparison)
    assert record.order_seed == 3
    assert [number for number, _ in order(record)] == sorted([*range(1, 9)] * 2)
    firsts = [side for _, side in order(record)[::2]]
    assert set(firsts) == {0, 1}
    assert all({0, 1} == {s for n, s in order(record) if n == k} for k in range(1, 9))
    frameworks_run = [r.settings.framework for r in launched.records]
    assert frameworks_run == [record.sides[side].framework for _, side in order(record)]
    assert (made.comparison / record.runs[0].path).resolve() == made.runs[0].resolve()  # type: ignore[operator]


def test_one_framework_makes_no_comparison(
    launched: Launched, make_plan: Callable[..., Plan], tmp_path: Path
) -> None:
    made = Rounds(make_plan("torch", repeats=2), Progress())
    assert made.run() == COMPLETE
    assert made.comparison is None
    assert sorted(os.listdir(tmp_path)) == ["x-1", "x-2"]
    assert [r.repeat for r in launched.records] == [1, 2]


def test_a_run_that_fails_does_not_keep_the_others_from_running(
    launched: Launched, make_plan: Callable[..., Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    launched.fates = {1: "failed"}
    made = Rounds(make_plan("torch", "tensorflow", repeats=3), Progress())
    assert made.run() == FAILED
    assert len(made.runs) == len(read(made.comparison).runs) == 6
    assert "error: " in capsys.readouterr().err


def test_an_interruption_ends_all(launched: Launched, make_plan: Callable[..., Plan]) -> None:
    launched.fates = {2: "interrupted"}
    made = Rounds(make_plan("torch", "tensorflow", repeats=3), Progress())
    assert made.run() == INTERRUPTED
    assert len(made.runs) == len(read(made.comparison).runs) == 2


def test_a_side_that_is_missing_is_recorded(
    launched: Launched, make_plan: Callable[..., Plan]
) -> None:
    plan = make_plan("torch", "tensorflow", repeats=2)
    plan = replace(plan, sides=plan.sides[:1], missing=[MissingSide(1, "gone")])
    made = Rounds(plan, Progress())
    assert made.run() == UNMET
    assert order(read(made.comparison)) == [(1, 0), (2, 0)]
    assert read(made.comparison).missing == [MissingSide(1, "gone")]


def test_the_weights_are_trained_first(launched: Launched, make_plan: Callable[..., Plan]) -> None:
    made = Rounds(make_plan("tensorflow", teacher=True, repeats=2), Progress())
    assert made.run() == COMPLETE
    source = str(made.runs[0])
    assert source.endswith("x-trained")
    assert [r.settings.weights_from for r in launched.records] == [None, source, source]


def test_where_models_are_not_the_same_nothing_is_run(
    launched: Launched, make_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Side] = []

    def compare(sides: list[Side]) -> None:
        raise CheckFailedError("not comparable")

    made = Rounds(make_plan("torch", "tensorflow", teacher=True, probes=True), Progress())
    monkeypatch.setattr(made.probed, "make", asked.extend)
    monkeypatch.setattr(made.probed, "compare", compare)
    with pytest.raises(CheckFailedError):
        made.run()
    assert [side.settings.weights_from for side in asked] == [str(made.runs[0])] * 2
    assert len(launched.records) == 1  # the run that trained the weights
    assert made.comparison is None


def test_without_trained_weights_nothing_is_run(
    launched: Launched, make_plan: Callable[..., Plan]
) -> None:
    launched.fates = {1: "failed"}
    made = Rounds(make_plan("tensorflow", teacher=True), Progress())
    assert made.run() == FAILED
    assert len(launched.records) == 1


REQUEST = ("--device", "cpu", "--threads", "1", "--steps", "100", "--profile-steps", "3")


@pytest.mark.slow
def test_both_frameworks_are_run_and_compared(compared_runs: dict[str, Any]) -> None:
    assert [run["status"] for run in compared_runs["runs"]] == ["complete"] * 4
    (comparison,) = compared_runs["comparisons"]
    assert comparison["path"] == str(compared_runs["output"] / "compare-x")
    assert comparison["ratio"]["pairs"] == 2
    medians: dict[str, list[float]] = {"torch": [], "tensorflow": []}
    for run in compared_runs["runs"]:
        medians[run["framework"]].append(run["step_ms"]["median"])
    quotient = 1.0
    for baseline, other in zip(medians["torch"], medians["tensorflow"], strict=True):
        quotient *= (other / baseline) ** 0.5
    assert comparison["ratio"]["estimate"] == pytest.approx(quotient, rel=1e-6)
    assert "run 4 of 4" in compared_runs["stderr"]
    probes = [read_parity(Path(run["path"])) for run in compared_runs["runs"]]
    for run, probe in zip(compared_runs["runs"], probes, strict=True):
        assert (probe.framework, probe.settings.execution) == (run["framework"], run["execution"])
    assert len({probe.key for probe in probes}) == 2
    first = {probe.framework: probe.double.losses[:5] for probe in probes}
    assert first["torch"] == pytest.approx(first["tensorflow"], abs=1e-9)


def read_parity(run: Path) -> ParityRecord:
    assert (run / PARITY_ARRAYS).is_file()
    return rundir.read_json(run / PARITY, ParityRecord)


@pytest.mark.slow
def test_a_framework_that_breaks_or_is_missing_leaves_the_runs_of_the_other(
    profile_command: Command, tmp_path: Path
) -> None:
    need_tensorflow()
    breaking, absent = tmp_path / "breaking", tmp_path / "absent"
    start = f'exec {sys.executable} "$@"'
    breaking.write_text(f'#!/bin/sh\ncase "$*" in *profilers.child*) exit 3;; esac\n{start}\n')
    absent.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    for program, code, words in (
        (breaking, 1, "TensorFlow function: the process ended with status 3"),
        (absent, 2, "lacks tensorflow"),
    ):
        program.chmod(0o755)
        request = ["--framework", "both", "--repeats", "1", "--json", "--name", program.name]
        python = ["--python", f"tensorflow={program}"]
        done = profile_command(*request, *REQUEST, *python, "--output", str(tmp_path / "traces"))
        assert done.returncode == code, done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        runs = json.loads(done.stdout)["runs"]
        complete = [run for run in runs if run["status"] == "complete"]
        assert [run["framework"] for run in complete] == ["torch"]
        assert complete[0]["step_ms"]["count"] == 100


@pytest.mark.slow
def test_weights_trained_by_one_framework_are_run_by_the_other(
    profile_command: Command, tmp_path: Path
) -> None:
    need_tensorflow()
    request = ["--framework", "tensorflow", "--mode", "infer", "--from", "torch", "--json"]
    done = profile_command(*request, *REQUEST, "--name", "x", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    trained, inferred = json.loads(done.stdout)["runs"]
    assert trained["framework"] == "torch"
    assert inferred["framework"] == "tensorflow"
    assert inferred["accuracy"] == pytest.approx(trained["accuracy"], abs=0.003)
    assert inferred["accuracy"] > 0.8
    result = rundir.read_json(tmp_path / "x" / rundir.RESULT, Result)
    assert result.trained_steps == 0
    assert not (tmp_path / "x" / rundir.WEIGHTS).exists()
