from collections import Counter
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.annotate import Folded, fold, fold_trace
from analysis.blocks import Block, Kind, concat
from analysis.folds.busy import busy_ns
from analysis.folds.links import Launches
from analysis.groups import gather, gather_folded, in_steps
from analysis.ops.table import Grouping, Table
from analysis.readers.xspace import XSpaceTrace
from analysis.readers.xspace_proto import XSpace
from profilers.rundir import ProfileError

DATA = Path(__file__).parents[2] / "data" / "xspace"
MI300_START_NS = 1_771_595_639_214_724_894
START_NS = 1_790_000_000_000_000_000
EXECUTIONS = ("function", "fit", "xla", "eager")
PROFILES = (*(f"tensorflow-{execution}" for execution in EXECUTIONS), "mi300-jax-conv")


def read(path: Path, **options: int) -> tuple[XSpaceTrace, Block]:
    trace = XSpaceTrace(path, **options)
    return trace, concat(trace.blocks())


def folded_of(execution: str) -> Folded:
    return fold_trace(XSpaceTrace(DATA / f"tensorflow-{execution}.xplane.pb"))


def names(trace: XSpaceTrace, block: Block) -> list[str]:
    return [trace.strings[number] for number in block.name.tolist()]


def test_figures_of_eight_gpus_are_those_of_a_separate_program() -> None:
    trace, block = read(DATA / "mi300-jax-conv.xplane.pb")
    kernels = block.take(block.kind == Kind.KERNEL)
    expected = {
        0: (60, 4_000_165, 3_995_965),
        1: (25, 3_345_845, 3_345_845),
        2: (25, 3_524_285, 3_524_285),
        3: (25, 3_403_364, 3_403_364),
        4: (25, 3_493_365, 3_493_365),
        5: (25, 3_464_884, 3_464_884),
        6: (25, 3_403_004, 3_403_004),
        7: (25, 3_502_165, 3_502_165),
    }
    busy = busy_ns(block)
    for device, figures in expected.items():
        own = kernels.take(kernels.device == device)
        assert (len(own), int(own.duration_ns.sum()), busy[device]) == figures
    fusions = kernels.take(np.array(names(trace, kernels)) == "input_transpose_fusion.kd")
    assert int(fusions.duration_ns[fusions.device == 0].sum()) == 1_796_162
    host = block.take(block.kind != Kind.KERNEL)
    assert len(host) + trace.marks == 3415
    assert int(host.duration_ns.sum()) == pytest.approx(1_911_823_171, abs=len(host))
    assert trace.dropped == 0
    assert trace.base_ns == MI300_START_NS
    assert {device["id"] for device in trace.devices} == set(range(8))
    assert trace.devices[0]["core_count"] == 304


def test_kernels_find_the_calls_that_launched_them() -> None:
    trace, block = read(DATA / "mi300-jax-conv.xplane.pb")
    folded = fold(block, trace.strings)
    block = folded.block
    numbers = np.arange(len(block), dtype=np.int32).reshape(-1, 1)
    linked, _, values = Launches(trace.strings).resolve(folded.window, numbers)
    launch_row = values[:, 0]
    kernels = np.flatnonzero(block.kind == Kind.KERNEL)
    launched = kernels[linked[kernels]]
    assert len(launched) > 200
    launched_by = launch_row[launched]
    assert set(block.kind[launched_by].tolist()) == {Kind.RUNTIME}
    assert (block.start_ns[launched_by] <= block.start_ns[launched]).all()
    assert set(block.stream[kernels[block.device[kernels] == 0]].tolist()) == {15, 16, 17, 18}


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_steps_phases_and_gaps_of_a_training_run(execution: str) -> None:
    folded = folded_of(execution)
    covered = Table(gather_folded(folded)).coverage()
    phases = {row.key: row.total_ns for row in Table(gather_folded(folded)).rows("phase")}
    assert covered.steps == 3
    assert sum(phases.values()) == covered.steps_ns
    assert set(phases) == {"data", "forward", "loss", "backward", "optimizer", "gaps"}
    assert all(time_ns > 0 for time_ns in phases.values())
    assert covered.phase_ratio is not None
    assert covered.phase_ratio >= 0.95


