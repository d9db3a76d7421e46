"""How to repeat it: the command that was given, and what can be looked at next."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from analysis import wording
from analysis.comparison import rounds
from analysis.layout import shown_path, shown_python
from analysis.report.subject import Subject
from profilers.records import Settings

WIDTH, COMPARED = 96, ("framework", "execution", "weights_from", "model", "loader_workers")


@dataclass(frozen=True)
class Next:
    """A command with what it does."""

    title: str
    command: str


@dataclass(frozen=True)
class Repeat:
    """`commands` are several where the sides were not run by one."""

    commands: list[str]
    empty: str
    next: list[Next]


def repeat(subject: Subject) -> Repeat:
    """The section."""
    known = [settings for side in subject.sides if (settings := subject.settings(side))]
    commands = [_wrapped(words) for words in _commands(subject, known)]
    empty = "How these runs were made is not known."
    return Repeat(commands, "" if commands else empty, list(_next(subject, known)))


def _commands(subject: Subject, known: list[Settings]) -> Iterator[list[str]]:
    """One command where the sides differ in framework and execution alone, else one for each."""
    if not known:
        return
    shared = {name: None if name in ("weights_from", "model") else "" for name in COMPARED[:-1]}
    alike = {
        msgspec.json.encode(msgspec.structs.replace(each, **shared, loader_workers=0))
        for each in known
    }
    for group in [known] if len(alike) == 1 else [[each] for each in known]:
        yield list(_words(group, subject.record.rounds))


def _words(group: list[Settings], repeats: int) -> Iterator[str]:
    """The arguments that ask for what these settings are."""
    first = group[0]
    yield from ("python", "profile.py")
    yield from ("--framework", ",".join(each.framework for each in group))
    yield from ("--execution", ",".join(each.execution for each in group))
    yield from ("--workload", first.workload)
    for name, value in first.options.items():
        yield from ("--set", f"{name}={value}")
    if first.mode != "train":
        yield from ("--mode", first.mode)
    yield from ("--data", first.data, "--device", first.device)
    yield from ("--batch-size", str(first.batch_size))
    if first.steps is not None:
        yield from ("--steps", str(first.steps))
    elif first.epochs is not None:
        yield from ("--epochs", str(first.epochs))
    yield from ("--warmup", str(first.warmup), "--profile-steps", str(first.profile_steps))
    yield from ("--optimizer", first.optimizer)
    if first.optimizer_parity != "stock":
        yield from ("--optimizer-parity", first.optimizer_parity)
    yield from ("--precision", first.precision, "--threads", str(first.threads))
    yield from ("--seed", str(first.seed), "--sample-hz", f"{first.sample_hz:g}")
    if first.loader != "preloaded":
        yield from ("--loader", first.loader)
    if first.weights_from:
        yield from ("--from", first.weights_from)
    if first.timeout_seconds is not None:
        yield from ("--timeout", f"{first.timeout_seconds:g}")
    yield from ("--repeats", str(repeats))


def _wrapped(words: list[str]) -> str:
    """A command in lines that end in a backslash, an option never apart from its value."""
    pieces: list[str] = []
    for word in words:
        quoted = shlex.quote(wording.plain(word))
        if pieces and pieces[-1].startswith("--") and " " not in pieces[-1]:
            pieces[-1] += f" {quoted}"
        else:
            pieces.append(quoted)
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) > WIDTH - 2:
            lines.append(f"  {piece}")
        else:
            lines[-1] += f" {piece}"
    return " \\\n".join(lines)


def _next(subject: Subject, known: list[Settings]) -> Iterator[Next]:
    """The runs in Perfetto and TensorBoard, and what would say more."""
    python = f"{shlex.quote(shown_python())} -m analysis"
    paths = []
    if any(row.trace for row in subject.record.comparisons):
        together = shlex.quote(shown_path(subject.directory))
        yield Next("On one timeline", f"{python} view {together}")
    for side in subject.sides:
        shown = subject.of(side).complete or subject.of(side).runs
        if shown:
            path = shlex.quote(shown_path(rounds.path_of(subject.directory, shown[-1])))
            paths.append(path)
            whose = f", {side.label}" if len(subject.sides) > 1 else ""
            yield Next(f"On a timeline{whose}", f"{python} view {path}")
    if paths and not subject.foreign:
        together = shlex.quote(shown_path(subject.directory)) if subject.against else paths[0]
        yield Next("In TensorBoard", f"{python} view {together} --tensorboard")
        yield Next("All operations", f"{python} ops {paths[0]}")
    if len(subject.record.compared) == 1 and known:
        words = list(_words(known[:1], max(subject.record.rounds, 5)))
        words[words.index("--framework") + 1] = "both"
        place = words.index("--execution")
        del words[place : place + 2]
        yield Next("To compare", _wrapped(words))
