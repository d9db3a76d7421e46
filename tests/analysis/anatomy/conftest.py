from collections.abc import Callable

import pytest

from analysis.partition.record import Part, Partition

MakePartition = Callable[..., Partition]


@pytest.fixture
def part_steps() -> MakePartition:
    """Two steps of parts given as (kind, phase, name, ms of a step); the sums follow from them.

    Times are for a mean step; a kernel's last figure is how many there are in it.
    """

    def make(*rows: tuple[object, ...], devices: int = 0, marked: bool = True) -> Partition:
        parts = [_part(*row) for row in rows]  # type: ignore[arg-type]
        host = [part for part in parts if part.budget == "host"]
        return Partition(
            steps=2,
            marked=marked,
            steps_ns=sum(part.time_ns for part in host),
            device_ns=sum(part.time_ns for part in parts if part.budget == "device"),
            devices=[f"GPU {number}" for number in range(devices)],
            parts=parts,
            phases_known=True,
        )

    return make


def _part(kind: str, phase: str, name: str, time_ms: float, count: int = 1) -> Part:
    device = kind in ("kernel", "copy", "idle")
    time_ns = round(2 * time_ms * 1e6)
    return Part(
        budget="device" if device else "host",
        kind=kind,  # type: ignore[arg-type]
        phase=phase,
        name=name,
        op=name,
        count=2 * count,
        time_ns=time_ns,
        active_ns=time_ns,
        category="communication" if name.startswith("nccl") else None,
    )