@pytest.mark.parametrize("execution", ["function", "fit", "xla"])
def test_layers_of_a_training_run(execution: str) -> None:
    rows = Table(gather_folded(folded_of(execution))).rows("layer")
    found = {(row.key, row.phase) for row in rows if row.self_ns}
    assert {("fc1", "backward"), ("fc2", "forward"), ("fc2", "backward")} <= found
    # A dense layer and the activation behind it are one op, named after the latter.
    assert found & {("relu1", "forward"), ("fc1", "forward")}
    assert {key for key, _ in found} <= {"fc1", "relu1", "fc2", "flatten", "(no layer)"}


def test_ops_are_named_by_their_type() -> None:
    table = Table(gather_folded(folded_of("function")))
    rows = {row.key: row.count_per_step for row in table.rows("op")}
    assert rows["_MklNativeFusedMatMul"] == 2
    assert rows["_MklMatMul"] == 3
    assert rows["SparseSoftmaxCrossEntropyWithLogits"] == 1
    eager = {
        row.key: row.count_per_step for row in Table(gather_folded(folded_of("eager"))).rows("op")
    }
    assert eager["MatMul"] == 5
    assert eager["ReluGrad"] == 1


def test_an_eager_ops_own_time_holds_the_runtime_that_runs_it() -> None:
    folded = folded_of("eager")
    block = folded.block
    rows = np.flatnonzero((block.kind == Kind.OP) & (folded.step >= 0))
    assert (folded.self_ns[rows] == block.duration_ns[rows]).all()


def test_times_are_unix_nanoseconds_and_steps_have_their_number() -> None:
    trace, block = read(DATA / "tensorflow-function.xplane.pb")
    steps = block.take(block.kind == Kind.STEP)
    assert names(trace, steps) == ["step:0", "step:1", "step:2"]
    assert (np.diff(steps.start_ns) > 0).all()
    assert (block.start_ns >= trace.base_ns).all()
    assert int(block.end_ns.max()) - trace.base_ns < 10**9


def test_threads_are_named_after_what_they_do() -> None:
    trace, _ = read(DATA / "tensorflow-fit.xplane.pb")
    found = Counter(name.rstrip(" 0123456789") for name in trace.thread_names.values())
    assert found["python"] == 1
    assert "tf_Compute" in found
    assert len(set(trace.thread_names.values())) == len(trace.thread_names)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_reading_in_small_parts_gives_the_same_events(execution: str) -> None:
    path = DATA / f"tensorflow-{execution}.xplane.pb"
    whole, parts = read(path), read(path, part_bytes=500)
    for texts in ("name", "path"):
        read_whole, read_parts = (
            [trace.strings[number] for number in getattr(block, texts).tolist()]
            for trace, block in (whole, parts)
        )
        assert read_whole == read_parts
    for column in ("event_id", "start_ns", "duration_ns", "kind", "thread"):
        assert (getattr(whole[1], column) == getattr(parts[1], column)).all()
    assert len(list(XSpaceTrace(path, part_bytes=500).blocks())) > len(
        list(XSpaceTrace(path).blocks())
    )


def small_profile(**changes: Any) -> Any:
    """An XSpace of one thread with one op, from 5 ns to 7 ns after the start."""
    space = XSpace()
    host = space.planes.add(name="/host:CPU")
    host.event_metadata[1].name = "phase_loss/Mean:Mean"
    line = host.lines.add(id=7, name="python", timestamp_ns=changes.get("timestamp_ns", 0))
    event = line.events.add(metadata_id=1, offset_ps=5_400, duration_ps=1_700)
    for name in changes.keys() & {"metadata_id", "offset_ps", "duration_ps", "num_occurrences"}:
        setattr(event, name, changes[name])
    if changes.get("start_ns", START_NS):
        task = space.planes.add(name="Task Environment")
        task.stat_metadata[1].name = "profile_start_time"
        task.stats.add(metadata_id=1, uint64_value=START_NS)
    return space


