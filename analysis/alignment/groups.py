"""Which layers can be compared one by one, and which only together, phase by phase."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.alignment.layer_order import MOST_NAMED, by_number, called
from analysis.alignment.taken_in import taken_in
from analysis.alignment.work import NO_LAYER, Atom, SideWork, Work
from analysis.partition.record import ANY_LAYER, Budget

ALL_LAYERS = "all layers"
WITHOUT_LAYERS = frozenset(("data", "loss", "optimizer"))
"""Phases whose work is of no layer by its nature."""


@dataclass(frozen=True)
class Group:
    """Layers of a phase that are compared together; `phase` is empty where there are several.

    `layer` is what they are called, empty for work of no layer. `united` says whether they are
    more than one.
    """

    layer: str
    phase: str
    united: bool

    @property
    def key(self) -> str:
        """Layer and phase in words, different for each group."""
        if self.layer:
            return f"{self.layer}, {self.phase}" if self.phase else self.layer
        return self.phase if self.phase in WITHOUT_LAYERS else f"no layer, {self.phase}"


class Groups:
    """Layers by phase, united until each part of both sides' work lies in one group.

    Work for several layers unites these; work for layers that are not named all of its phase, and
    everything if its phase is not known either; work for a layer in an unknown phase that layer in
    all phases; a fused operation the layers that it took in. In a phase in which one side alone
    names layers there is one group.
    """

    def __init__(self, sides: Sequence[SideWork], budget: Budget) -> None:
        works = [[work for work in side.of(budget) if not work.is_grey] for side in sides]
        self._parents: dict[Atom, Atom] = {}
        spans = [{_span(work) for work in some} for some in works]
        for atoms in (*spans[0], *spans[1], *taken_in(works)):
            self._unite(atoms)
        self._unite_across(spans)
        self._groups = self._described()
        self._times_ns = [self._by_group(some) for some in works]

    def of(self, work: Work) -> Group:
        """The group in which some work lies."""
        return self._groups[self._root(_span(work)[0])]

    def largest_ratio(self, steps_ns: Sequence[float]) -> float:
        """The largest part of a side's step that several layers take which can't be told apart.

        `steps_ns` are the times of all runs of each side.
        """
        ratios = [
            time_ns / step_ns
            for times_ns, step_ns in zip(self._times_ns, steps_ns, strict=True)
            for group, time_ns in times_ns.items()
            if group.united and step_ns > 0
        ]
        return max(ratios, default=0.0)

    def _unite_across(self, spans: Sequence[set[tuple[Atom, ...]]]) -> None:
        """Unite what concerns atoms of the other side too."""
        of_phase, of_layer = defaultdict(list), defaultdict(list)
        for atom in list(self._parents):
            of_phase[atom[1]].append(atom)
            of_layer[atom[0]].append(atom)
        named = [{atom[1] for span in side for atom in span if atom[0]} for side in spans]
        for layer, phase in list(self._parents):
            if layer == ANY_LAYER:
                some = of_phase[phase] if phase else list(self._parents)
                self._unite(atom for atom in some if atom[0] or not phase)
            elif layer and not phase:
                self._unite(of_layer[layer])
        for phase in named[0] ^ named[1]:
            self._unite(of_phase[phase])

    def _described(self) -> dict[Atom, Group]:
        members = defaultdict(list)
        for atom in list(self._parents):
            members[self._root(atom)].append(atom)
        of_phase: dict[str, set[Atom]] = defaultdict(set)
        for atom in self._parents:
            if atom[0] not in (NO_LAYER, ANY_LAYER):
                of_phase[atom[1]].add(atom)
        return {root: _group(set(some), of_phase) for root, some in members.items()}

    def _by_group(self, works: Iterable[Work]) -> dict[Group, float]:
        times_ns: dict[Group, float] = defaultdict(float)
        for work in works:
            times_ns[self.of(work)] += work.time_ns
        return times_ns

    def _unite(self, atoms: Iterable[Atom]) -> None:
        roots = [self._root(atom) for atom in atoms]
        for root in roots[1:]:
            self._parents[root] = roots[0]

    def _root(self, atom: Atom) -> Atom:
        self._parents.setdefault(atom, atom)
        while self._parents[atom] != atom:
            self._parents[atom] = self._parents[self._parents[atom]]
            atom = self._parents[atom]
        return atom


def _span(work: Work) -> tuple[Atom, ...]:
    """The atoms that some work is done for."""
    return tuple((layer, work.part.phase) for layer in work.layers or (NO_LAYER,))


def _group(atoms: set[Atom], of_phase: Mapping[str, set[Atom]]) -> Group:
    """What atoms are together; `of_phase` are those of named layers in each phase."""
    phases = {phase for _, phase in atoms}
    phase = next(iter(phases)) if len(phases) == 1 else ""
    layers = sorted({layer for layer, _ in atoms} - {NO_LAYER, ANY_LAYER}, key=by_number)
    unnamed = any(layer in (NO_LAYER, ANY_LAYER) for layer, _ in atoms)
    if phases <= WITHOUT_LAYERS and any(layer == NO_LAYER for layer, _ in atoms):
        return Group(NO_LAYER, phase, united=False)
    if all(layer == NO_LAYER for layer, _ in atoms):
        return Group(NO_LAYER, phase, united=False)
    is_many = unnamed or len(layers) > MOST_NAMED
    is_all = is_many and all(atoms >= of_phase.get(phase, set()) for phase in phases)
    return Group(ALL_LAYERS if is_all else called(layers), phase, unnamed or len(layers) > 1)
