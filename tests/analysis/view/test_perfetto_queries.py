"""The queries of docs/perfetto.md, asked of Perfetto's own engine and held to our own tables."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.exporters import export
from analysis.folds.busy import union_ns
from profilers import rundir
from tests.conftest import ROOT, run_analysis

pytestmark = pytest.mark.slow

TEXT = (ROOT / "docs" / "perfetto.md").read_text(encoding="utf-8")
FIRST, *OTHERS = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
TITLES = re.findall(r"^### (.*)$", TEXT, re.MULTILINE)
QUERIES = dict(zip(TITLES, OTHERS, strict=True))
GPU_TRACE = ROOT / "tests" / "data" / "kineto" / "h100-bert-small.json.gz"
SECOND = 1_000_000_000

Ask = Callable[..., Any]


def answer(ask: Ask, trace: Path, title: str) -> list[list[Any]]:
    """The rows of a query of the page."""
    found = ask(trace, FIRST + QUERIES[title])
    assert isinstance(found, list), found
    rows: list[list[Any]] = found[0]
    return rows


def ops(path: Path, by: str, steps: str) -> list[dict[str, Any]]:
    """The rows of `analysis ops`."""
    done = run_analysis("ops", str(path), "--by", by, "--steps", steps, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    return rows


@pytest.fixture(scope="session")
def gpu_trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded trace with kernels, as Perfetto is given it."""
    output = tmp_path_factory.mktemp("gpu") / "trace.pftrace.gz"
    export.alone(GPU_TRACE, output, export.FORMS["perfetto"])
    return output