def write(folder: Path, space: Any) -> Path:
    path = folder / "small.xplane.pb"
    path.write_bytes(space.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("changes", "start_ns"),
    [
        ({}, START_NS + 5),
        ({"timestamp_ns": 100}, START_NS + 105),
        ({"timestamp_ns": START_NS + 7}, START_NS + 12),
        ({"timestamp_ns": START_NS + 7, "start_ns": 0}, START_NS + 12),
    ],
)
def test_lines_count_from_the_start_of_the_profile_or_from_1970(
    tmp_path: Path, changes: dict[str, int], start_ns: int
) -> None:
    _, block = read(write(tmp_path, small_profile(**changes)))
    assert (block.start_ns.tolist(), block.duration_ns.tolist()) == ([start_ns], [2])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metadata_id": 9}, "no name"),
        ({"duration_ps": -1}, "impossible time"),
        ({"timestamp_ns": -(2**62)}, "impossible time"),
        ({"offset_ps": 2**63 - 1, "timestamp_ns": 2**62}, "impossible time"),
        ({"num_occurrences": 4}, "sum of many events"),
    ],
)
def test_what_can_not_be_understood_is_counted(
    tmp_path: Path, changes: dict[str, int], reason: str
) -> None:
    trace, block = read(write(tmp_path, small_profile(**changes)))
    assert len(block) == 0
    assert (trace.dropped_reasons, trace.dropped) == ({reason: 1}, 1)


def test_sums_beside_the_streams_and_unknown_planes_are_told_from_events(tmp_path: Path) -> None:
    space = small_profile()
    gpu = space.planes.add(name="/device:GPU:2")
    gpu.event_metadata[1].name = "gemm"
    for name in ("Stream #9(Compute)", "XLA Modules", "Steps"):
        gpu.lines.add(name=name).events.add(metadata_id=1, duration_ps=1000)
    space.planes.add(name="/other").lines.add(id=1).events.add(metadata_id=1)
    trace, block = read(write(tmp_path, space))
    assert block.kind.tolist() == [Kind.OP, Kind.KERNEL]
    assert (block.device.tolist(), block.stream.tolist()) == ([-1, 2], [-1, 9])
    assert trace.marks == 2
    assert trace.dropped_reasons == {"plane of an unknown kind": 1}


@pytest.mark.parametrize("profile", PROFILES)
def test_no_table_changes_by_what_is_left_out_of_the_blocks(profile: str) -> None:
    path = DATA / f"{profile}.xplane.pb"
    whole, lean = (XSpaceTrace(path, everything=everything) for everything in (True, False))
    tables = [Table(gather(trace, in_steps)) for trace in (whole, lean)]
    assert tables[0].coverage() == tables[1].coverage()
    assert tables[0].busy_ns == tables[1].busy_ns
    for by in get_args(Grouping):
        assert tables[0].rows(by) == tables[1].rows(by)
    assert whole.left_out == 0
    assert (lean.left_out > 0) == (profile == "mi300-jax-conv")


def test_kernels_and_the_calls_that_launch_them_are_never_left_out() -> None:
    _, whole = read(DATA / "mi300-jax-conv.xplane.pb")
    trace, lean = read(DATA / "mi300-jax-conv.xplane.pb", everything=False)
    needed = whole.take((whole.kind == Kind.KERNEL) | (whole.correlation >= 0))
    assert lean.start_ns.tolist() == needed.start_ns.tolist()
    assert trace.left_out == len(whole) - len(needed)


def test_only_an_accelerators_allocator_is_memory(tmp_path: Path) -> None:
    space = small_profile()
    host = space.planes[0]
    host.event_metadata[2].name = "MemoryAllocation"
    host.event_metadata[3].name = "MemoryDeallocation"
    for number, name in enumerate(("allocator_name", "allocation_bytes", "bytes_allocated"), 4):
        host.stat_metadata[number].name = name
    for allocator, kind, held in (("GPU_1_bfc", 2, 96), ("GPU_1_bfc", 3, 64), ("mklcpu", 2, 9)):
        event = host.lines[0].events.add(metadata_id=kind)
        event.stats.add(metadata_id=4, str_value=allocator)
        event.stats.add(metadata_id=5, int64_value=32)
        event.stats.add(metadata_id=6, int64_value=held)
    trace, block = read(write(tmp_path, space))
    memory = block.take(block.kind == Kind.MEMORY)
    assert memory.device.tolist() == [1, 1]
    assert memory.bytes.tolist() == [32, -32]
    assert memory.total_bytes.tolist() == [96, 64]
    assert trace.marks == 1


