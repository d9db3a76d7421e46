"""python profile.py --doctor: examine everything, tell it, and say if a run can be made."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from profilers.backend import Framework
from profilers.doctor import gpu_figures, gpus, host_figures, machine, self_test, software, text
from profilers.doctor.record import Examination
from profilers.sampling.cgroup import ROOT

READY, NOT_READY = 0, 1
WAITING = "asking each interpreter, then trying the sampler ..."


def run(
    known: Iterable[Framework],
    interpreters: Mapping[str, str],
    sample_hz: float,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Print what was found on stdout; 0 if a run can be made, else 1.

    Args:
        known: the frameworks to look for.
        interpreters: those of `--python`, by framework.
        sample_hz: the rate at which the sampler is tried.
        as_json: print JSON in place of text.
        quiet: print no text.
    """
    with _waiting(not (as_json or quiet)):
        found = examine(known, interpreters, sample_hz)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif not quiet:
        text.show(found, sys.stdout)
    return READY if found.ready else NOT_READY


def examine(
    known: Iterable[Framework],
    interpreters: Mapping[str, str],
    sample_hz: float,
    root: Path = ROOT,
) -> Examination:
    """Everything, one after the other, so that the sampler is not tried on a busy machine."""
    known = sorted(known, key=lambda framework: framework.title)
    here = machine.examine(root)
    frameworks = software.examine(known, interpreters)
    cards = gpus.examine(here, root)
    settings = software.trial_settings(known[0], sample_hz)
    tested = self_test.examine(settings)
    told = tested.capabilities
    processes, *others = host_figures.examine(here, sample_hz, told, root)
    of_gpus = gpu_figures.examine(cards, here, frameworks, told, tested.gpus, root)
    return Examination(
        ready=any(framework.usable for framework in frameworks),
        machine=here,
        frameworks=frameworks,
        gpus=cards,
        measurements=[processes, *of_gpus, *others],
        self_test=tested.result,
    )


@contextmanager
def _waiting(shown: bool) -> Iterator[None]:
    """On a terminal, say that this takes a while; nothing moves, as that would cost CPU time."""
    if not shown or not sys.stderr.isatty():
        yield
        return
    print(WAITING, end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print(" " * len(WAITING), end="\r", file=sys.stderr, flush=True)
