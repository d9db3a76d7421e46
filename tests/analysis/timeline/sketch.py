"""A writer that keeps what it is shown, by "group / track", and small profiles to draw."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from analysis.annotate import Folded, annotated, fold
from analysis.blocks import Kind, Strings, from_columns
from analysis.readers.registry import open_trace
from analysis.timeline.arrows import Ends
from analysis.timeline.counters import Counter
from analysis.timeline.profile_tracks import Names
from analysis.timeline.record import Group, Slice, Track
from analysis.timeline.sources import Profile
from analysis.timeorder import TimeOrder

DATA = Path(__file__).parents[2] / "data"
BASE_NS = 1_790_000_000_000_000_000

Event = tuple[str, Kind, int, int]
"""A name, a kind, when it begins after BASE_NS, and how long it is."""

STEP: list[Event] = [
    ("step:0", Kind.STEP, 0, 1000),
    ("phase:forward", Kind.ANNOTATION, 100, 200),
    ("layer:fc1", Kind.ANNOTATION, 110, 100),
    ("aten::mm", Kind.OP, 120, 50),
    ("Optimizer.step", Kind.ANNOTATION, 700, 100),
    ("aten::zero", Kind.OP, 710, 0),
]


class Sketch:
    """What was shown: slices and counters by the path of their track, in order."""

    def __init__(self) -> None:
        self.shown: dict[Track, list[Slice]] = {}
        self.counted: dict[Track, list[Counter]] = {}
        self.shared: dict[Track, str] = {}
        self.first_shown_ns: tuple[int, int] | None = None

    def slices(self, track: Track, slices: Iterable[Slice]) -> None:
        self.shown.setdefault(track, []).extend(slices)

    def counter(self, track: Track, counter: Counter, shared: str = "") -> None:
        self.counted.setdefault(track, []).append(counter)
        self.shared[track] = shared

    def opening(self, begin_ns: int, end_ns: int) -> None:
        self.first_shown_ns = begin_ns, end_ns

    @property
    def tracks(self) -> dict[str, list[Slice]]:
        """The slices of each track that has any, in the order of groups and tracks."""
        found = sorted((track for track in self.shown if self.shown[track]), key=ranks)
        return {path(track): self.shown[track] for track in found}

    @property
    def counters(self) -> dict[str, list[tuple[int, float]]]:
        """The values of each counter."""
        return {
            path(track): [
                pair
                for part in parts
                for pair in zip(part.time_ns.tolist(), part.values.tolist(), strict=True)
            ]
            for track, parts in self.counted.items()
        }

    def count(self) -> int:
        """How many slices were shown."""
        return sum(map(len, self.shown.values()))

    def names(self) -> dict[str, list[str]]:
        """The names of the slices of each track."""
        return {track: [piece.head.name for piece in some] for track, some in self.tracks.items()}


def path(track: Track) -> str:
    """What a track is called, with its groups."""
    names, group = [track.name], track.group
    while group is not None:
        names.append(group.name)
        group = group.parent  # type: ignore[assignment]
    return " / ".join(reversed(names))


def ranks(track: Track) -> list[int]:
    """What a track is sorted by."""
    found: list[int] = [track.rank]
    group: Group | None = track.group
    while group is not None:
        found.append(group.rank)
        group = group.parent
    return found[::-1]


def args(piece: Slice) -> dict[str, Any]:
    """What is shown beside a slice."""
    known = zip(piece.head.keys, piece.numbers, strict=True)
    return {**piece.head.args, **{key: number for key, number in known if number >= 0}}


def folded_of(events: Sequence[Event], **columns: Any) -> Folded:
    """A profile of one thread as one window."""
    strings = columns.pop("strings", None) or Strings()
    block = from_columns(
        len(events),
        event_id=range(len(events)),
        name=[strings.number(event[0]) for event in events],
        kind=[event[1] for event in events],
        start_ns=[BASE_NS + event[2] for event in events],
        duration_ns=[event[3] for event in events],
        **{"process": [1] * len(events), "thread": [5] * len(events), **columns},
    )
    return fold(block, strings, {(1, 5): "python"})


def profile(folded: Folded, names: Names | None = None) -> Profile:
    """A profile of one window."""
    ends = Ends(folded.strings)
    ends.take(folded.block)
    names = names or Names(folded.thread_names, {}, "torch host")
    return Profile(folded.strings, names, ends, folded.steps, [folded])


def recorded(name: str, rows: int) -> Profile:
    """A recorded trace in windows of so many rows."""
    trace = open_trace(DATA / name, host=True, memory=True)
    ends = Ends(trace.strings)
    found = annotated(trace, TimeOrder(rows=rows), also=ends.take)
    names = Names(trace.thread_names, trace.process_names)
    return Profile(trace.strings, names, ends, found.steps, found.windows())
