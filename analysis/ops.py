"""Tables of where a trace's time went: by operation, category, layer, phase, step, kernel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from analysis.blocks import Kind
from analysis.folds.busy import DeviceTime
from analysis.folds.categories import category
from analysis.folds.flops import work
from analysis.groups import Gathered, Key, Sums

Grouping = Literal["op", "native", "category", "layer", "phase", "kernel", "copy", "shape", "step"]

GAPS = "gaps"
NO_LAYER = "(no layer)"
UNMAPPED = "(unmapped)"
NO_OP = "(launched outside the recording)"
WITH_WORK = ("op", "native", "shape")
"""Ops that call others do their work too, so that sums over several ops would count it twice."""
WITH_DEVICE_TIME = ("op", "category", "layer")


@dataclass(frozen=True, slots=True)
class Row:
    """One group of events.

    `total_ns` includes what runs inside an event, `self_ns` does not. `device_ns` is the time of
    the device work that the group launched, `work_ns` the time that its FLOPs took: on the device
    if the trace has work of one, else in all. `share` is the part of the self time of all ops; for
    kernels and copies the part of all device time; for phases and steps the part of the steps.
    `steps` is how many steps were counted over, 0 where the trace marks none. `flops` and `bytes`
    are of all calls together, None where a formula is missing for one.
    """

    key: str
    kind: str
    count: int
    total_ns: int
    self_ns: int
    share: float | None
    steps: int
    shapes: str = ""
    phase: str = ""
    category: str | None = None
    device_ns: int = 0
    work_ns: int = 0
    flops: int | None = None
    bytes: int | None = None

    @property
    def count_per_step(self) -> float | None:
        """Events a step."""
        return self.count / self.steps if self.steps else None

    @property
    def total_ns_per_step(self) -> float | None:
        """Nanoseconds a step, with what runs inside."""
        return self.total_ns / self.steps if self.steps else None

    @property
    def self_ns_per_step(self) -> float | None:
        """Nanoseconds a step, without what runs inside."""
        return self.self_ns / self.steps if self.steps else None

    @property
    def flops_per_second(self) -> float | None:
        """Floating-point operations a second of the time that they took, where it is known."""
        return self.flops * 1e9 / self.work_ns if self.flops and self.work_ns else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a trace the tables account for; the ratios are of the ops' self time.

    `linked` of `device_events` have their launch in the trace. `repaired` counts places where the
    file's text was mended; `truncated` says where the file breaks off.
    """

    events: int
    dropped: int
    steps: int
    steps_ns: int
    op_self_ns: int
    phase_ratio: float | None
    layer_ratio: float | None
    mapped_ratio: float | None = None
    device_events: int = 0
    linked: int = 0
    repaired: int = 0
    truncated: str | None = None


