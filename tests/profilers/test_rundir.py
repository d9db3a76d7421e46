import os
import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profilers import rundir
from profilers.records import LATEST_NS, Mark, Phase, RoundsRecord, RunError, Step
from profilers.rundir import ProfileError

STEPS = st.builds(
    Step,
    phase=st.sampled_from(["first_step", "warmup", "timed", "profiled", "inference"]),
    epoch=st.integers(0, 10**6),
    index=st.integers(0, 10**9),
    kind=st.sampled_from(["step", "window"]),
    count=st.integers(1, 1000),
    start_ns=st.integers(0, LATEST_NS - 1),
    duration_ns=st.integers(0, LATEST_NS - 1),
    samples=st.integers(1, 10**6),
    loss=st.none() | st.floats(allow_nan=False),
    sync=st.sampled_from(["", "device", "none needed"]),
    profiled=st.booleans(),
    graph_ops=st.none() | st.integers(0, 10**6),
)


@given(rows=st.lists(STEPS, max_size=5))
def test_steps_survive_the_csv_to_the_nanosecond(
    rows: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rows") / rundir.STEPS
    rundir.append_rows(path, rows[:2], Step)
    rundir.append_rows(path, rows[2:], Step)
    assert rundir.read_rows(path, Step) == rows


MARKS = st.builds(
    Mark,
    kind=st.sampled_from(["gc", "trace", "compile"]),
    name=st.text(st.characters().filter(str.isprintable), min_size=1) | st.sampled_from([",", '"']),
    start_ns=st.integers(0, LATEST_NS - 1),
    duration_ns=st.integers(0, LATEST_NS - 1),
)


@given(rows=st.lists(MARKS, max_size=5))
def test_any_name_survives_the_csv(
    rows: list[Mark], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rows") / rundir.MARKS
    rundir.append_rows(path, rows, Mark)
    assert rundir.read_rows(path, Mark) == rows


def test_a_last_line_without_its_end_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / rundir.PHASES
    rundir.append_rows(path, [Phase("a", 1, 2), Phase("b", 3, 4)], Phase)
    path.write_text(path.read_text()[:-2])
    assert rundir.read_rows(path, Phase) == [Phase("a", 1, 2)]


def test_a_file_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert rundir.read_rows(tmp_path / rundir.PHASES, Phase) == []


def test_damaged_rows_are_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / rundir.PHASES
    path.write_text("phase,start_ns,duration_ns\na,1,2\nb,x,4\n")
    with pytest.raises(ProfileError, match=r"phases\.csv is damaged in line 3"):
        rundir.read_rows(path, Phase)


def test_two_runs_never_share_a_directory(tmp_path: Path) -> None:
    rundir.create(tmp_path, "one")
    with pytest.raises(ProfileError, match="exists already; choose another --name"):
        rundir.create(tmp_path, "one")


def test_an_output_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProfileError, match="--output"):
        rundir.create(tmp_path / "file", "one")


def test_ids_tell_what_ran_and_differ() -> None:
    ids = {rundir.new_id("mnist-mlp", "torch", "cuda:1") for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"\d{8}-\d{6}-mnist-mlp-torch-cuda1-[a-z2-9]{4}", i) for i in ids)


def test_a_record_is_never_seen_half_written(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    rundir.write_json(path, RunError("kind", "message 0"))
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(rundir.read_json(path, RunError).kind)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        rundir.write_json(path, RunError("kind", f"message {number}" * (number % 7 * 100)))
    stop.set()
    reader.join()
    assert seen == {"kind"}
    assert os.listdir(tmp_path) == ["record.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": 3, "message": ""}', "\xff"])
def test_a_damaged_record_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ProfileError, match=r"record\.json is damaged"):
        rundir.read_json(path, RunError)


def test_a_record_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"can't be read .* is .* a run of profile\.py\?"):
        rundir.read_json(tmp_path / "run.json", RunError)


def test_of_a_record_that_can_not_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        rundir.write_json(tmp_path / "run.json", RunError("kind", "message"))
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_record_of_another_version_is_refused(tmp_path: Path) -> None:
    record = RoundsRecord(
        schema=9, id="x", created_ns=0, version="", sides=[], rounds=1, order_seed=0
    )
    rundir.write_json(tmp_path / "rounds.json", record)
    with pytest.raises(ProfileError, match="is of version 9, and 1 is read here"):
        rundir.read_json(tmp_path / "rounds.json", RoundsRecord)


@pytest.mark.parametrize("cells", ["0,-1", "0,x", "1,2,3"])
def test_rows_that_can_not_be_are_told_with_their_line(tmp_path: Path, cells: str) -> None:
    (tmp_path / "phases.csv").write_text(f"phase,start_ns,duration_ns\ntimed,1,2\ntimed,{cells}\n")
    with pytest.raises(ProfileError, match="damaged in line 3"):
        rundir.read_rows(tmp_path / "phases.csv", Phase)
