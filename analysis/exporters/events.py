"""The events of a profile as slices of a timeline, with what the analysis found out about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind
from analysis.columns import group_rows
from analysis.folds.categories import first_meaning
from analysis.folds.links import on_device
from analysis.folds.outermost import Works
from analysis.sums import Key

Rows = npt.NDArray[np.intp]
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

    `category` has of each event a place in `categories`, `flops` its floating-point operations; -1
    where they are not known.
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
        self._numbers: dict[str, int] = {}
        found = [self._category(Key(*row[: len(Key._fields)])) for row in groups.tolist()]
        self.category = np.array(found, dtype=np.int64)[group]
        self.categories = list(self._numbers)

    def _category(self, key: Key) -> int:
        """The number of the category of work; -1 for what no rule knows, and for ranges."""
        if key.kind in (Kind.STEP, Kind.ANNOTATION):
            return NONE
        strings = self.folded.strings
        names = [strings[number] for number in (key.op, key.name) if number >= 0]
        known = first_meaning(strings[key.phase], strings[key.layer], names, KINDS[key.kind])
        return self._numbers.setdefault(known.category.value, len(self._numbers)) if known else NONE


@dataclass(frozen=True, slots=True, eq=False)
class EventSlices:
    """Slices of these rows, made anew each time they are gone through; `prefix` leaves names."""

    events: Events
    rows: Rows
    prefix: str = ""

    def __iter__(self) -> Iterator[Slice]:
        folded = self.events.folded
        block, strings = folded.block, folded.strings
        texts = (("shapes", block.shapes), ("phase", folded.phase), ("layer", folded.layer))
        numbers = (
            ("sequence", block.sequence),
            ("correlation", block.correlation),
            ("bytes", block.bytes),
            ("FLOP", self.events.flops),
            ("step", folded.step),
        )
        for row in self.rows.tolist():
            args: dict[str, object] = {
                key: strings[column[row]] for key, column in texts if column[row] >= 0
            }
            if (category := self.events.category[row]) >= 0:
                args["category"] = self.events.categories[category]
            args |= {key: int(column[row]) for key, column in numbers if column[row] >= 0}
            yield Slice(
                int(block.start_ns[row]),
                int(block.duration_ns[row]),
                strings[block.name[row]].removeprefix(self.prefix),
                args,
                KINDS[block.kind[row]],
                row,
            )
