from pathlib import Path
from typing import Any

import pytest

from analysis.blocks import Block, Kind, concat
from analysis.groups import every_event, gather
from analysis.ops.table import Table
from analysis.readers.xspace import XSpaceTrace
from analysis.readers.xspace_proto import XSpace
from analysis.readers.xspace_work import NO_WORK, Value, Work, xla_work

START_NS = 1_790_000_000_000_000_000
STATS = ("model_flops", "flops", "bytes_accessed", "hlo_category", "while", "other")


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ({}, NO_WORK),
        ({"flops": 8, "bytes_accessed": 4}, Work(8, 4)),
        ({"flops": 8, "model_flops": 6}, Work(6, -1)),
        ({"flops": 8, "model_flops": 0}, Work(8, -1)),
        ({"flops": 0, "bytes_accessed": 0}, Work(0, 0)),
        ({"flops": 8.0, "bytes_accessed": 2.0**70}, Work(8, -1)),
        ({"flops": -8, "bytes_accessed": "4"}, NO_WORK),
        ({"flops": float("nan"), "bytes_accessed": float("inf")}, NO_WORK),
        ({"flops": 2**63, "bytes_accessed": 2**64 - 1}, NO_WORK),
        ({"flops": 8, "bytes_accessed": 4, "hlo_category": "while"}, NO_WORK),
        ({"flops": 8, "hlo_category": "convolution fusion"}, Work(8, -1)),
    ],
)
def test_the_figures_of_an_event(stats: dict[str, Value], expected: Work) -> None:
    assert xla_work(stats) == expected


def add_stat(stats: Any, name: str, value: int | str) -> None:
    kind = {"str_value": value} if isinstance(value, str) else {"uint64_value": value}
    if value == "while":  # as XLA writes it: a reference to a text
        kind = {"ref_value": STATS.index("while") + 1}
    stats.add(metadata_id=STATS.index(name) + 1, **kind)


def tpu(path: Path) -> XSpaceTrace:
    """A loop of two turns around a fusion, then a copy whose own stats tell more."""
    space = XSpace()
    host = space.planes.add(name="/host:CPU")
    host.stat_metadata[1].name = "profile_start_time"
    host.stats.add(metadata_id=1, uint64_value=START_NS)
    plane = space.planes.add(name="/device:TPU:0")
    for number, name in enumerate(STATS, start=1):
        plane.stat_metadata[number].name = name
    told: dict[str, dict[str, int | str]] = {
        "while.3": {"flops": 100, "bytes_accessed": 10, "hlo_category": "while"},
        "fusion.1": {"flops": 120, "model_flops": 100, "bytes_accessed": 10},
        "copy.2": {"flops": 0, "bytes_accessed": 64},
    }
    for number, (name, stats) in enumerate(told.items(), start=1):
        plane.event_metadata[number].name = name
        for stat, value in stats.items():
            add_stat(plane.event_metadata[number].stats, stat, value)
    line = plane.lines.add(id=1, name="XLA Ops")
    for metadata_id, start_us, length_us in ((1, 0, 50), (2, 0, 20), (2, 25, 20), (3, 60, 10)):
        line.events.add(
            metadata_id=metadata_id, offset_ps=start_us * 10**6, duration_ps=length_us * 10**6
        )
    add_stat(line.events[3].stats, "bytes_accessed", 128)
    line = plane.lines.add(id=2, name="Async XLA Ops")
    line.events.add(metadata_id=3, offset_ps=0, duration_ps=10**6)
    path.write_bytes(space.SerializeToString())
    return XSpaceTrace(path)


def test_a_tpu_keeps_its_figures_in_the_metadata_of_events(tmp_path: Path) -> None:
    trace = tpu(tmp_path / "tpu.xplane.pb")
    block: Block = concat(trace.blocks())
    names = [trace.strings[number] for number in block.name.tolist()]
    assert names == ["while.3", "fusion.1", "fusion.1", "copy.2", "copy.2"]
    assert set(block.kind.tolist()) == {Kind.KERNEL}
    assert block.flops.tolist() == [-1, 100, 100, 0, -1]
    assert block.bytes.tolist() == [-1, 10, 10, 128, -1]


def test_the_work_of_a_loop_is_that_of_what_ran_in_it(tmp_path: Path) -> None:
    found = Table(gather(tpu(tmp_path / "tpu.xplane.pb"), every_event))
    rows = {row.key: row for row in found.rows("kernel")}
    assert (rows["fusion.1"].flops, rows["fusion.1"].bytes) == (200, 20)
    assert rows["fusion.1"].flops_per_second == pytest.approx(200 / 40e-6)
    assert rows["fusion.1"].flops_per_byte == 10
    assert rows["while.3"].flops is rows["copy.2"].flops is None
    coverage = found.coverage()
    assert (coverage.flops, coverage.bytes) == (200, 148)
    assert coverage.work_ratio == pytest.approx(50 / 101)
    for by in ("category", "layer", "op"):
        rows_of = found.rows(by)  # type: ignore[arg-type]
        assert sum(row.flops or 0 for row in rows_of) == 200
        assert sum(row.bytes or 0 for row in rows_of) == 148