@pytest.fixture(scope="session")
def pair(compared_runs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run of each framework by its number and title in the file, and the file."""
    rows = {row["framework"]: Path(row["path"]) for row in compared_runs["runs"]}
    output = tmp_path_factory.mktemp("merged") / "compare.pftrace.gz"
    export.merge([rows["torch"], rows["tensorflow"]], output, "step")
    return {
        "Run 1: PyTorch eager": rows["torch"],
        "Run 2: TensorFlow function": rows["tensorflow"],
        "file": output,
    }


def test_the_page_has_a_title_for_each_query() -> None:
    assert len(QUERIES) == len(OTHERS) == 6
    assert "CREATE OR REPLACE PERFETTO TABLE" in FIRST


def test_each_query_suits_each_kind_of_trace(
    ask: Ask, torch_run: Path, gpu_trace: Path, pair: dict[str, Any]
) -> None:
    rows = {
        name: [len(found) for found in ask(trace, *(FIRST + query for query in OTHERS))]
        for name, trace in (
            ("run", torch_run / rundir.PERFETTO_TRACE),
            ("gpu", gpu_trace),
            ("pair", pair["file"]),
        )
    }
    empty = {
        name: [title for title, count in zip(QUERIES, counts, strict=True) if not count]
        for name, counts in rows.items()
    }
    two = [title for title in QUERIES if "two runs" in title]
    assert empty == {"run": two, "gpu": [*QUERIES][3:], "pair": []}


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_time_per_category_is_that_of_the_tables(
    ask: Ask, framework: str, pair: dict[str, Any]
) -> None:
    title, run = next(
        (title, path) for title, path in [*pair.items()][:2] if framework in path.name
    )
    rows = answer(ask, pair["file"], "Time per category and step")
    for step in (0, 2):
        found = {row[2]: row[3:5] for row in rows if row[:2] == [title, step]}
        assert found == {
            row["key"]: [row["count"], pytest.approx(row["self_ns"] / 1e6, rel=1e-12)]
            for row in ops(run, "category", f"{step}:{step}")
        }


def test_time_per_category_counts_kernels_apart(ask: Ask, gpu_trace: Path) -> None:
    rows = answer(ask, gpu_trace, "Time per category and step")
    found = {row[2]: row[3:] for row in rows if row[1] == 6}
    assert sum(row[2] for row in found.values()) > 0.2
    assert found == {
        row["key"]: [
            row["count"],
            pytest.approx(row["self_ns"] / 1e6),
            pytest.approx(row["device_ns"] / 1e6),
        ]
        for row in ops(GPU_TRACE, "category", "6:6")
    }


def test_the_slowest_operations_are_those_of_the_tables(ask: Ask, torch_run: Path) -> None:
    rows = answer(ask, torch_run / rundir.PERFETTO_TRACE, "The slowest operations")
    table = {row["key"]: row for row in ops(torch_run, "native", "0:") if row["kind"] == "op"}
    assert len(rows) == 30
    slowest = sorted((row["self_ns"] for row in table.values()), reverse=True)
    assert [row[4] * 1e6 for row in rows] == pytest.approx(slowest[:30])
    for _, name, categories, calls, self_ms, mean_ms, longest_ms in rows:
        row = table[name]
        assert row["category"] in categories.split(",")
        assert calls == row["count"]
        assert self_ms * 1e6 == pytest.approx(row["self_ns"])
        assert mean_ms <= longest_ms <= self_ms


SLICES = (
    "select category, ts, ts + dur, extract_arg(arg_set_id, 'debug.step'), track.name "
    "from slice join track on slice.track_id = track.id"
)


def test_idle_gaps_are_what_the_union_of_the_work_leaves(
    ask: Ask, torch_run: Path, gpu_trace: Path
) -> None:
    for trace, lines in ((torch_run / rundir.PERFETTO_TRACE, 1), (gpu_trace, 2)):
        slices = ask(trace, SLICES)[0]
        steps = {row[3]: row[1:3] for row in slices if row[0] == "step" and row[3] is not None}
        work = defaultdict(list)
        for kind, start_ns, end_ns, _, line in slices:
            if kind in ("op", "runtime", "kernel", "memcpy", "memset"):
                work[line].append((start_ns, end_ns))
        rows = answer(ask, trace, "Idle gaps")
        assert len({row[2] for row in rows}) == lines
        assert len(rows) == lines * len(steps)
        for _, step, line, gaps, idle_ms, percent, longest_ms, _ in rows:
            begin_ns, end_ns = steps[step]
            edges = np.clip(np.array(work[line], dtype=np.int64), begin_ns, end_ns)
            idle_ns = end_ns - begin_ns - union_ns(edges[:, 0], edges[:, 1])
            assert idle_ms * 1e6 == pytest.approx(idle_ns, abs=0.1)
            assert percent == pytest.approx(100 * idle_ns / (end_ns - begin_ns))
            assert idle_ms / gaps <= longest_ms <= idle_ms


def test_the_longest_gap_is_after_what_ran_before_it(ask: Ask, small_trace: Any) -> None:
    rows = answer(ask, small_trace, "Idle gaps")
    (first, second) = rows
    assert first[1:5] == [0, "main", 3, 0.45]
    assert first[6:] == [0.2, "b"]
    assert second[1:5] == [1, "main", 1, 0.4]
    assert second[6:] == [0.4, "(the begin of the step)"]


@pytest.fixture
def small_trace(tmp_path: Path) -> Path:
    """Steps of 1000 µs: gaps of 100, 200 and 150, and of 400 at the begin of the second."""

    def span(name: str, start: float, length: float, kind: str = "cpu_op") -> dict[str, object]:
        event: dict[str, object] = {"ph": "X", "name": name, "cat": kind, "ts": start}
        return event | {"dur": length, "pid": 1, "tid": 1, "args": {}}

    events: list[dict[str, object]] = [
        span("ProfilerStep#0", 0, 1000, "user_annotation"),
        span("a", 100, 200),
        span("inside a", 150, 50),
        span("b", 300, 300),
        span("c", 800, 50),
        span("ProfilerStep#1", 1000, 1000, "user_annotation"),
        span("d", 1400, 900),
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": {"name": "main"}},
    ]
    trace = tmp_path / "small.json"
    trace.write_text(json.dumps({"schemaVersion": 1, "traceEvents": events}))
    output = tmp_path / "small.pftrace.gz"
    export.alone(trace, output, export.FORMS["perfetto"])
    return output


def test_counters_are_weighed_by_the_time_that_they_hold_for(ask: Ask, make_run: Any) -> None:
    run = make_run()
    output = run / "trace.pftrace.gz"
    export.alone(run, output, export.FORMS["perfetto"])
    rows = answer(ask, output, "Counters per phase")
    assert {row[1] for row in rows} == {"timed"}
    found = {row[2]: row[3:] for row in rows}
    assert found["RSS"] == [pytest.approx(0.25 * 1000 + 0.5 * 5000 + 0.25 * 4000), 5000, "bytes"]
    assert found["CPU"][0] == pytest.approx(100 * 3.25 / 2)
    assert found["CPU"][1:] == [pytest.approx(200), "%"]


def test_steps_stand_side_by_side(ask: Ask, pair: dict[str, Any]) -> None:
    rows = answer(ask, pair["file"], "Step by step, two runs side by side")
    timed = [row for row in rows if row[0].startswith(("timed", "profiled"))]
    assert len(timed) >= 100
    durations = {}
    for title, run in [*pair.items()][:2]:
        with (run / rundir.STEPS).open(newline="") as file:
            for row in csv.DictReader(file):
                key = title, row["phase"], int(row["index"])
                durations[key] = int(row["duration_ns"]) / 1e6
    for name, left, left_ms, right, right_ms, ratio, apart_ns in timed:
        phase, _, index = name.partition(" step ")
        assert left_ms == pytest.approx(durations[left, phase, int(index)])
        assert right_ms == pytest.approx(durations[right, phase, int(index)])
        assert ratio == pytest.approx(right_ms / left_ms)
        assert apart_ns == 0


def test_categories_stand_side_by_side(ask: Ask, pair: dict[str, Any]) -> None:
    rows = answer(ask, pair["file"], "A category, two runs side by side")
    found = {row[0]: (row[2], row[4]) for row in rows}
    tables = [
        {row["key"]: row["self_ns_per_step"] / 1e6 for row in ops(run, "category", "0:")}
        for run in [*pair.values()][:2]
    ]
    assert {*found} == {*tables[0]} & {*tables[1]}
    for category, both in found.items():
        assert both == pytest.approx([table[category] for table in tables])
