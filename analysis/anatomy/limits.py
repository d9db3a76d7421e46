"""Which resource limits a step: rules over the shares of its time, and what was seen.

The rules are asked in this order, and the first that holds decides. With a device:

1. *device-bound*: the device is busy for `FULL_RATIO` of the step or more, which for a device
   ends when its work does. Whatever the host does faster, the step can't lose more than the rest.
2. *input-bound*: fetching data takes `INPUT_RATIO` of the step or more on the host, and the device
   is idle for as much.
3. *launch-bound*: the device is idle for `IDLE_RATIO` or more, there are `MANY_KERNELS` or more,
   and operations and launch calls take the host `LAUNCHING_RATIO` of the step or more: longer for
   each kernel than it runs, but no longer than `LONGEST_LAUNCH_NS`.
4. *host-bound*: the device is idle for `IDLE_RATIO` or more for another reason.

Without one: *input-bound* by the same share; *host-bound* if `IDLE_RATIO` of the step or more lies
in no operation; *compute-bound* if operations fill `FULL_RATIO` or more. What no rule catches has
no single limit: two of its parts are large.
"""

from collections.abc import Iterator

from analysis import wording
from analysis.anatomy import times
from analysis.anatomy.record import Limit, Limited
from analysis.anatomy.times import Times
from analysis.partition.record import Part, Partition

FULL_RATIO = 0.80
INPUT_RATIO = 0.25
IDLE_RATIO = 0.40
LAUNCHING_RATIO = 0.50
MANY_KERNELS = 20
LONGEST_LAUNCH_NS = 1_000_000
WORTH_TELLING_RATIO = 0.10


def limited(partition: Partition) -> Limited:
    """The one resource that a step waits for, with sentences that say what was seen."""
    found = times.times(partition)
    unknown = _unknown(found)
    if unknown:
        return Limited(None, [unknown])
    says = _Sentences(partition, found)
    limit = _of_device(found) if found.devices else _of_processor(found)
    return Limited(limit, [*says.of(limit), *says.reservations()])


def _of_device(found: Times) -> Limit | None:
    idle_ratio = found.idle_ns / found.device_ns if found.device_ns else 0.0
    if found.busy_ns >= FULL_RATIO * found.device_ns > 0:
        return "device-bound"
    if found.data_ns >= INPUT_RATIO * found.steps_ns and idle_ratio >= INPUT_RATIO:
        return "input-bound"
    if idle_ratio < IDLE_RATIO or not found.hosted:
        return None
    return "launch-bound" if _launching(found) else "host-bound"


def _launching(found: Times) -> bool:
    """Whether the host is busy with getting many short kernels to the device."""
    return (
        found.kernels >= MANY_KERNELS * found.steps
        and found.work_ns >= LAUNCHING_RATIO * found.steps_ns
        and found.kernel_ns < found.work_ns <= LONGEST_LAUNCH_NS * found.kernels
    )


def _of_processor(found: Times) -> Limit | None:
    if found.data_ns >= INPUT_RATIO * found.steps_ns:
        return "input-bound"
    if found.outside_ns >= IDLE_RATIO * found.steps_ns:
        return "host-bound"
    if found.ops_ns >= FULL_RATIO * found.steps_ns:
        return "compute-bound"
    return None


def _unknown(found: Times) -> str:
    """Why nothing can be said; empty where something can."""
    if not found.steps or not found.steps_ns:
        return "no step was recorded"
    if not found.devices and found.launched:
        return "work was launched on a device, but none of it was recorded"
    if not found.devices and not found.hosted:
        return "no operation was recorded in the steps"
    return ""