def test_a_thread_may_hold_allocations_alone(tmp_path: Path) -> None:
    space = small_profile()
    host = space.planes[0]
    host.event_metadata[1].name = "MemoryAllocation"
    host.stat_metadata[4].name = "allocator_name"
    del host.lines[0].events[:]
    for number in range(3):
        event = host.lines[0].events.add(metadata_id=1, offset_ps=number, duration_ps=5_000)
        event.stats.add(metadata_id=4, str_value="GPU_0_bfc")
    path = write(tmp_path, space)
    _, block = read(path)
    assert block.kind.tolist() == [Kind.MEMORY] * 3
    assert block.duration_ns.tolist() == [0, 0, 0]
    assert block.correlation.tolist() == [-1, -1, -1]
    trace, lean = read(path, everything=False)
    assert (len(lean), trace.left_out) == (0, 3)


@pytest.mark.parametrize("damage", ["empty", "text", "corrupt", "missing", "folder", "no start"])
def test_what_is_no_profile_is_refused_in_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.xplane.pb"
    if damage in ("empty", "text"):
        path.write_text("" if damage == "empty" else "not a profile at all, but some text")
    elif damage == "folder":
        path.mkdir()
    elif damage == "no start":
        path = write(tmp_path, small_profile(start_ns=0))
    elif damage == "corrupt":
        path = DATA / "corrupt-tpu-inference.xplane.pb"
    with pytest.raises(ProfileError) as caught:
        read(path)
    text = str(caught.value)
    assert str(path) in text
    assert text.endswith(".")
    assert "\n" not in text


def test_a_break_takes_what_lies_behind_it(tmp_path: Path) -> None:
    """The start of a profile stands behind the events: without it times count from there."""
    space = small_profile()
    path = write(tmp_path, space)
    whole = path.read_bytes()
    task = len(space.planes[1].SerializeToString())
    path.write_bytes(whole[: len(whole) - task + 4])
    trace, block = read(path)
    assert (block.start_ns.tolist(), block.duration_ns.tolist()) == ([5], [2])
    assert names(trace, block) == ["Mean"]
    assert trace.truncated == f"it breaks off after {len(whole) - task + 4} bytes"
    assert trace.notes == [
        "The profile breaks off before it says when it began: its times count from there."
    ]


def test_damage_in_one_thread_leaves_the_others(tmp_path: Path) -> None:
    space = small_profile()
    lines = space.planes[0].lines
    lines.add(id=8).CopyFrom(lines[0])
    lines[1].id = 8
    for _ in range(9):
        lines[0].events.add().CopyFrom(lines[0].events[0])
    path = write(tmp_path, space)
    whole = bytearray(path.read_bytes())
    event = lines[0].events[0].SerializeToString()
    at = whole.index(event * 1) + 3 * (len(event) + 2) - 2
    whole[at] = 0x27
    path.write_bytes(whole)
    trace, block = read(path)
    assert block.thread.tolist() == [7, 7, 7, 8]
    assert trace.truncated == f"it is damaged at byte {at}"
    assert trace.dropped == 0


def test_an_event_that_is_no_message_is_counted(tmp_path: Path) -> None:
    space = small_profile()
    space.planes[0].lines[0].events.add().CopyFrom(space.planes[0].lines[0].events[0])
    path = write(tmp_path, space)
    whole = bytearray(path.read_bytes())
    event = space.planes[0].lines[0].events[0].SerializeToString()
    whole[whole.index(event)] = 0x0F
    path.write_bytes(whole)
    trace, block = read(path)
    assert (len(block), trace.dropped_reasons, trace.truncated) == (1, {"damaged": 1}, None)


def test_names_that_are_no_utf_8_are_mended(tmp_path: Path) -> None:
    path = write(tmp_path, small_profile())
    path.write_bytes(path.read_bytes().replace(b"Mean:Mean", b"M\xff\xffn:Mean"))
    trace, block = read(path)
    assert (len(block), trace.repaired, trace.truncated) == (1, 1, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILES)
@given(data=st.data())
@settings(max_examples=40)
def test_a_damaged_profile_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    damaged = bytearray((DATA / f"{name}.xplane.pb").read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged))) :]
    path = tmp_path_factory.getbasetemp() / "damaged.xplane.pb"
    path.write_bytes(damaged)
    try:
        trace, block = read(path, part_bytes=data.draw(st.sampled_from([100, 10_000, 1 << 20])))
    except ProfileError:
        return
    assert (block.start_ns >= 0).all()
    assert (block.duration_ns >= 0).all()
    fold(block, trace.strings)


