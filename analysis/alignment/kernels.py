"""Which kernels of two sides do the same job."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from analysis.alignment.groups import Group
from analysis.alignment.kernel_names import cut
from analysis.alignment.places import Place, PlaceOf, op_of
from analysis.alignment.work import Work
from analysis.folds.categories import name_meaning

Kernel = tuple[str, str, str]
"""Name without what a compiler added, canonical operation, phase."""

Job = tuple[str, str, str, Group | None]
"""Canonical operation, that which launched it, phase, group of layers."""

KINDS = ("kernel", "copy")


def device_works(works: Iterable[Work]) -> list[Work]:
    """What ran on a device."""
    return [work for work in works if work.part.kind in KINDS]


def by_kernel(
    sides: Sequence[Iterable[Work]], phases: bool, group_of: Callable[[Work], Group] | None
) -> PlaceOf:
    """A row for each kernel.

    Kernels of one name, operation and phase are one row. Of the others those of both sides share a
    row that do the same job, going by where most of their time is: the operation, what launched it,
    the phase and the layers. What is left is of one side alone.
    """
    jobs = [_jobs(works, phases, group_of) for works in sides]
    shared = jobs[0].keys() & jobs[1].keys()
    by_job: dict[Job, tuple[list[Kernel], list[Kernel]]] = defaultdict(lambda: ([], []))
    for side, own in enumerate(jobs):
        for kernel, job in own.items():
            if kernel not in shared:
                by_job[job][side].append(kernel)
    pairs: dict[Kernel, tuple[Kernel, Kernel]] = {}
    for left, right in by_job.values():
        if left and right:
            pairs |= dict.fromkeys((*left, *right), (left[0], right[0]))
    keys = _Keys({kernel for own in jobs for kernel in own})

    def place(work: Work) -> Place:
        kernel = _kernel(work, phases)
        key = " / ".join(dict.fromkeys(map(keys.of, pairs.get(kernel, (kernel,)))))
        return Place(key, phase=kernel[2], category=None)

    return place


class _Keys:
    """Names of kernels, with operation and phase where the name is of several kernels."""

    def __init__(self, kernels: set[Kernel]) -> None:
        self._same: dict[str, set[Kernel]] = defaultdict(set)
        for kernel in kernels:
            self._same[kernel[0]].add(kernel)

    def of(self, kernel: Kernel) -> str:
        """The key of a row."""
        name, op, phase = kernel
        if len(self._same[name]) == 1:
            return name
        return f"{name} ({', '.join(filter(None, (op, phase)))})"


def _jobs(
    works: Iterable[Work], phases: bool, group_of: Callable[[Work], Group] | None
) -> dict[Kernel, Job]:
    """The job of each kernel, the kernel with the most time first."""
    times_ns: dict[Kernel, dict[Job, float]] = defaultdict(lambda: defaultdict(float))
    for work in works:
        kernel = _kernel(work, phases)
        launched = name_meaning(work.part.launcher, "op") if work.part.launcher else None
        launcher = launched.op if launched else ""
        group = group_of(work) if group_of else None
        times_ns[kernel][kernel[1], launcher, kernel[2], group] += work.time_ns
    ordered = sorted(times_ns, key=lambda kernel: (-sum(times_ns[kernel].values()), kernel))
    return {kernel: max(times_ns[kernel], key=times_ns[kernel].__getitem__) for kernel in ordered}


def _kernel(work: Work, phases: bool) -> Kernel:
    return cut(work.part.name) or work.part.kind, op_of(work), work.part.phase if phases else ""
