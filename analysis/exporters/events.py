"""The events of a profile as slices of a timeline, with what the analysis found out about each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind
from analysis.columns import Column, Int64, group_rows, pick
from analysis.exporters import arrows
from analysis.exporters.arrows import Ends
from analysis.exporters.shared_clock import Clock
from analysis.exporters.timeline import Slice
from analysis.folds.categories import first_meaning
from analysis.folds.links import on_device
from analysis.folds.outermost import Works
from analysis.sums import Key

Rows = npt.NDArray[np.intp]
CHUNK_ROWS = 10_000
TEXTS = ("shapes", "phase", "layer", "category")
NUMBERS = ("sequence", "correlation", "bytes", "FLOP", "step")
TRUE_DURATION = "true_duration_ns"
KINDS = [kind.name.lower() for kind in Kind]


class Events:
    """Columns of a window's events, those that a timeline shows beside each.

    `category` has of each event the string number of its category of work, `flops` its
    floating-point operations, -1 where they are not known; `arrows` two columns of numbers of
    arrows, 0 where there is none.

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
        group, first = group_rows(*columns)
        groups = np.stack([column[first] for column in columns], axis=1).astype(np.int64)
        self.flops = works.of(groups)[0][group]
        found = [self._category(Key(*row[: len(Key._fields)])) for row in groups.tolist()]
        self.category = np.array(found, dtype=np.int64)[group]
        self.arrows = (
            arrows.launches(folded.window, folded.linked, ends, run),
            arrows.gradients(folded.window, run),
        )

    def _category(self, key: Key) -> int:
        """The string number of the category; -1 for what no rule knows, and for ranges."""
        if key.kind in (Kind.STEP, Kind.ANNOTATION):
            return NONE
        strings = self.folded.strings
        names = [strings[number] for number in (key.op, key.name) if number >= 0]
        known = first_meaning(strings[key.phase], strings[key.layer], names, KINDS[key.kind])
        return strings.number(known.category.value) if known else NONE


@dataclass(frozen=True, slots=True, eq=False)
class EventSlices:
    """Slices of these rows, made anew each time they are gone through; `prefix` leaves names."""

    events: Events
    rows: Rows
    clock: Clock
    prefix: str = ""

    def __iter__(self) -> Iterator[Slice]:
        for begin in range(0, len(self.rows), CHUNK_ROWS):
            yield from self._some(self.rows[begin : begin + CHUNK_ROWS])

    def _some(self, rows: Rows) -> Iterator[Slice]:
        folded, strings = self.events.folded, self.events.folded.strings
        block = folded.block
        texts: tuple[Column, ...] = (block.shapes, folded.phase, folded.layer, self.events.category)
        numbers = (block.sequence, block.correlation, block.bytes, self.events.flops, folded.step)
        args: list[list[tuple[str, object]]] = [[] for _ in range(len(rows))]
        for key, column in zip(TEXTS, texts, strict=True):
            for place, value in _known(pick(column, rows)):
                args[place].append((key, strings[value]))
        for key, column in zip(NUMBERS, numbers, strict=True):
            for place, value in _known(pick(column, rows)):
                args[place].append((key, value))
        start_ns, duration_ns = self._times(rows, args)
        heads = (pick(column, rows).tolist() for column in (block.name, block.kind))
        columns = (start_ns.tolist(), duration_ns.tolist(), *heads)
        for own, tied, start, duration, name, kind in zip(
            args, self._arrows(rows), *columns, strict=True
        ):
            shown = strings[name].removeprefix(self.prefix)
            yield Slice(start, duration, shown, dict(own), KINDS[kind], tied)

    def _times(self, rows: Rows, args: list[list[tuple[str, object]]]) -> tuple[Int64, Int64]:
        """When the slices are shown to begin, and for how long; one that waits says how long."""
        block = self.events.folded.block
        start_ns, duration_ns = block.start_ns[rows], block.duration_ns[rows]
        begins = self.clock.begins(start_ns)
        if self.clock.is_plain:
            return begins, duration_ns
        shown_ns = np.maximum(self.clock.ends(start_ns + duration_ns) - begins, 0)
        for place in np.flatnonzero(shown_ns != duration_ns).tolist():
            args[place].append((TRUE_DURATION, int(duration_ns[place])))
        return begins, shown_ns

    def _arrows(self, rows: Rows) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = [()] * len(rows)
        for column in self.events.arrows:
            some = column[rows]
            for place in np.flatnonzero(some).tolist():
                found[place] += (int(some[place]),)
        return found


def _known(column: npt.NDArray[np.signedinteger]) -> Iterator[tuple[int, int]]:
    """Where a number is known, and the number."""
    places = np.flatnonzero(column >= 0)
    return zip(places.tolist(), column[places].tolist(), strict=True)
