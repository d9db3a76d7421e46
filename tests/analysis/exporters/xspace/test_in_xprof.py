import gzip
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analysis import derived
from analysis.annotate import annotated
from analysis.exporters.xspace import write as xspace
from analysis.exporters.xspace.names import OpNames
from analysis.groups import gather
from analysis.ops.rows import Row
from analysis.ops.table import NO_OP, Table
from analysis.readers.registry import open_trace
from analysis.readers.xspace_proto import XSpace
from tests.analysis.exporters.xspace.xprof_pages import Pages, pages

pytest.importorskip("xprof")

DATA = Path(__file__).parents[3] / "data" / "kineto"
SMALL = (
    "a100-simple-add",
    "a100-triton-example",
    "cpu-only-gloo",
    "h100-bert-small",
    "mi250-minitoy",
    "mi300-bert-small",
    "mi300-torch-compile-triton",
)
LARGE = ("a100-ddp-control", "b200-eager", "h100-qwen", "mi300-qwen", "v100-ddp-test")
OVERLAPPING = {"Torch-Compiled Region: 0/1"}
"""An op of b200-eager that a Python frame and other ops overlap in part.

The table gives each instant to the op begun last; in XProf both have it.
"""

MARGIN = 1e-6


def traces(*names: str) -> Any:
    return pytest.mark.parametrize("path", [DATA / f"{name}.json.gz" for name in names], ids=names)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The pages of a trace, made once, and its table."""
    folder = tmp_path_factory.mktemp("xprof")

    @cache
    def convert(path: Path) -> tuple[Pages, Table]:
        trace = open_trace(path, memory=True, host=True, details=True)
        target = folder / f"{path.parent.parent.name}-{path.name}.xplane.pb"
        counts = xspace.write(annotated(trace), target)
        assert counts.events == counts.events_in
        [found] = pages(target)
        return found, Table(gather(open_trace(path)))

    return convert


def assert_same_ops(found: Pages, rows: list[Row]) -> None:
    """XProf counts each op as often as the table, and has its self time."""
    names = OpNames()
    for row in rows:
        if row.count and row.key not in OVERLAPPING:
            count, own_us = found.ops[names.of(row.key).rpartition(":")[0]]
            assert count == row.count
            assert own_us == pytest.approx(row.self_ns / 1000, rel=MARGIN, abs=1e-5), row.key


def assert_pages(found: Pages, table: Table) -> None:
    """What must be on XProf's pages for any trace."""
    assert found.events
    assert bool(found.steps) is bool(table.rows("step"))
    assert_same_ops(found, [row for row in table.rows("native") if row.count])
    kernels = table.rows("kernel")
    assert sum(row["occurrences"] for row in found.kernels) == sum(row.count for row in kernels)
    total_us = sum(row["total_duration_us"] for row in found.kernels)
    assert total_us == pytest.approx(sum(row.total_ns for row in kernels) / 1000, rel=MARGIN)
    launched = [row.device_ns for row in table.rows("op") if row.key != NO_OP]
    assert sum(found.device_ops.values()) == pytest.approx(sum(launched) / 1000, rel=MARGIN)


@traces(*SMALL)
def test_xprof_agrees_with_the_tables(path: Path, converted: Any) -> None:
    found, table = converted(path)
    assert_pages(found, table)
    assert bool(found.peaks_bytes) is (b'"[memory]"' in gzip.decompress(path.read_bytes()))


@pytest.mark.slow
@traces(*LARGE)
def test_xprof_agrees_with_the_tables_of_large_traces(path: Path, converted: Any) -> None:
    assert_pages(*converted(path))


def test_xprof_shows_kernels_with_their_configuration_and_op(converted: Any) -> None:
    found, _ = converted(DATA / "h100-bert-small.json.gz")
    kernel = max(found.kernels, key=lambda row: row["total_duration_us"])
    assert (kernel["registers_per_thread"], kernel["shmem_bytes"]) == (88, 33792)
    assert (kernel["block_dim"], kernel["grid_dim"]) == ("128,1,1", "40,2,1")
    assert kernel["op_name"] == "aten/addmm"
    assert found.peaks_bytes.keys() == {"CPU", "GPU_0"}
    assert [step["stepnum"] for step in found.steps]


def test_arrows_lead_from_launches_to_kernels(converted: Any) -> None:
    found, table = converted(DATA / "h100-bert-small.json.gz")
    args = [event.get("args", {}) for event in found.events]
    kernels = [each for each in args if "kernel_details" in each]
    assert len(kernels) == sum(row.count for row in table.rows("kernel"))
    ends = Counter(int(each["flow"]) >> 2 for each in args if "flow" in each)
    assert all(ends[int(each["flow"]) >> 2] == 2 for each in kernels)


@pytest.mark.slow
def test_all_complete_steps_are_in_the_overview(converted: Any) -> None:
    for name in ("a100-ddp-control", "v100-ddp-test"):  # of six steps the inner four
        found, table = converted(DATA / f"{name}.json.gz")
        assert len(found.steps) == len(table.rows("step")) - 2
        for step in found.steps:  # a device's step is from its first kernel to its last one
            assert 0 < step["deviceComputeTimeMs"] < step["stepTimeMs"]


@pytest.mark.slow
def test_a_run_of_torch(torch_run: Path, converted: Any) -> None:
    found, table = converted(derived.profile_path(torch_run))
    assert_pages(found, table)
    assert len(found.steps) == len(table.rows("step")) - 2
    assert all(step["infeedTimeMs"] > 0 and step["hostComputeTimeMs"] > 0 for step in found.steps)
    lengths_ms = [row.total_ns / 1e6 for row in table.rows("step")][1:-1]
    assert [step["stepTimeMs"] for step in found.steps] == pytest.approx(lengths_ms, rel=MARGIN)
    [peak_bytes] = found.peaks_bytes.values()
    assert peak_bytes > 0
    [copy] = (torch_run / "tensorboard" / "plugins" / "profile").glob("*/*.xplane.pb")
    [same] = pages(copy)
    assert same.ops == found.ops


@pytest.mark.slow
def test_a_run_of_tensorflow_in_xprof(tensorflow_run: Path) -> None:
    """Self times agree; XProf counts allocations with their op, and `phase:` ranges as an op."""
    path = derived.profile_path(tensorflow_run)
    [found] = pages(path)
    table = Table(gather(open_trace(path)))
    assert found.events
    steps = len(table.rows("step"))
    assert len(found.steps) == (steps - 2 if steps > 5 else steps)
    rows = table.rows("native")
    ops = {row.key.rpartition(":")[0]: row for row in rows}
    assert found.ops.keys() - ops.keys() <= {"phase", "layer"}
    allocated = allocations(path)
    for name, row in ops.items():
        count, own_us = found.ops[name]
        assert count == row.count + allocated[name]
        assert own_us == pytest.approx(row.self_ns / 1000, rel=MARGIN)


def allocations(path: Path) -> Counter[str]:
    """How many allocations name each op."""
    found: Counter[str] = Counter()
    for plane in XSpace.FromString(path.read_bytes()).planes:
        stats = {number: each.name for number, each in plane.stat_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                if plane.name == "/host:CPU" and name.startswith("Memory"):
                    for stat in event.stats:
                        if stats[stat.metadata_id] == "tf_op":
                            found[(stat.str_value or stats[stat.ref_value]).partition(":")[0]] += 1
    return found
