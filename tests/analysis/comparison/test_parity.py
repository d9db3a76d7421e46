from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.comparison import evidence, finishing, parity, text
from analysis.comparison.compare import Compared
from analysis.comparison.record import Comparison, SameWork
from analysis.parity.check import Certificate, CertifiedSide
from analysis.parity.phrases import lowered
from profilers import rundir
from profilers.parity_record import PARITY

REASONS = {
    "same arithmetic": "Weights agree.",
    "same model, stock optimizers differ": "The epsilon of the optimizer differs.",
    "not comparable": 'The outputs part at layer "down1".',
    "not certifiable": "Layers draw random numbers: drop1.",
}


def compared(
    make_comparison: Any,
    monkeypatch: pytest.MonkeyPatch,
    verdicts: dict[int, str],
    without: Sequence[int] = (),
) -> Compared:
    """A comparison whose runs have probes, with these verdicts by round."""
    directory = make_comparison([(2.0, 2.0, 2.1), (3.0, 3.1, 3.2)])
    for run in directory.parent.glob("run-*"):
        if not (run.name.endswith("-1") and int(run.name.split("-")[1]) in without):
            (run / PARITY).touch()

    def certificate(left: Path, right: Path) -> Certificate:
        (number,) = {int(run.name.split("-")[1]) for run in (left, right)}
        verdict: Any = verdicts[number]
        side = CertifiedSide(label="a", framework="torch", execution="eager", path="p")
        return Certificate(
            verdict=verdict,
            reason=REASONS[verdict],
            conditions="same",
            sentence=f"{verdict}: {lowered(REASONS[verdict])}",
            sides=(side, side),
            checks=[],
        )

    monkeypatch.setattr(parity, "certificate", certificate)
    [found] = finishing.finish_all([directory]).comparisons
    return found


def shown(found: Compared) -> str:
    return "\n".join(line.text for line in text.lines(found))


def test_the_worst_certificate_of_all_rounds_counts(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = "same model, stock optimizers differ", "not comparable"
    found = compared(make_comparison, monkeypatch, {1: good, 2: bad, 3: "not certifiable"})
    [evidence] = found.record.evidence
    assert evidence.parity is not None
    assert (evidence.parity.verdict, evidence.parity.round) == (bad, 2)
    [row] = found.record.comparisons
    assert (row.parity, row.warnings) == (bad, [REASONS[bad]])
    assert rundir.read_json(found.directory / rundir.COMPARISON, Comparison) == found.record


def test_what_is_not_comparable_has_no_answer_but_the_reason(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shown(
        compared(make_comparison, monkeypatch, dict.fromkeys((1, 2, 3), "not comparable"))
    )
    assert (
        "TensorFlow function is not comparable with PyTorch eager: the outputs part at layer "
        '"down1".'
    ) in words
    assert "as long per training step" not in words
    assert "✓" not in words


def test_a_certificate_stands_in_the_place_of_the_same_work(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shown(
        compared(make_comparison, monkeypatch, dict.fromkeys((1, 2, 3), "same arithmetic"))
    )
    assert "Parity     ✓ same arithmetic: weights agree.; same conditions" in words
    assert "Same work" not in words


def test_what_can_not_be_certified_keeps_its_answer(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shown(
        compared(make_comparison, monkeypatch, dict.fromkeys((1, 2, 3), "not certifiable"))
    )
    assert "as long per training step" in words
    assert "not certifiable: layers draw random numbers: drop1." in words


def test_a_damaged_probe_is_told(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    for run in directory.parent.glob("run-*"):
        (run / PARITY).write_text("{")
    [found] = finishing.finish_all([directory]).comparisons
    [row] = found.record.comparisons
    assert row.parity == "not certifiable"
    assert "parity.json is damaged" in " ".join(shown(found).split())


def test_without_probes_there_is_no_certificate(make_comparison: Any) -> None:
    [found] = finishing.finish_all([make_comparison([(2.0,), (3.0,)])]).comparisons
    assert [row.parity for row in found.record.comparisons] == [None]


def test_a_round_without_probes_drops_no_other_certificate(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = compared(make_comparison, monkeypatch, {2: "not comparable", 3: "same arithmetic"}, [1])
    [evidence] = found.record.evidence
    assert evidence.parity is not None
    assert (evidence.parity.verdict, evidence.parity.round) == ("not comparable", 2)


@pytest.mark.parametrize(
    ("verdict", "told"), [("same arithmetic", True), ("not comparable", False)]
)
def test_a_certificate_hides_no_other_work(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch, verdict: str, told: bool
) -> None:
    work = SameWork(same=(), differing=("batches",), unknown=(), loss_difference=None)
    monkeypatch.setattr(evidence, "_same_work", lambda *sides: work)
    words = shown(compared(make_comparison, monkeypatch, dict.fromkeys((1, 2, 3), verdict)))
    assert ("not the same work: batches differ" in words) is told
    assert ("✓ same arithmetic" in words) is told
