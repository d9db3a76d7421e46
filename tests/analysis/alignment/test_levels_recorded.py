"""Traces of other tools, as they were recorded: by what they align, and that their rows add up."""

import math
from pathlib import Path

import pytest

from analysis.alignment.levels import FOREIGN, levels
from analysis.alignment.record import LEVELS, Levels
from analysis.partition.make import partition_of
from analysis.partition.record import Partition
from analysis.readers.registry import open_trace

DATA = Path(__file__).parents[2] / "data"

pytestmark = pytest.mark.slow


def partition(name: str) -> Partition:
    return partition_of(open_trace(DATA / name))


def compared(baseline: str, other: str) -> Levels:
    found = levels([partition(baseline)], [partition(other)], None, certified=False)
    assert found.stamp == FOREIGN
    for level in LEVELS[:4]:
        rows = [row for row in found.rows[level] if row.budget == found.budget]
        total_ns = math.fsum(row.difference_ns for row in rows)
        assert total_ns == pytest.approx(found.headline_ns, rel=1e-9)
    return found


def test_one_model_on_two_gpus_is_aligned_by_its_modules() -> None:
    found = compared("kineto/h100-qwen.json.gz", "kineto/mi300-qwen.json.gz")
    assert (found.aligned_by, found.budget, found.fallback) == ("modules", "device", "")
    assert found.unaligned_ratio == 0
    layers = {row.layer: row for row in found.rows["layer"] if row.budget == "device"}
    assert layers["Qwen2Attention_23"].baseline_ns is not None
    assert layers["Qwen2Attention_23"].other_ns is not None
    [attention] = [row for row in found.rows["kernel"] if row.key.endswith(" / attn_fwd")]
    assert attention.counts == (34, 34)


def test_runs_of_the_same_training_without_modules_are_not_taken_for_layers() -> None:
    found = compared("kineto/a100-ddp-control.json.gz", "kineto/v100-ddp-test.json.gz")
    assert found.aligned_by in ("sequence", "category")
    assert found.fallback
    phases = {row.key for row in found.rows["phase"] if row.budget == "device"}
    assert {"forward", "backward", "optimizer", "device idle"} <= phases


def test_traces_of_two_frameworks_are_aligned_by_category() -> None:
    found = compared("kineto/h100-bert-small.json.gz", "xspace/mi300-jax-conv.xplane.pb")
    assert found.aligned_by == "category"
    categories = {row.key for row in found.rows["category"]}
    assert {"matmul", "convolution", "device idle"} <= categories


def test_two_ways_of_running_one_model_are_aligned_by_its_layers() -> None:
    found = compared("xspace/tensorflow-function.xplane.pb", "xspace/tensorflow-fit.xplane.pb")
    assert found.aligned_by == "modules"
    assert found.unaligned_ratio is not None
    assert found.unaligned_ratio < 0.2
