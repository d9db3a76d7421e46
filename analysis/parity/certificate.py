"""The parity certificate of two runs: whether they do the same arithmetic, and why not."""

from itertools import chain
from pathlib import Path

from analysis import conditions, wording
from analysis.layout import shown_path
from analysis.parity import (
    binding_checks,
    cause,
    condition_checks,
    information_checks,
    input_checks,
    probe_checks,
    reader,
    settings_checks,
)
from analysis.parity.check import Certificate, CertifiedSide
from analysis.parity.reader import Pair, Probed


def certificate(left: Path, right: Path) -> Certificate:
    """Compare two runs, each a folder with its probe; a folder with a probe alone will do.

    Raises:
        ProfileError: a folder has no probe, or a file of it is damaged.
    """
    pair = reader.read_pair(left, right)
    checks = list(
        chain.from_iterable(
            each.checks(pair)
            for each in (
                input_checks,
                settings_checks,
                probe_checks,
                binding_checks,
                condition_checks,
                information_checks,
            )
        )
    )
    checks = settings_checks.weighed(checks)
    verdict = cause.verdict(checks)
    return Certificate(
        verdict=verdict,
        reason=cause.reason(checks),
        conditions=conditions.sentence(condition_checks.known(pair)),
        sentence=f"{verdict}{cause.brief(checks)}",
        sides=(_side(pair.left), _side(pair.right)),
        checks=checks,
        warnings=_notes(pair),
    )


def _side(side: Probed) -> CertifiedSide:
    execution = side.run.record.settings.execution if side.run else None
    name = wording.framework(side.record.framework)
    return CertifiedSide(
        label=wording.plain(f"{name} {execution}" if execution else f"{name} (probe)"),
        framework=side.record.framework,
        execution=execution,
        path=shown_path(side.path),
    )


def _notes(pair: Pair) -> list[str]:
    return [
        wording.plain(f"{name}: {note}") for name, side in pair.both for note in side.record.notes
    ]
