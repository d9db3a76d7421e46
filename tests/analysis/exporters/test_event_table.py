"""Tables of events, held to the blocks that they come from, column by column."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from analysis.annotate import fold, fold_trace
from analysis.blocks import Kind, Strings, from_columns
from analysis.exporters import event_table, export
from analysis.exporters.event_table import COLUMNS, NUMBERS, TEXTS
from analysis.readers.registry import open_trace
from analysis.timeline.events import KINDS
from tests.analysis.timeline.sketch import DATA, profile, recorded

NAMES = ["kineto/mi250-minitoy.json.gz", "xspace/tensorflow-function.xplane.pb"]


def expected(name: str) -> list[dict[str, Any]]:
    """Each event of a trace by the blocks and folds, in order of time."""
    folded = fold_trace(open_trace(DATA / name, host=True, memory=True))
    block, strings = folded.block, folded.strings
    columns: dict[str, list[Any]] = {name: getattr(block, name).tolist() for name in NUMBERS}
    columns["step"] = folded.step.tolist()
    columns = {name: [known(value) for value in values] for name, values in columns.items()}
    columns["kind"] = [KINDS[kind] for kind in block.kind.tolist()]
    for text in ("name", "shapes", "path"):
        columns[text] = [strings[number] or None for number in getattr(block, text).tolist()]
    for text in ("phase", "layer", "op"):
        columns[text] = [strings[number] or None for number in getattr(folded, text).tolist()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def known(value: int) -> int | None:
    return None if value == -1 else value


def written(path: Path, name: str, rows: int = 1 << 15) -> list[dict[str, Any]]:
    count = event_table.write_parquet(recorded(name, rows), path)
    table = parquet.read_table(path)
    assert table.num_rows == count
    assert table.column_names == [*COLUMNS]
    found: list[dict[str, Any]] = table.to_pylist()
    return found


@pytest.mark.parametrize("rows", [16, 1 << 15])
@pytest.mark.parametrize("name", NAMES)
def test_parquet_has_each_event_of_the_blocks(tmp_path: Path, name: str, rows: int) -> None:
    found = written(tmp_path / "events", name, rows)
    works = [{key: row.pop(key) for key in ("flops", "category")} for row in found]
    assert found == expected(name)
    assert any(work["category"] for work in works)
    assert any(work["flops"] for work in works) == (name == NAMES[0])


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_the_cells_of_parquet(tmp_path: Path, name: str) -> None:
    rows = written(tmp_path / "events", name)
    assert event_table.write_csv(recorded(name, 64), tmp_path / "events.csv") == len(rows)
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [*found[0]] == [*COLUMNS]
    for line, row in zip(found, rows, strict=True):
        assert line == {name: "" if value is None else str(value) for name, value in row.items()}


def test_work_and_category_are_those_of_the_timeline(tmp_path: Path) -> None:
    strings = Strings()
    block = from_columns(
        1,
        name=[strings.number("aten::mm")],
        kind=[Kind.OP],
        shapes=[strings.number("[[2,3],[3,4]]")],
        start_ns=[5],
        duration_ns=[7],
    )
    found = profile(fold(block, strings))
    assert event_table.write_parquet(found, tmp_path / "events") == 1
    (row,) = parquet.read_table(tmp_path / "events").to_pylist()
    assert (row["flops"], row["category"], row["kind"]) == (48, "matmul", "op")
    assert (row["start_ns"], row["duration_ns"], row["shapes"]) == (5, 7, "[[2,3],[3,4]]")


def test_what_is_released_is_below_zero_and_times_are_never_missing(tmp_path: Path) -> None:
    block = from_columns(2, kind=[Kind.MEMORY] * 2, start_ns=[-1, 3], bytes=[-512, -1])
    event_table.write_parquet(profile(fold(block, Strings())), tmp_path / "events")
    rows = parquet.read_table(tmp_path / "events").to_pylist()
    assert [(row["start_ns"], row["bytes"]) for row in rows] == [(-1, -512), (3, None)]
    event_table.write_csv(profile(fold(block, Strings())), tmp_path / "events.csv")
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["start_ns"], line["bytes"]) for line in lines] == [("-1", "-512"), ("3", "")]


@given(texts=st.lists(st.text(max_size=6), min_size=1, max_size=8))
def test_any_text_is_a_cell(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    strings = Strings()
    block = from_columns(
        len(texts),
        event_id=range(len(texts)),
        name=[strings.number(text) for text in texts],
        kind=[Kind.OP] * len(texts),
        start_ns=range(len(texts)),
    )
    folder = tmp_path_factory.getbasetemp()
    event_table.write_parquet(profile(fold(block, strings)), folder / "events")
    names = parquet.read_table(folder / "events").column("name").to_pylist()
    assert names == [text or None for text in texts]
    event_table.write_csv(profile(fold(block, strings)), folder / "events.csv")
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["name"] for row in csv.DictReader(file)]
    for cell, text in zip(cells, texts, strict=True):
        assert cell.isprintable()
        assert not cell.startswith(("=", "+", "-", "@"))
        if text.isprintable() and not text.startswith(("=", "+", "-", "@")):
            assert cell == text


def test_lone_surrogates_and_formulas(tmp_path: Path) -> None:
    strings = Strings()
    texts = ["a\ud800", "=1+2", 'a,b\n"c"']
    block = from_columns(
        3, name=[strings.number(text) for text in texts], kind=[Kind.OP] * 3, start_ns=range(3)
    )
    event_table.write_parquet(profile(fold(block, strings)), tmp_path / "events")
    assert parquet.read_table(tmp_path / "events").column("name").to_pylist() == [
        "a\ufffd",
        *texts[1:],
    ]
    event_table.write_csv(profile(fold(block, strings)), tmp_path / "events.csv")
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [
            "a\\ud800",
            "'=1+2",
            'a,b\\u000a"c"',
        ]


def test_a_run_without_events_is_an_empty_table(tmp_path: Path) -> None:
    found = profile(fold(from_columns(0), Strings()))
    assert event_table.write_parquet(found, tmp_path / "events") == 0
    assert parquet.read_table(tmp_path / "events").column_names == [*COLUMNS]
    assert event_table.write_csv(found, tmp_path / "events.csv") == 0
    assert (tmp_path / "events.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_a_run_has_the_events_of_its_profile(make_run: Any, tmp_path: Path) -> None:
    run = make_run()
    make_run.add_profile(run)
    assert event_table.write_parquet(export.profile_of(run), tmp_path / "events") == 14
    rows = parquet.read_table(tmp_path / "events").to_pylist()
    assert {row["step"] for row in rows} == {0, 1}
    assert set(rows[0]) == {*NUMBERS, *TEXTS, "step", "flops"}
