"""Can I trust it? What was asked for and what it ran on, what differs first; and the method."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis import wording
from analysis.comparison import text, trust
from analysis.comparison.record import ComparedSide
from analysis.layout import NO_BREAK_SPACE
from analysis.report.names import capital, short
from analysis.report.subject import Subject
from analysis.report.tables import Table

LONGEST_VALUE = 160
OPEN = 8
"""Entries of a side alone that are not folded away."""

EFFECTS = {
    "framework": "what is compared",
    "execution": "what is compared",
    "optimizer parity": "loss curve",
}
VERSION_EFFECT = "may choose other kernels"
LIBRARIES = ("version: cuda", "version: cudnn", "version: driver")


@dataclass(frozen=True)
class Entry:
    """A setting with the value of each side."""

    name: str
    values: list[str]
    effect: str


@dataclass(frozen=True)
class Note:
    """A point of the method."""

    title: str
    text: str


@dataclass(frozen=True)
class SettingsPart:
    """`differing` stands open; what is the same, and what one side alone has, is folded away."""

    differing: list[Entry]
    own: list[Entry]
    same: list[Entry]
    text: str
    method: list[Note]
    table: Table


def settings(subject: Subject) -> SettingsPart:
    """The section."""
    known = [dict(_entries(subject.of(side))) for side in subject.sides]
    alone = len(known) == 1
    names = list(dict.fromkeys(name for each in known for name in each))
    entries = [
        Entry(
            capital(name),
            [short(each.get(name, ""), LONGEST_VALUE) or wording.MISSING for each in known],
            "" if alone else _effect(name),
        )
        for name in names
    ]
    unlike = [each for each in entries if len(set(each.values)) > 1]
    own = [each for each in unlike if wording.MISSING in each.values]
    differing = [each for each in unlike if each not in own]
    same = [each for each in entries if len(set(each.values)) == 1]
    return SettingsPart(
        differing=entries[:OPEN] if alone else differing,
        own=[] if alone else own,
        same=entries[OPEN:] if alone else same,
        text=_text(len(differing), len(same), alone, bool(entries)),
        method=list(_method(subject)),
        table=_table(subject, entries),
    )


def _text(differing: int, same: int, alone: bool, known: bool) -> str:
    if not known:
        return "What these runs were asked for, and what they ran on, is not recorded."
    if alone:
        return "What was asked for, and what it ran on."
    entries = wording.counted(same, "entry").replace("entrys", "entries")
    others = f"{entries} {'is' if same == 1 else 'are'} the same on all sides."
    return f"Only what differs. {others}" if differing else f"Nothing differs. {others}"


def _entries(side: ComparedSide) -> Iterator[tuple[str, str]]:
    """Settings, data and environment of a side, by name."""
    if side.settings is not None:
        for name in side.settings.__struct_fields__:
            value = getattr(side.settings, name)
            if name == "options":
                yield from ((f"option: {key}", _written(each)) for key, each in value.items())
            elif name not in ("model", "workload_sha256") or value is not None:
                yield name.replace("_", " "), _written(value)
    if side.data is not None:
        yield "data set", f"{side.data.name}, {side.data.description}"
        yield "samples", f"{side.data.train_count:,} to train, {side.data.test_count:,} to test"
        yield "shape of a sample", " × ".join(map(str, side.data.input_shape))
        yield "SHA-256 of the data", side.data.sha256
    environment = side.environment
    if environment is None:
        return
    yield "Python", environment.python
    yield "platform", environment.platform
    yield "processor", environment.cpu_model or ""
    if side.usable_cpus:
        yield "usable processors", f"{side.usable_cpus:g}"
    yield (
        "device name",
        ", ".join(str(each["name"]) for each in environment.devices if each.get("name")),
    )
    tables: dict[str, Mapping[str, object]] = {
        "version": environment.versions,
        "build": environment.build,
        "threads": environment.threads,
        "precision": environment.precision,
        "variable": environment.variables,
    }
    for title, table in tables.items():
        yield from ((f"{title}: {key}", _written(value)) for key, value in table.items())


def _written(value: object) -> str:
    if value is None:
        return wording.MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _effect(name: str) -> str:
    if name in EFFECTS:
        return EFFECTS[name]
    return VERSION_EFFECT if name in LIBRARIES else ""


def _method(subject: Subject) -> Iterator[Note]:
    """How the figures were made, and how far they can be trusted."""
    if subject.foreign:
        yield Note("Source", "Traces of other tools: nothing is known of how they were recorded.")
        yield Note("Explanation", EXPLANATION)
        return
    yield Note("Timing", TIMING)
    if subject.against:
        yield Note("Interval", INTERVAL)
        shown = text.shown_sides(subject.record)
        told = [
            capital(each.replace(NO_BREAK_SPACE, " "))
            for each in trust.sentences(subject.record, shown, subject.directory)
        ]
        yield Note("Trust", ". ".join(each.rstrip(".") for each in told) + ".")
    yield Note("Explanation", EXPLANATION)
    yield Note("GPU use", "The share of time in which any kernel ran, not how full the device was.")
    yield Note("Energy", ENERGY)
    yield Note("Scope", SCOPE)


TIMING = (
    "Each run is a fresh process. Headline times come from steps without a profiler; the value of "
    "a process is the median of its timed rows. On a GPU a row is a window of steps between two "
    "synchronisations."
)
INTERVAL = (
    "The runs of a round make a pair. The ratio is the geometric mean over pairs, its interval of "
    "95 % is Student's t on the logarithms. From three pairs on there is a verdict: different if "
    "the interval excludes 1 by more than 1 %, equivalent if the one of 90 % lies within 5 % of 1."
)
EXPLANATION = (
    "Profiled steps explain, unprofiled ones do not: each instant of a step belongs in equal parts "
    "to the operations active then, so that the rows of every level add up to the step. Where "
    "nothing is active it is a gap, on a device idle time. What the profiler adds is a row of its "
    "own."
)
ENERGY = (
    "From the sensor's counter over the timed steps, else from its sampled power; nothing for a "
    "time in which the sensor is renewed fewer than ten times: mostly 1 s, with power that is a "
    "mean of a second 10 s."
)
SCOPE = "This workload, batch and machine. It does not say which framework is faster in general."


def _table(subject: Subject, entries: list[Entry]) -> Table:
    rows = [
        (entry.name, side.label, value)
        for entry in entries
        for side, value in zip(subject.sides, entry.values, strict=True)
    ]
    return Table("settings", {"setting": "text", "side": "text", "value": "text"}, rows)
