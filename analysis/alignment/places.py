"""Which row of a level each part of the work belongs to."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from analysis.alignment.groups import Groups
from analysis.alignment.kernel_names import cut
from analysis.alignment.record import RowKind
from analysis.alignment.work import Work


class Place(NamedTuple):
    """A row of a level before it has times: what both sides' parts of it have in common."""

    key: str
    kind: RowKind = "work"
    phase: str = ""
    layer: str = ""
    category: str | None = None


PlaceOf = Callable[[Work], Place]

HOST_GAP = Place("host gap", "gap")
DEVICE_IDLE = Place("device idle", "idle")
UNMAPPED = Place("unmapped", "unmapped")
RUNTIME = Place("runtime", category="runtime")
OVERHEAD = Place("profiler overhead", "overhead")


def by_phase(work: Work) -> Place:
    """A row for each phase; work of no known phase is the framework's own, or unmapped."""
    phase = work.part.phase
    return _grey(work) or (Place(phase, phase=phase) if phase else _nowhere(work))


def by_category(work: Work) -> Place:
    """A row for each category; what no rule knows is unmapped."""
    category = work.part.category
    return _grey(work) or (Place(category, category=category) if category else UNMAPPED)


def by_layer(groups: Groups) -> PlaceOf:
    """A row for each group of layers in a phase; work of neither as by phase.

    Gaps have a row for each phase that was open.
    """

    def place(work: Work) -> Place:
        if grey := _grey(work):
            return _gap_in(work.part.phase, grey)
        group = groups.of(work)
        if not group.layer and not group.phase:
            return _nowhere(work)
        return Place(group.key, phase=group.phase, layer=group.layer)

    return place


def by_phase_and_category(phases: bool) -> PlaceOf:
    """A row for each category in each phase, or of all phases where they can't be compared."""

    def place(work: Work) -> Place:
        phase, category = work.part.phase if phases else "", work.part.category
        if grey := _grey(work):
            return _gap_in(phase, grey)
        if category is None:
            return UNMAPPED
        return Place(_words(category, phase), phase=phase, category=category)

    return place


def by_op(works: Iterable[Work], phases: bool) -> PlaceOf:
    """A row for each canonical operation by phase and category; without one, for its own name.

    The category stands in a key only where an operation of a phase is of several.
    """
    categories = defaultdict(set)
    for work in works:
        phase = work.part.phase if phases else ""
        categories[work.part.budget, phase, op_of(work)].add(work.part.category)

    def place(work: Work) -> Place:
        if grey := _grey(work):
            return grey
        category = work.part.category
        if category is None:
            return UNMAPPED
        phase, op = work.part.phase if phases else "", op_of(work)
        several = len(categories[work.part.budget, phase, op] - {None}) > 1
        key = _words(f"{op} ({category})" if several else op, phase)
        return Place(key, phase=phase, category=category)

    return place


def op_of(work: Work) -> str:
    """The canonical operation, or the own name of what has none."""
    return work.part.op or cut(work.part.name) or work.part.kind


def _grey(work: Work) -> Place | None:
    if not work.is_grey:
        return None
    return DEVICE_IDLE if work.part.budget == "device" else HOST_GAP


def _gap_in(phase: str, grey: Place) -> Place:
    """A gap of the host by the phase whose range was open; idle devices have none."""
    return (
        HOST_GAP._replace(key=_words(HOST_GAP.key, phase), phase=phase)
        if grey == HOST_GAP
        else grey
    )


def _nowhere(work: Work) -> Place:
    """Work of no known phase, for no layer."""
    return RUNTIME if work.part.category == RUNTIME.category else UNMAPPED


def _words(name: str, phase: str) -> str:
    return f"{name}, {phase}" if phase else name