@pytest.mark.parametrize("kept", [0.1, 0.5])
def test_a_profile_that_is_cut_off_before_its_names_is_refused(tmp_path: Path, kept: float) -> None:
    whole = (DATA / "tensorflow-function.xplane.pb").read_bytes()
    path = tmp_path / "cut.xplane.pb"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ProfileError, match=r"damaged.*breaks off after [\d,]+ bytes"):
        read(path)


@pytest.mark.parametrize("kept", [0.8, 0.9, 0.999])
def test_a_profile_that_is_cut_off_is_used_as_far_as_it_goes(tmp_path: Path, kept: float) -> None:
    source = DATA / "tensorflow-function.xplane.pb"
    _, whole = read(source)
    size = int(source.stat().st_size * kept)
    path = tmp_path / "cut.xplane.pb"
    path.write_bytes(source.read_bytes()[:size])
    trace, block = read(path)
    assert trace.truncated == f"it breaks off after {size:,} bytes"
    assert len(block) + trace.marks + trace.dropped == 874
    assert 0 < len(block) <= len(whole)
    assert set(trace.dropped_reasons) <= {"no name"}
    if kept == 0.999:
        assert (block.duration_ns == whole.duration_ns).all()


def test_the_planes_before_a_break_are_whole(tmp_path: Path) -> None:
    source = DATA / "mi300-jax-conv.xplane.pb"
    path = tmp_path / "cut.xplane.pb"
    path.write_bytes(source.read_bytes()[: source.stat().st_size - 60_000])
    trace, block = read(path)
    assert np.count_nonzero(block.kind == Kind.KERNEL) == 235
    assert trace.truncated is not None
    assert trace.dropped_reasons.keys() == {"no name"}


def test_lines_may_be_unsorted_and_their_ids_negative(tmp_path: Path) -> None:
    space = small_profile()
    line = space.planes[0].lines[0]
    line.id = -(2**63)
    line.events.add(metadata_id=1, offset_ps=1_000, duration_ps=0)
    space.planes.add().CopyFrom(space.planes[0])
    trace, block = read(write(tmp_path, space))
    assert block.thread.tolist() == [-(2**63)] * 4
    assert block.process.tolist() == [0, 0, 2, 2]
    assert (block.start_ns - START_NS).tolist() == [5, 1, 5, 1]
    assert block.duration_ns.tolist() == [2, 0, 2, 0]
    assert trace.process_names == {0: "/host:CPU", 2: "/host:CPU"}


def test_a_tpu_is_a_device(tmp_path: Path) -> None:
    space = small_profile()
    tpu = space.planes.add(name="/device:TPU:3")
    tpu.event_metadata[1].name = "fusion.5"
    tpu.lines.add(name="XLA Ops").events.add(metadata_id=1, offset_ps=9_999, duration_ps=1)
    tpu.lines.add(name="XLA Modules").events.add(metadata_id=1, duration_ps=1)
    trace, block = read(write(tmp_path, space))
    work = block.take(block.device >= 0)
    assert (work.device.tolist(), work.stream.tolist()) == ([3], [0])
    assert (work.start_ns.tolist(), work.duration_ns.tolist()) == ([START_NS + 9], [1])
    assert trace.marks == 1


@pytest.mark.parametrize("offset_ps", [-(2**63), -1, 0, 2**63 - 1])
@pytest.mark.parametrize("duration_ps", [-(2**63), 0, 2**63 - 1])
@pytest.mark.parametrize("timestamp_ns", [-(2**63), 0, 10**18, 10**18 + 1, 2**63 - 1])
def test_absurd_times_are_exact_or_counted(
    tmp_path: Path, offset_ps: int, duration_ps: int, timestamp_ns: int
) -> None:
    space = small_profile(offset_ps=offset_ps, duration_ps=duration_ps, timestamp_ns=timestamp_ns)
    trace, block = read(write(tmp_path, space))
    base_ns = 0 if timestamp_ns > 10**18 else START_NS
    start_ns = base_ns + timestamp_ns + offset_ps // 1000
    if duration_ps < 0 or not 0 <= start_ns < 2**62:
        assert (len(block), trace.dropped_reasons) == (0, {"impossible time": 1})
        return
    end_ns = base_ns + timestamp_ns + (offset_ps + duration_ps) // 1000
    assert block.start_ns.tolist() == [start_ns]
    assert block.duration_ns.tolist() == [end_ns - start_ns]
