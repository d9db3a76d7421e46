"""Tables of where a trace's time went: by operation, category, layer, phase, step, kernel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from analysis.blocks import NONE, Kind
from analysis.folds.busy import DeviceTime
from analysis.folds.categories import first_meaning
from analysis.ops.merged import Merged
from analysis.ops.row_work import RowWork, row_work
from analysis.ops.rows import Coverage, Row
from analysis.sums import Gathered, Key, StepSums, Worked

Grouping = Literal["op", "native", "category", "layer", "phase", "kernel", "copy", "shape", "step"]

GAPS = "gaps"
NO_LAYER = "(no layer)"
UNMAPPED = "(unmapped)"
NO_OP = "(launched outside the recording)"
OF_ONE_NAME = ("op", "native", "shape", "kernel", "copy")
"""Here a row's work is that of all its calls; ops that call others have their work as their own."""
WITH_DEVICE_TIME = ("op", "category", "layer")


@dataclass(slots=True)
class Table:
    """The tables of one trace, made of its sums."""

    gathered: Gathered
    _categories: dict[tuple[int, ...], str | None] = field(default_factory=dict)
    _from_device: bool = False
    """Whether the source has figures for the work of a device; those go before formulas."""

    def __post_init__(self) -> None:
        groups = self.gathered.groups
        self._from_device = any(sums.worked.counted for key, sums in groups if _is_device(key))

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

        of_all = self._worked_by(lambda key: 0).get(0, Worked())
        device_ns = sum(sums.total_ns for sums in work)
        total = row_work(of_all, 0, device_ns if self._from_device else whole_ns)
        return Coverage(
            events=self.gathered.events,
            dropped=sum(self.gathered.dropped_reasons.values()),
            steps=self.gathered.marked,
            steps_ns=self.gathered.steps_ns,
            op_self_ns=whole_ns,
            phase_ratio=share(lambda key: key.phase >= 0),
            layer_ratio=share(lambda key: key.layer >= 0),
            mapped_ratio=share(lambda key: self._category(key) is not None),
            work_ratio=total.work_ratio,
            flops=total.flops,
            bytes=total.bytes,
            device_events=sum(sums.count for sums in work),
            linked=sum(sums.linked for sums in work),
            repaired=self.gathered.repaired,
            truncated=self.gathered.truncated,
        )

    def _merged(self, by: Grouping) -> dict[tuple[str, ...], Merged]:
        """The sums by the texts that make a row: key, kind, shapes, phase."""
        merged: dict[tuple[str, ...], Merged] = {}
        for key, sums in self.gathered.groups:
            on_device = _is_device(key)
            if on_device and by in WITH_DEVICE_TIME:
                texts = self._texts(
                    by, key if by == "category" else key._replace(name=key.op, kind=Kind.OP)
                )
                entry = merged.setdefault(texts, Merged())
                entry.add_device(sums, self._category(key))
            elif self._belongs(by, key):
                entry = merged.setdefault(self._texts(by, key), Merged())
                entry.add(sums, self._category(key), by == "layer")
            else:
                continue
            if on_device == self._from_device:
                entry.worked.add(sums.worked)
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
            known = first_meaning(phase, layer, (text(name) for name in names if name >= 0), kind)
            self._categories[place] = known.category.value if known else None
        return self._categories[place]

    def _worked_by(self, place: Callable[[Key], int]) -> dict[int, Worked]:
        """Work that may be added up, by what `place` says of the groups that have it."""
        found: dict[int, Worked] = {}
        for key, sums in self.gathered.groups:
            if _is_device(key) == self._from_device:
                found.setdefault(place(key), Worked()).add(sums.worked)
        return found

    def _work(self, by: Grouping, sums: Merged) -> RowWork:
        time_ns = sums.self_ns if by == "category" else sums.total_ns
        if self.gathered.devices and by not in ("kernel", "copy"):
            time_ns = sums.device_ns
        if by in OF_ONE_NAME and not (by == "op" and self._from_device):
            known = sums.count > 0 and sums.flops is not None
            moved = sums.bytes if sums.count else None
            return RowWork(sums.flops if known else None, moved, time_ns, 1.0 if known else None)
        return row_work(sums.worked, time_ns, sums.device_ns if self._from_device else sums.self_ns)

    def _row(self, by: Grouping, key: tuple[str, ...], sums: Merged, whole_ns: int) -> Row:
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
            category_ratio=None if by == "layer" else sums.category_ratio,
            device_ns=sums.device_ns,
            **self._work(by, sums)._asdict(),
        )

    def _whole_ns(self, by: Grouping) -> int:
        on_device = by in ("kernel", "copy")
        return sum(
            sums.self_ns
            for key, sums in self.gathered.groups
            if (_is_device(key) if on_device else key.kind == Kind.OP)
        )

    def _phases(self) -> Iterator[Row]:
        """Phases in order of time, then the gaps; together they are as long as the steps.

        Ops of a phase that no range times (autograd's, by their names) are in the gaps, as is
        their time.
        """
        times = self.gathered.phases
        timed = {time.number for time in times}

        def place(key: Key) -> int:
            return key.phase if key.phase in timed else NONE

        whole_ns = sum(time.total_ns for time in times)
        own_ns: dict[int, int] = {}
        device_ns: dict[int, int] = {}
        for key, sums in self.gathered.groups:
            if key.kind == Kind.OP:
                own_ns[place(key)] = own_ns.get(place(key), 0) + sums.self_ns
            elif _is_device(key):
                device_ns[place(key)] = device_ns.get(place(key), 0) + sums.total_ns
        worked = self._worked_by(place)
        for number, count, total_ns in times:
            own, device = own_ns.get(number, 0), device_ns.get(number, 0)
            work = row_work(
                worked.get(number, Worked()),
                device if self.gathered.devices else total_ns,
                device if self._from_device else own,
            )
            yield Row(
                key=self.gathered.text(number) if number >= 0 else GAPS,
                kind="phase",
                count=count,
                total_ns=total_ns,
                self_ns=own,
                share=_ratio(total_ns, whole_ns),
                steps=self.gathered.marked,
                device_ns=device,
                **work._asdict(),
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
                **self._work_of_step(step)._asdict(),
            )

    def _work_of_step(self, step: StepSums) -> RowWork:
        return row_work(
            step.device_work if self._from_device else step.op_work,
            step.device_ns if self.gathered.devices else step.length_ns,
            step.device_ns if self._from_device else step.op_self_ns,
        )


def _largest_first(row: Row) -> tuple[int, int, str, str, str]:
    return -row.self_ns, -row.device_ns, row.key, row.shapes, row.phase


def _is_device(key: Key) -> bool:
    return key.kind in (Kind.KERNEL, Kind.MEMCPY, Kind.MEMSET)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
