"""Which GPUs a process may use: CUDA_VISIBLE_DEVICES in all of its forms, as CUDA reads it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

VARIABLE = "CUDA_VISIBLE_DEVICES"
NUMBER = re.compile(r"\s*\+?(\d+)")
PREFIXES = ("GPU-", "MIG-")


@dataclass(frozen=True)
class Known:
    """A GPU of the machine: its UUID, and those of its MIG instances if it is parted into such."""

    uuid: str | None
    instances: Sequence[str] = ()


@dataclass(frozen=True)
class Visible:
    """A device that CUDA shows: the number of the GPU by PCI bus, and the MIG instance of it."""

    index: int
    instance: str | None = None


def visible(variable: str | None, known: Sequence[Known]) -> list[Visible]:
    """What CUDA counts as its devices 0, 1, ...

    The variable lists numbers, or beginnings of UUIDs with GPU- or MIG-. It counts up to the first
    entry that names no device, and nothing is visible where one is named twice. Of a GPU in MIG
    mode that is named as a whole, CUDA shows the first instance.

    Args:
        variable: The value of CUDA_VISIBLE_DEVICES, None where it is not set.
        known: The machine's GPUs in the order of the PCI bus, which CUDA_DEVICE_ORDER must ask for.
    """
    if variable is None:
        return [_whole(index, known) for index in range(len(known))]
    entries = variable.split(",")
    prefix = next((each for each in PREFIXES if entries[0].strip().startswith(each)), None)
    found: list[Visible] = []
    for entry in entries:
        one = _numbered(entry, known) if prefix is None else _named(entry.strip(), prefix, known)
        if one is None:
            break
        if one in found:
            return []
        found.append(one)
    return found


def _numbered(entry: str, known: Sequence[Known]) -> Visible | None:
    digits = NUMBER.match(entry)
    index = int(digits[1]) if digits else len(known)
    return _whole(index, known) if index < len(known) else None


def _named(entry: str, prefix: str, known: Sequence[Known]) -> Visible | None:
    """The only device whose UUID begins like this."""
    if not entry.startswith(prefix) or entry == prefix:
        return None
    if prefix == "GPU-":
        matches = [
            _whole(index, known)
            for index, gpu in enumerate(known)
            if (gpu.uuid or "").lower().startswith(entry.lower())
        ]
    else:
        matches = [
            Visible(index, instance)
            for index, gpu in enumerate(known)
            for instance in gpu.instances
            if instance.lower().startswith(entry.lower())
        ]
    return matches[0] if len(matches) == 1 else None


def _whole(index: int, known: Sequence[Known]) -> Visible:
    return Visible(index, next(iter(known[index].instances), None))
