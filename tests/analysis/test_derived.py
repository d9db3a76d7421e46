from collections import Counter
from typing import Any

import msgspec
import pytest

from analysis import derived
from analysis.groups import gather
from analysis.ops.table import Table
from analysis.readers.registry import open_trace
from profilers import rundir
from profilers.rundir import ProfileError


def test_tables_of_a_profile(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    profile = derived.make(run)
    times = {row.key: row.total_ns_per_step for row in profile.phases}
    assert times == {"forward": 200_000, "optimizer": 250_000, "gaps": 50_000}
    assert {row.key: row.self_ns_per_step for row in profile.ops} == {
        "aten::addmm": 150_000,
        "aten::add_": 100_000,
    }
    assert profile.coverage.steps == 2
    assert profile.kernels == []
    assert (run / rundir.TRACE).exists()


def test_the_partition_of_a_profile(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    partition = derived.make(run).partition
    assert (partition.steps, partition.steps_ns) == (2, 1_000_000)
    times: Counter[tuple[str, str, str]] = Counter()
    for part in partition.parts:
        times[part.kind, part.phase, part.name] += part.time_ns
    assert times == {
        ("op", "forward", "aten::addmm"): 300_000,
        ("op", "optimizer", "aten::add_"): 200_000,
        ("gap", "forward", ""): 100_000,
        ("gap", "optimizer", ""): 300_000,
        ("gap", "", ""): 100_000,
    }


def test_what_is_up_to_date_is_read_and_not_remade(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    made = derived.make(run)
    before = {path: path.stat().st_mtime_ns for path in (run / "derived").iterdir()}
    assert derived.make(run) == made
    assert {path: path.stat().st_mtime_ns for path in (run / "derived").iterdir()} == before


@pytest.mark.parametrize(
    "lost",
    [
        "trace.json.gz",
        "derived/trace.pftrace.gz",
        "derived/ops.parquet",
        "derived/partition.json",
        "derived/manifest.json",
        "derived/kineto.xplane.pb",
    ],
)
def test_a_lost_file_is_made_again(make_run: Any, lost: str) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    (run / lost).unlink()
    derived.make(run)
    assert (run / lost).exists()


def test_another_profile_gives_other_tables(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    make_run.add_profile(run, make_run.kineto_events()[:7])
    assert derived.make(run).coverage.steps == 1


def test_another_version_of_the_analysis_makes_all_anew(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    monkeypatch.setattr(derived, "ANALYSIS_VERSION", derived.ANALYSIS_VERSION + 1)
    assert derived.make(run)
    manifest = rundir.read_json(run / derived.MANIFEST, derived.Manifest)
    assert manifest.analysis_version == derived.ANALYSIS_VERSION
    assert sorted(manifest.inputs) == [
        "environment.json",
        "phases.csv",
        "raw/kineto.json.gz",
        "resources.csv",
        "resources.json",
        "steps.csv",
    ]


def test_a_damaged_manifest_is_no_error(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    (run / derived.MANIFEST).write_text("{")
    assert derived.make(run).coverage.steps == 2


def test_a_tensorflow_profile_gives_the_same_tables(make_run: Any) -> None:
    run = make_run()
    path = make_run.add_tensorflow_profile(run)
    profile = derived.make(run)
    assert sum(row.total_ns for row in profile.phases) == profile.coverage.steps_ns
    assert profile.phases[-1].key == "gaps"
    assert {"fc1", "fc2"} <= {row.key for row in profile.layers}
    assert {row.key: row.count_per_step for row in profile.ops}["_MklMatMul"] == 3
    path.write_bytes(path.read_bytes()[:-60])
    cut = derived.make(run).coverage
    assert cut.truncated is not None
    assert cut.steps <= profile.coverage.steps
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ProfileError, match=r"tensorflow\.xplane\.pb"):
        derived.make(run)


def test_a_damaged_profile_leaves_a_timeline_and_no_manifest(make_run: Any) -> None:
    run = make_run()
    path = make_run.add_profile(run)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ProfileError, match=r"kineto\.json\.gz"):
        derived.make(run)
    assert (run / rundir.TRACE).exists()
    assert (run / rundir.PERFETTO_TRACE).exists()
    assert not (run / derived.MANIFEST).exists()


def test_the_file_for_xprof_has_the_totals_of_the_profile(make_run: Any) -> None:
    run = make_run()
    path = make_run.add_profile(run)
    profile = derived.make(run)
    again = Table(gather(open_trace(run / derived.XSPACE)))
    ops = {row.key: (row.count, row.self_ns) for row in again.rows("op")}
    assert ops == {row.key: (row.count, row.self_ns) for row in profile.ops}
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ProfileError):
        derived.make(run)
    assert not (run / derived.XSPACE).exists()  # it was that of another profile


def test_a_run_without_a_profile_says_so(make_run: Any) -> None:
    run = make_run()
    with pytest.raises(ProfileError, match="holds no profile"):
        derived.make(run)
    assert (run / rundir.TRACE).exists()


def test_a_damaged_table_is_one_sentence(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    (run / "derived" / "ops.parquet").write_bytes(b"PAR1")
    with pytest.raises(ProfileError, match=r"ops\.parquet is damaged"):
        derived.make(run)


def test_a_damaged_partition_is_one_sentence(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    (run / derived.PARTITION).write_text("{")
    with pytest.raises(ProfileError, match=r"partition\.json"):
        derived.make(run)


def test_the_manifest_is_plain_json(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    derived.make(run)
    content = msgspec.json.decode((run / derived.MANIFEST).read_bytes())
    assert content["coverage"]["phase_ratio"] == 1
    assert content["outputs"][-4:] == [
        "derived/trace.pftrace.gz",
        "trace.json.gz",
        "derived/kineto.xplane.pb",
        "derived/resources.parquet",
    ]