@dataclass(slots=True)
class Table:
    """The tables of one trace, made of its sums."""

    gathered: Gathered
    _categories: dict[tuple[int, ...], str | None] = field(default_factory=dict)

    def rows(self, by: Grouping) -> list[Row]:
        """The table of one grouping, largest self, then device time first (phases, steps: in time).

        op: by name. native: by name and place in the graph, as the source has it. shape: by name
        and input shapes. category. layer: by layer and phase. phase: each phase's time, and what of
        the steps lies in none of them (`gaps`), so that the rows add up to the steps. step: each
        step's length. kernel, copy: device work by name.
        """
        if by == "phase":
            return list(self._phases())
        if by == "step":
            return list(self._steps())
        merged = self._merged(by)
        whole_ns = self._whole_ns(by)
        table = [self._row(by, key, sums, whole_ns) for key, sums in merged.items()]
        return sorted(table, key=_largest_first)

    @property
    def busy_ns(self) -> dict[str, int]:
        """Nanoseconds in which each device had work; by `rank:device` if there are more ranks."""
        ranks = {rank for (rank, _), _ in self.gathered.devices}
        return {
            f"{rank}:{device}" if len(ranks) > 1 else str(device): time.busy_ns
            for (rank, device), time in self.gathered.devices
        }

    @property
    def spans(self) -> dict[str, DeviceTime]:
        """When each device had work, by the names of `busy_ns`."""
        return dict(zip(self.busy_ns, (time for _, time in self.gathered.devices), strict=True))

    def coverage(self) -> Coverage:
        """How much of the chosen events reached a phase, a layer and a category."""
        ops = [(key, sums) for key, sums in self.gathered.groups if key.kind == Kind.OP]
        work = [sums for key, sums in self.gathered.groups if _is_device(key)]
        whole_ns = sum(sums.self_ns for _, sums in ops)

        def share(belongs: Callable[[Key], bool]) -> float | None:
            return _ratio(sum(sums.self_ns for key, sums in ops if belongs(key)), whole_ns)

        return Coverage(
            events=self.gathered.events,
            dropped=sum(self.gathered.dropped_reasons.values()),
            steps=self.gathered.marked,
            steps_ns=self.gathered.steps_ns,
            op_self_ns=whole_ns,
            phase_ratio=share(lambda key: key.phase >= 0),
            layer_ratio=share(lambda key: key.layer >= 0),
            mapped_ratio=share(lambda key: self._category(key) is not None),
            device_events=sum(sums.count for sums in work),
            linked=sum(sums.linked for sums in work),
            repaired=self.gathered.repaired,
            truncated=self.gathered.truncated,
        )

    def _merged(self, by: Grouping) -> "dict[tuple[str, ...], _Merged]":
        """The sums by the texts that make a row: key, kind, shapes, phase."""
        merged: dict[tuple[str, ...], _Merged] = {}
        for key, sums in self.gathered.groups:
            if _is_device(key) and by in WITH_DEVICE_TIME:
                texts = self._texts(
                    by, key if by == "category" else key._replace(name=key.op, kind=Kind.OP)
                )
                merged.setdefault(texts, _Merged()).add_device(sums, self._category(key))
            elif self._belongs(by, key):
                entry = merged.setdefault(self._texts(by, key), _Merged())
                entry.add(sums, self._category(key), by == "layer")
                if by in WITH_WORK:
                    self._add_work(entry, key, sums)
        return merged

    @staticmethod
    def _belongs(by: Grouping, key: Key) -> bool:
        if by == "kernel":
            return key.kind == Kind.KERNEL
        if by == "copy":
            return key.kind in (Kind.MEMCPY, Kind.MEMSET)
        return key.kind == Kind.OP

    def _texts(self, by: Grouping, key: Key) -> tuple[str, ...]:
        text = self.gathered.text
        kind = by if by in ("layer", "kernel", "category") else Kind(key.kind).name.lower()
        name = text(key.name) if key.name >= 0 else NO_OP
        if by == "layer":
            return text(key.layer) or NO_LAYER, kind, "", text(key.phase)
        if by == "category":
            return self._category(key) or UNMAPPED, kind, "", ""
        if by == "native" and key.path >= 0:
            return f"{text(key.path)}:{name}", kind, "", ""
        return name, kind, text(key.shapes) if by == "shape" else "", ""

    def _category(self, key: Key) -> str | None:
        """By the op that launched it, for device work, and by its own name if that says nothing."""
        names = (key.op, key.name) if _is_device(key) else (key.name,)
        place = (key.phase, key.layer, *names, key.kind)
        if place not in self._categories:
            text = self.gathered.text
            phase, layer, kind = text(key.phase), text(key.layer), Kind(key.kind).name.lower()
            found = (category(phase, layer, text(name), kind) for name in names if name >= 0)
            self._categories[place] = next((each for each in found if each), None)
        return self._categories[place]

    def _add_work(self, entry: "_Merged", key: Key, sums: Sums) -> None:
        text = self.gathered.text
        if key.kind != Kind.OP:
            return
        one = work(text(key.name), text(key.shapes), text(key.args))
        first, entry.called = not entry.called, True
        entry.flops = _sum(0 if first else entry.flops, one.flops, sums.count)
        entry.bytes = _sum(0 if first else entry.bytes, one.bytes, sums.count)

    def _row(self, by: Grouping, key: tuple[str, ...], sums: "_Merged", whole_ns: int) -> Row:
        name, kind, shapes, phase = key
        return Row(
            key=name,
            kind=kind,
            count=sums.count,
            total_ns=sums.total_ns,
            self_ns=sums.self_ns,
            share=_ratio(sums.self_ns, whole_ns),
            steps=self.gathered.marked,
            shapes=shapes,
            phase=phase,
            category=None if by == "layer" else sums.category,
            device_ns=sums.device_ns,
            work_ns=sums.device_ns if self.gathered.devices else sums.total_ns,
            flops=sums.flops,
            bytes=sums.bytes,
        )

    def _whole_ns(self, by: Grouping) -> int:
        on_device = by in ("kernel", "copy")
        return sum(
            sums.self_ns
            for key, sums in self.gathered.groups
            if (_is_device(key) if on_device else key.kind == Kind.OP)
        )

    def _phases(self) -> Iterator[Row]:
        """Phases in order of time, then the gaps; together they are as long as the steps."""
        times = self.gathered.phases
        whole_ns = sum(time.total_ns for time in times)
        own_ns: dict[int, int] = {}
        device_ns: dict[int, int] = {}
        for key, sums in self.gathered.groups:
            if key.kind == Kind.OP:
                own_ns[key.phase] = own_ns.get(key.phase, 0) + sums.self_ns
            elif _is_device(key):
                device_ns[key.phase] = device_ns.get(key.phase, 0) + sums.total_ns
        for number, count, total_ns in times:
            yield Row(
                key=self.gathered.text(number) if number >= 0 else GAPS,
                kind="phase",
                count=count,
                total_ns=total_ns,
                self_ns=own_ns.get(number, 0),
                share=_ratio(total_ns, whole_ns),
                steps=self.gathered.marked,
                device_ns=device_ns.get(number, 0),
            )

    def _steps(self) -> Iterator[Row]:
        whole_ns = sum(step.length_ns for step in self.gathered.by_step.values())
        for number, step in sorted(self.gathered.by_step.items()):
            yield Row(
                key=str(number),
                kind="step",
                count=step.ops,
                total_ns=step.length_ns,
                self_ns=step.op_self_ns,
                share=_ratio(step.length_ns, whole_ns),
                steps=self.gathered.marked,
                device_ns=step.device_ns,
            )


