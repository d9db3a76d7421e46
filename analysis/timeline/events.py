"""The events of a profile as slices of a timeline, with what the analysis found out about each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind
from analysis.columns import Int64, group_rows, pick
from analysis.folds.categories import first_meaning
from analysis.folds.links import on_device
from analysis.folds.outermost import Works
from analysis.sums import Key
from analysis.timeline import arrows
from analysis.timeline.arrows import Ends
from analysis.timeline.record import TRUE_DURATION, Head, Slice, with_number
from analysis.timeline.shared_clock import Clock

Rows = npt.NDArray[np.intp]
CHUNK_ROWS = 10_000
TEXTS = ("shapes", "phase", "layer", "category")
NUMBERS = ("sequence", "correlation", "step")
KINDS = [kind.name.lower() for kind in Kind]


class Events:
    """Columns of a window's events, those that a timeline shows beside each.

    `group` has of each event the place of its head in `heads`, `numbers` are columns of its
    numbers, `arrows` two columns of numbers of arrows, 0 where there is none.

    Args:
        folded: the window.
        works: what knows the floating-point operations.
        ends: what is known of the whole trace.
        run: the number of the run in the file.
    """

    def __init__(self, folded: Folded, works: Works, ends: Ends, run: int) -> None:
        block = folded.block
        self.folded = folded
        launcher = np.where(on_device(block), folded.op, NONE)
        columns = (
            *(block.kind, block.name, block.shapes, block.types, block.args, block.path),
            *(folded.phase, folded.layer, launcher),
            *(block.flops, block.bytes),
        )
        self.group, first = group_rows(*columns)
        groups = np.stack([column[first] for column in columns], axis=1).astype(np.int64)
        flops = works.of(groups)[0].tolist()
        self.heads = [
            self._head(Key(*row[: len(Key._fields)]), flop, row[-1])
            for row, flop in zip(groups.tolist(), flops, strict=True)
        ]
        self.numbers = (block.sequence, block.correlation, folded.step)
        self.arrows = (
            arrows.launches(folded.window, folded.linked, ends, run),
            arrows.gradients(folded.window, run),
        )

    def _head(self, key: Key, flops: int, moved_bytes: int) -> Head:
        strings = self.folded.strings
        texts = (strings[key.shapes], strings[key.phase], strings[key.layer], self._category(key))
        args: dict[str, object] = {
            name: text for name, text in zip(TEXTS, texts, strict=True) if text
        }
        if moved_bytes >= 0:
            args["bytes"] = moved_bytes
        if flops >= 0:
            args["FLOP"] = flops
        return Head(strings[key.name], KINDS[key.kind], args, NUMBERS)

    def _category(self, key: Key) -> str:
        """The category of the work; none for what no rule knows, and for ranges."""
        if key.kind in (Kind.STEP, Kind.ANNOTATION):
            return ""
        strings = self.folded.strings
        names = [strings[number] for number in (key.op, key.name) if number >= 0]
        known = first_meaning(strings[key.phase], strings[key.layer], names, KINDS[key.kind])
        return known.category.value if known else ""


@dataclass(frozen=True, slots=True, eq=False)
class EventSlices:
    """Slices of these rows, made anew each time they are gone through; `prefix` leaves names."""

    events: Events
    rows: Rows
    clock: Clock
    prefix: str = ""

    def __iter__(self) -> Iterator[Slice]:
        heads = self.events.heads
        if self.prefix:
            heads = [replace(head, name=head.name.removeprefix(self.prefix)) for head in heads]
        for begin in range(0, len(self.rows), CHUNK_ROWS):
            yield from self._some(self.rows[begin : begin + CHUNK_ROWS], heads)

    def _some(self, rows: Rows, heads: Sequence[Head]) -> Iterator[Slice]:
        events = self.events
        numbers = zip(*(pick(column, rows).tolist() for column in events.numbers), strict=True)
        start_ns, duration_ns, true_ns = self._times(rows)
        found = map(
            Slice,
            start_ns.tolist(),
            duration_ns.tolist(),
            map(heads.__getitem__, events.group[rows].tolist()),
            numbers,
            self._arrows(rows),
        )
        if true_ns is duration_ns:
            return found
        return self._told(found, duration_ns, true_ns)

    def _times(self, rows: Rows) -> tuple[Int64, Int64, Int64]:
        """When the slices are shown to begin, for how long, and how long they are in truth."""
        block = self.events.folded.block
        start_ns, duration_ns = block.start_ns[rows], block.duration_ns[rows]
        begins = self.clock.begins(start_ns)
        if self.clock.is_plain:
            return begins, duration_ns, duration_ns
        shown_ns = np.maximum(self.clock.ends(start_ns + duration_ns) - begins, 0)
        return begins, shown_ns, duration_ns

    def _told(self, slices: Iterable[Slice], shown_ns: Int64, true_ns: Int64) -> Iterator[Slice]:
        """The slices; one that is shown longer than it is says how long it is."""
        for piece, waits, true in zip(slices, shown_ns != true_ns, true_ns.tolist(), strict=True):
            yield with_number(piece, TRUE_DURATION, true) if waits else piece

    def _arrows(self, rows: Rows) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = [()] * len(rows)
        for column in self.events.arrows:
            some = column[rows]
            for place in np.flatnonzero(some).tolist():
                found[place] += (int(some[place]),)
        return found