class _Sentences:
    """What was seen, in times of one unit."""

    def __init__(self, partition: Partition, found: Times) -> None:
        self._partition, self._found = partition, found
        self._unit, self._unit_ns = wording.time_unit(found.steps_ns / found.steps)
        self._whole = "a step" if partition.marked else "of the recording"

    def of(self, limit: Limit | None) -> Iterator[str]:
        """Why a step has this limit, or none."""
        found = self._found
        if limit == "input-bound":
            yield self._fetching()
            if found.devices:
                yield self._idle()
        elif limit == "device-bound":
            yield self._busy()
            yield from self._waiting()
        elif limit == "launch-bound":
            yield self._idle()
            yield self._launches()
        elif limit == "host-bound":
            if found.devices:
                yield self._idle()
            at_work = found.devices and found.ops_ns > found.outside_ns
            yield self._working() if at_work else self._between()
        elif limit == "compute-bound":
            yield self._operations()
        else:
            yield self._busy() if found.devices else self._operations()
            if found.data_ns:
                yield self._fetching()
            if found.hosted and found.outside_ns:
                yield self._between()

    def reservations(self) -> Iterator[str]:
        """What the reader must know besides."""
        if not self._partition.marked:
            yield "the source marks no steps: all that it recorded counts as one"
        if not self._found.hosted:
            yield "nothing of the host was recorded"
        elif not self._partition.phases_known and not self._found.data_ns:
            yield "phases are not known, so fetching data could not be told apart"

    def _time(self, time_ns: float) -> str:
        """A time of a mean step with its unit."""
        return f"{wording.number(time_ns / self._found.steps / self._unit_ns)} {self._unit}"

    def _share(self, time_ns: float) -> str:
        """Part of a step: "30.2 of 41.0 ms a step, 74 %"."""
        return self._part(time_ns, self._found.steps_ns)

    def _device_share(self, time_ns: float) -> str:
        return self._part(time_ns, self._found.device_ns)

    def _part(self, time_ns: float, whole_ns: float) -> str:
        part = wording.number(time_ns / self._found.steps / self._unit_ns)
        share = wording.percent(time_ns / whole_ns) if whole_ns else wording.MISSING
        return f"{part} of {self._time(whole_ns)} {self._whole}, {share}"

    def _fetching(self) -> str:
        text = f"fetching data takes {self._share(self._found.data_ns)}"
        parts = [part for part in self._partition.parts if part.budget == "host"]
        longest = max(filter(times.fetches, parts), key=lambda part: part.time_ns)
        if 2 * longest.time_ns < self._found.data_ns:
            return text
        return f"{text}; {self._time(longest.time_ns)} of it {_where(longest)}"

    def _busy(self) -> str:
        found = self._found
        text = f"{self._devices('is', 'are')} busy for {self._device_share(found.busy_ns)}"
        if found.communication_ns >= WORTH_TELLING_RATIO * found.device_ns:
            text += f"; {self._time(found.communication_ns)} of it with communication"
        return text

    def _idle(self) -> str:
        return f"{self._devices('is', 'are')} idle for {self._device_share(self._found.idle_ns)}"

    def _devices(self, one: str, several: str) -> str:
        count = self._found.devices
        return f"the device {one}" if count == 1 else f"the {count} devices {several} on average"

    def _waiting(self) -> Iterator[str]:
        waited_ns = self._found.waiting_ns
        if waited_ns >= WORTH_TELLING_RATIO * self._found.steps_ns:
            name = wording.plain(times.waiting_names(self._partition)[0])
            yield f"the host waits for it {self._share(waited_ns)}, mostly in {name}"

    def _launches(self) -> str:
        found = self._found
        each_ns = found.kernel_ns / found.kernels, found.work_ns / found.kernels
        unit, unit_ns = wording.time_unit(max(each_ns))
        kernel, host = (wording.number(time_ns / unit_ns) for time_ns in each_ns)
        return (
            f"{self._kernels()} take {kernel} {unit} each, and operations and launch calls of the "
            f"host {host} {unit} for each of them"
        )

    def _kernels(self) -> str:
        count = self._found.kernels / self._found.steps
        digits = 0 if count.is_integer() else None
        return f"{wording.number(count, digits)} kernel{'' if count == 1 else 's'} {self._whole}"

    def _working(self) -> str:
        """The host in operations and calls, on a device that has little to do meanwhile."""
        text = f"operations and calls of the host take {self._share(self._found.work_ns)}"
        return f"{text}, for {self._kernels()}" if self._found.kernels else text

    def _between(self) -> str:
        """Time of the host outside operations, and where it was then as far as that is known."""
        found = self._found
        text = f"the host is in no operation for {self._share(found.outside_ns)}"
        places = {"in Python": found.python_ns, "in the runtime": found.calls_ns}
        known = [
            f"{self._time(time_ns)} {where}"
            for where, time_ns in places.items()
            if time_ns >= WORTH_TELLING_RATIO * found.outside_ns
        ]
        return f"{text}, of which {wording.listed(known)}" if known else text

    def _operations(self) -> str:
        return f"operations fill {self._share(self._found.ops_ns)}"


def _where(part: Part) -> str:
    """Where a part of the host's time is spent, in words."""
    if part.kind == "gap":
        return "in host gap"
    name = wording.shortened(part.name or part.op, 60)
    return f"in Python ({name})" if part.kind == "python" else f"in {name}"