@dataclass(slots=True)
class _Merged:
    count: int = 0
    total_ns: int = 0
    self_ns: int = 0
    device_ns: int = 0
    flops: int | None = None
    bytes: int | None = None
    called: bool = False
    categories: dict[str | None, tuple[int, int]] = field(default_factory=dict)
    """Self time and device time of each."""

    @property
    def category(self) -> str | None:
        """The one with the largest self time, or device time where no op of the host has any."""
        return max(self.categories, key=lambda each: self.categories[each], default=None)

    def add(self, sums: Sums, category: str | None, outermost: bool) -> None:
        self.count += sums.count
        self.total_ns += sums.outermost_ns if outermost else sums.total_ns
        self.self_ns += sums.self_ns
        self._add_category(category, sums.self_ns, 0)

    def add_device(self, sums: Sums, category: str | None) -> None:
        self.device_ns += sums.total_ns
        self._add_category(category, 0, sums.total_ns)

    def _add_category(self, category: str | None, self_ns: int, device_ns: int) -> None:
        before = self.categories.get(category, (0, 0))
        self.categories[category] = (before[0] + self_ns, before[1] + device_ns)


def _largest_first(row: Row) -> tuple[int, int, str, str, str]:
    return -row.self_ns, -row.device_ns, row.key, row.shapes, row.phase


def _sum(before: int | None, each: int | None, count: int) -> int | None:
    """None once something is unknown."""
    return None if before is None or each is None else before + each * count


def _is_device(key: Key) -> bool:
    return key.kind in (Kind.KERNEL, Kind.MEMCPY, Kind.MEMSET)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
