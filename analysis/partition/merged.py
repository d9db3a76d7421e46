"""The profiles of several runs of one side as one: their steps taken together."""

from collections.abc import Sequence

import msgspec

from analysis.partition.record import Part, Partition

NUMBERS = ("count", "time_ns", "active_ns")


def merged(partitions: Sequence[Partition]) -> Partition:
    """All steps of at least one partition; what one step looks like is that of the first.

    A run may have used another card of the machine: the first device of each counts as one, and so
    on. Work of a kind that is not known in one of them is not known.
    """
    first = partitions[0]
    if len(partitions) == 1:
        return first
    alike: dict[tuple[object, ...], list[Part]] = {}
    for part in (part for each in partitions for part in each.parts):
        key = (part.budget, part.kind, part.phase, part.layers, part.category, part.op)
        alike.setdefault((*key, part.name, part.launcher), []).append(part)
    devices = max((each.devices for each in partitions), key=len)
    busy_ns = dict.fromkeys(devices, 0)
    for each in partitions:
        for name, own in zip(devices, each.devices, strict=False):
            busy_ns[name] += each.busy_ns.get(own, 0)
    return msgspec.structs.replace(
        first,
        steps=sum(each.steps for each in partitions),
        marked=all(each.marked for each in partitions),
        steps_ns=sum(each.steps_ns for each in partitions),
        device_ns=sum(each.device_ns for each in partitions),
        devices=devices,
        busy_ns=busy_ns,
        parts=[_together(parts) for parts in alike.values()],
        phases_known=any(each.phases_known for each in partitions),
        layers_known=any(each.layers_known for each in partitions),
        notes=list(dict.fromkeys(note for each in partitions for note in each.notes)),
    )


def _together(parts: Sequence[Part]) -> Part:
    sums = {name: sum(getattr(part, name) for part in parts) for name in NUMBERS}
    flops, moved = ([getattr(part, name) for part in parts] for name in ("flops", "bytes"))
    return msgspec.structs.replace(
        parts[0],
        **sums,
        flops=None if None in flops else sum(flops),
        bytes=None if None in moved else sum(moved),
    )
