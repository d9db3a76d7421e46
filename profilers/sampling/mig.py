"""Into which instances MIG splits a GPU, by NVML."""

import contextlib
from typing import Any


def is_split(library: Any, handle: Any) -> bool | None:
    """Whether MIG is on; None if that is not told, as by a GPU or driver without MIG."""
    try:
        current, _ = library.nvmlDeviceGetMigMode(handle)
    except library.NVMLError:
        return None
    return bool(current)


def instances(library: Any, handle: Any) -> list[str]:
    """The UUIDs of a GPU's instances; those that can't be asked are left out."""
    if not is_split(library, handle):
        return []
    found: list[str] = []
    with contextlib.suppress(library.NVMLError):
        for number in range(library.nvmlDeviceGetMaxMigDeviceCount(handle)):
            with contextlib.suppress(library.NVMLError):
                instance = library.nvmlDeviceGetMigDeviceHandleByIndex(handle, number)
                found.append(library.nvmlDeviceGetUUID(instance))
    return found
