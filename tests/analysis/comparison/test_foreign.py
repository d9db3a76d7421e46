import json
from pathlib import Path
from typing import Any

import pytest

from analysis.alignment.record import Levels
from analysis.comparison import foreign, text
from analysis.comparison.compare import Compared
from profilers.rundir import ProfileError

DATA = Path(__file__).parents[2] / "data"
KINETO = DATA / "kineto"
EXPECTED: dict[str, dict[str, Any]] = json.loads((KINETO / "expected.json").read_text())


def compared(folder: Path, *names: str) -> Compared:
    paths = [KINETO / f"{name}.json.gz" for name in names]
    return foreign.compare(folder, paths)


def words(found: Compared) -> str:
    return "\n".join(line.text for line in text.lines(found))


def column_ns(levels: Levels, level: str, side: str, *, idle: bool) -> float:
    """What the rows of a device's budget add up to on one side."""
    return sum(
        getattr(row, f"{side}_ns") or 0.0
        for row in levels.rows[level]
        if row.budget == "device" and (idle or row.kind != "idle")
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [("h100-qwen", "mi300-qwen"), ("a100-ddp-control", "v100-ddp-test")]
)
def test_rows_agree_with_what_others_count_in_the_traces(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    found = compared(tmp_path, *names)
    [levels] = found.record.levels
    assert levels is not None
    assert levels.stamp == "uncertified: foreign traces"
    assert (levels.budget, levels.headline_ns is not None) == ("device", True)
    for number, (side, name) in enumerate(zip(("baseline", "other"), names, strict=True)):
        expected, [partition] = EXPECTED[name], found.partitions[number]
        steps = max(1, expected["profiler_steps"])
        assert partition.steps == steps
        assert partition.steps_ns == round(1000 * sum(expected["profiler_step_us"]))
        [busy_us] = expected["busy_us"].values()
        inside = pytest.approx(1000 * busy_us, rel=1e-9)
        told = "".join(partition.notes)
        for level in ("category", "op"):
            busy_ns = steps * column_ns(levels, level, side, idle=False)
            assert busy_ns == inside or ("no part of it" in told and busy_ns < 1000 * busy_us)
            whole_ns = steps * column_ns(levels, level, side, idle=True)
            assert whole_ns == pytest.approx(partition.device_ns, rel=1e-9)
    differences = sum(
        row.difference_ns for row in levels.rows["category"] if row.budget == levels.budget
    )
    assert differences == pytest.approx(levels.headline_ns)


def test_the_text_has_the_stamp_first_and_no_verdict(tmp_path: Path) -> None:
    found = compared(tmp_path, "h100-bert-small", "mi300-bert-small")
    lines = words(found).strip().splitlines()
    assert lines[0] == "uncertified: foreign traces"
    assert lines[1].startswith("No verdict: a profiled step takes ")
    [row] = found.record.comparisons
    assert (row.ratio, row.verdict) == (None, "uncertified: foreign traces, no verdict")
    assert "Perfetto" in words(found)
    assert "TensorBoard" not in words(found)


def test_a_torch_trace_and_one_of_jax_are_aligned_by_category(tmp_path: Path) -> None:
    paths = [
        KINETO / "mi300-torch-compile-triton.json.gz",
        DATA / "xspace" / "mi300-jax-conv.xplane.pb",
    ]
    found = foreign.compare(tmp_path, paths)
    [levels] = found.record.levels
    assert levels is not None
    assert (levels.aligned_by, levels.stamp) == ("category", "uncertified: foreign traces")
    assert found.record.sides == ["mi300-torch-compile-triton", "mi300-jax-conv"]


def test_what_is_missing_of_a_trace_is_told(tmp_path: Path) -> None:
    whole = {"traceEvents": [{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 9}] * 9}
    paths = [tmp_path / "whole.json", tmp_path / "cut.json"]
    written = json.dumps(whole)
    for path, content in zip(paths, (written, written[:-40]), strict=True):
        path.write_text(content)
    found = foreign.compare(tmp_path / "compare", paths)
    [warned] = found.record.warned
    assert warned.text.startswith("The file is not whole: it breaks off after ")
    assert warned.rounds == [[], [1]]
    assert f"warning, cut: {warned.text[:30]}" in words(found)


@pytest.mark.parametrize("events", ["", '{"ph":"X","name":"a","pid":1,"tid":1,"ts":5,"dur":0}'])
def test_a_trace_in_which_nothing_takes_time_is_refused(tmp_path: Path, events: str) -> None:
    path = tmp_path / "none.json"
    path.write_text(f'{{"traceEvents": [{events}]}}')
    with pytest.raises(ProfileError, match=r"none\.json holds no event that takes time; record"):
        foreign.compare(tmp_path / "compare", [KINETO / "cpu-only-gloo.json.gz", path])
