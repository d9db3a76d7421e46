"""What a timeline is made of: groups of tracks, slices on them, and counters, on one clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol

from analysis.timeline.counters import Counter

COUNTERS_RANK = 1_000
TRUE_DURATION = "true_duration_ns"
MOST_AT_ONCE = 10_000
BESIDE_RATIO = 0.03


@dataclass(frozen=True, slots=True)
class Group:
    """Tracks that stand together, in the order of their ranks; it may lie in another group."""

    name: str
    rank: int
    parent: "Group | None" = None


@dataclass(frozen=True, slots=True)
class Track:
    """One line of slices, or one counter, of a group."""

    group: Group
    name: str
    rank: int


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What many slices have in common, so that it is put into words once; known by identity.

    `args` are texts and numbers that are shown with a slice, `keys` the names of its numbers.
    """

    name: str
    kind: str
    args: Mapping[str, object]
    keys: tuple[str, ...] = ()


class Slice(NamedTuple):
    """One slice of a track; times are Unix nanoseconds.

    `numbers` are those that the head has keys for, from 0 on, and -1 where one is not known.
    `arrows` are the numbers of arrows that begin here, and where one ends or goes on from its
    number times -1; `correlation` is a number that slices have that are each other's counterpart,
    -1 for none.
    """

    start_ns: int
    duration_ns: int
    head: Head
    numbers: tuple[int, ...] = ()
    arrows: tuple[int, ...] = ()
    correlation: int = -1


def at_first(*stretches_ns: tuple[int, int]) -> tuple[int, int]:
    """What is to be shown at first: these stretches, and what lies beside them."""
    begin_ns = min(begin for begin, _ in stretches_ns)
    end_ns = max(end for _, end in stretches_ns)
    beside_ns = round((end_ns - begin_ns) * BESIDE_RATIO)
    return begin_ns - beside_ns, end_ns + beside_ns


def by_start(piece: Slice) -> tuple[int, int]:
    """What slices of a track are sorted by: those that enclose others before these."""
    return piece.start_ns, -piece.duration_ns


def single(
    start_ns: int, duration_ns: int, name: str, args: Mapping[str, object], kind: str
) -> Slice:
    """A slice that has nothing in common with others."""
    return Slice(start_ns, duration_ns, Head(name, kind, args))


def with_number(piece: Slice, key: str, number: int) -> Slice:
    """The slice with one more number beside it."""
    head = piece.head
    longer = Head(head.name, head.kind, head.args, (*head.keys, key))
    return piece._replace(head=longer, numbers=(*piece.numbers, number))


class Writer(Protocol):
    """A file in the making, of a format that shows timelines."""

    def slices(self, track: Track, slices: Iterable[Slice]) -> None:
        """Show slices that are in order of start, longer ones first, and behind earlier ones."""
        ...

    def counter(self, track: Track, counter: Counter, shared: str = "") -> None:
        """Show what a counter was, from its latest value on.

        Counters of one group with the same `shared` text have one scale.
        """
        ...

    def opening(self, begin_ns: int, end_ns: int) -> None:
        """Say what viewers are to show at first, where the format can; all else is there, too."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where counters stand: in a group, those of one name side by side where several runs share it.

    Args:
        group: the group.
        title: of the run, where counters are to say whose they are.
        place: of the run among those that share the group, and how many these are.
        known: names of counters in their order, which all runs of the group have in common.
    """

    group: Group
    title: str = ""
    place: int = 0
    runs: int = 1
    known: dict[str, int] = field(default_factory=dict)

    def put(self, writer: Writer, counter: Counter) -> None:
        """Show what a counter was, from its latest value on."""
        rank = self.known.setdefault(counter.name, len(self.known)) * self.runs + self.place
        name = f"{counter.name}, {self.title}" if self.title else counter.name
        shared = counter.name if self.runs > 1 else ""
        writer.counter(Track(self.group, name, rank + COUNTERS_RANK), counter, shared)


@dataclass(frozen=True, slots=True)
class Several:
    """Writes the same into several files."""

    writers: tuple[Writer, ...]

    def slices(self, track: Track, slices: Iterable[Slice]) -> None:
        """Show slices in each file."""
        pieces = iter(slices)
        while made := list(islice(pieces, MOST_AT_ONCE)):
            for writer in self.writers:
                writer.slices(track, made)

    def counter(self, track: Track, counter: Counter, shared: str = "") -> None:
        """Show a counter in each file."""
        for writer in self.writers:
            writer.counter(track, counter, shared)

    def opening(self, begin_ns: int, end_ns: int) -> None:
        """Say what viewers are to show at first, in each file."""
        for writer in self.writers:
            writer.opening(begin_ns, end_ns)
