"""The events of a profile as slices of a timeline, with what the analysis found out about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind
from analysis.columns import Column, group_rows, pick
from analysis.folds.categories import first_meaning
from analysis.folds.links import on_device
from analysis.folds.outermost import Works
from analysis.sums import Key

Rows = npt.NDArray[np.intp]
CHUNK_ROWS = 10_000
TEXTS = ("shapes", "phase", "layer", "category")
NUMBERS = ("sequence", "correlation", "bytes", "FLOP", "step")
KINDS = [kind.name.lower() for kind in Kind]


class Slice(NamedTuple):
    """One slice; `row` is its event's row, -1 for one that is made from something else."""

    start_ns: int
    duration_ns: int
    name: str
    args: dict[str, object]
    kind: str
    row: int = NONE


class Events:
    """Columns of a profile's events, those that a timeline shows beside each.

    `category` has of each event the string number of its category of work, `flops` its
    floating-point operations; -1 where they are not known.
    """

    def __init__(self, folded: Folded) -> None:
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
        self.flops = Works(folded.strings).of(groups)[0][group]
        found = [self._category(Key(*row[: len(Key._fields)])) for row in groups.tolist()]
        self.category = np.array(found, dtype=np.int64)[group]

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
    prefix: str = ""

    def __iter__(self) -> Iterator[Slice]:
        for begin in range(0, len(self.rows), CHUNK_ROWS):
            yield from self._some(self.rows[begin : begin + CHUNK_ROWS])

    def _some(self, rows: Rows) -> Iterator[Slice]:
        folded, strings = self.events.folded, self.events.folded.strings
        block = folded.block
        texts: tuple[Column, ...] = (block.shapes, folded.phase, folded.layer, self.events.category)
        numbers = (block.sequence, block.correlation, block.bytes, self.events.flops, folded.step)
        heads = (block.start_ns, block.duration_ns, block.name, block.kind)
        args: list[list[tuple[str, object]]] = [[] for _ in range(len(rows))]
        for key, column in zip(TEXTS, texts, strict=True):
            for place, value in _known(pick(column, rows)):
                args[place].append((key, strings[value]))
        for key, column in zip(NUMBERS, numbers, strict=True):
            for place, value in _known(pick(column, rows)):
                args[place].append((key, value))
        columns = (pick(column, rows).tolist() for column in heads)
        for row, own, start_ns, duration_ns, name, kind in zip(
            rows.tolist(), args, *columns, strict=True
        ):
            shown = strings[name].removeprefix(self.prefix)
            yield Slice(start_ns, duration_ns, shown, dict(own), KINDS[kind], row)


def _known(column: npt.NDArray[np.signedinteger]) -> Iterator[tuple[int, int]]:
    """Where a number is known, and the number."""
    places = np.flatnonzero(column >= 0)
    return zip(places.tolist(), column[places].tolist(), strict=True)
