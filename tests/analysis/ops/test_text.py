from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from rich.cells import cell_len

from analysis.groups import gather
from analysis.ops import text as ops_text
from analysis.ops.rows import Row
from analysis.ops.table import Grouping, Table
from analysis.readers.registry import open_trace
from analysis.sums import Gathered
from analysis.terminal import Page

DATA = Path(__file__).parents[2] / "data" / "kineto"
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


@pytest.fixture(scope="module", params=["h100-qwen", "mi250-minitoy"])
def table(request: pytest.FixtureRequest) -> Table:
    return Table(gather(open_trace(DATA / f"{request.param}.json.gz")))


class Rows(Table):
    """A table of given rows."""

    given: tuple[Row, ...] = ()

    def rows(self, by: Grouping) -> list[Row]:
        return list(self.given)


def of_names(*names: str, shapes: str = "", **others: object) -> Table:
    nothing = Gathered(
        texts=[], groups=[], phases=[], by_step={}, devices=[], streams=[], marked=0, steps_ns=0,
        events=len(names),
    )  # fmt: skip
    found = Rows(nothing)
    found.given = tuple(
        Row(name, "op", 1, 1000, 1000, 0.5, 0, shapes, **others)  # type: ignore[arg-type]
        for name in names
    )
    return found


def texts(table: Table, by: Grouping = "op", width: int = 100, limit: int = 25) -> list[str]:
    return [each.text for each in ops_text.lines(table, by, "t", limit, Page(width))]


def body(lines: list[str]) -> list[str]:
    """The table between the header and what is said about the trace."""
    return lines[2 : lines.index("", 2)]


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("by", GROUPINGS)
def test_a_table_is_no_wider_than_its_page_and_its_rows_differ(
    table: Table, by: Grouping, width: int
) -> None:
    lines = body(texts(table, by, width, limit=1000))
    assert max(map(cell_len, lines)) <= width
    if len(lines) > 2 and by in ("kernel", "op", "native"):
        names = [line.split("  ")[0] for line in lines[1:]]
        assert len(set(names)) == len(names) == len(table.rows(by))


def test_more_room_shows_more_of_the_names(table: Table) -> None:
    longest = max((len(row.key) for row in table.rows("kernel")), default=0)
    for width in (100, 300):
        first = body(texts(table, "kernel", width))[1:]
        assert all("…" not in line for line in first) == (width > longest + 60)


def test_columns_go_one_after_the_other_where_the_page_is_narrow() -> None:
    table = of_names("aten::a_name_of_many_letters_that_is_long", device_ns=5, flops=9, work_ns=7)
    heads = [body(texts(table, width=width))[0].split("  ") for width in range(130, 30, -1)]
    kept = list(dict.fromkeys(tuple(filter(None, map(str.strip, head)))[1:] for head in heads))
    order = ["mean, µs", "GFLOP/s", "category", "total, µs", "calls", "device, µs"]
    assert [sorted(set(a) - set(b)) for a, b in pairwise(kept)] == [[name] for name in order]
    assert kept[-1] == ("self, µs", "share")


def test_names_of_wide_letters_shift_no_column() -> None:
    lines = body(texts(of_names("卷积层" * 20, "aten::mm", "e\u0301" * 9, "👧" * 30), width=80))
    assert len({cell_len(line.partition("(unmapped)")[0]) for line in lines[1:]}) == 1


def test_calls_of_one_op_that_differ_in_a_shape_show_it() -> None:
    shapes = [f"[{'[16,559,16,64],' * 9}[{number}],{'[],' * 30}[]]" for number in (1, 2)]
    table = of_names("aten::attention")
    assert isinstance(table, Rows)
    table.given = tuple(Row("aten::attention", "op", 1, 9, 9, 0.5, 0, each) for each in shapes)
    lines = body(texts(table, "shape", 80))
    assert lines[2] != lines[4]
    assert max(map(len, lines)) <= 80


def test_layers_stand_beside_their_phase() -> None:
    lines = body(texts(of_names("conv1", phase="back\x1b[31mward"), "layer"))
    assert lines[0].split()[:2] == ["Layer", "phase"]
    assert lines[1].split()[:2] == ["conv1", "back[31mward"]


def test_what_is_said_about_the_file_cannot_steer_the_terminal() -> None:
    table = of_names("a")
    table.gathered.notes = ["Left out: \x1b[2J\u202ex.json is empty."]
    table.gathered.truncated = "a\x07.json: it breaks off"
    table.gathered.dropped_reasons = {"not valid JSON": 3, "unknown category": 0}
    lines = texts(table)
    assert "Left out: [2Jx.json is empty." in lines
    assert "The file is not whole: a.json: it breaks off" in lines
    assert "3 events left out: not valid JSON" in lines
    assert not any("unknown category" in line for line in lines)


def test_rows_that_are_not_shown_are_summed_up() -> None:
    lines = body(texts(of_names("a", "b", "c"), limit=1))
    assert lines[-1] == "and 2 rows more, 100.0 % of the time (--top 0 for all)"


@pytest.mark.parametrize(
    ("by", "why"),
    [("kernel", "no work of an accelerator"), ("step", "marks no steps"), ("op", "no operations")],
)
def test_an_empty_table_says_why(by: Grouping, why: str) -> None:
    assert why in texts(of_names(), by)[2]


def test_a_profile_of_device_work_alone_says_what_shows_it() -> None:
    gathered = gather(open_trace(DATA.parent / "xspace" / "mi300-jax-conv.xplane.pb"))
    found = "\n".join(texts(Table(gathered), "shape", 200))
    assert "accelerator only; --by kernel or --by op shows it" in found
    assert (
        "8 devices had work for 3.35 ms (device 1, 3 % of its span) to 4.00 ms (device 0, 3 %"
    ) in found
    assert "Device 0 had work" not in found


def test_a_category_of_some_calls_only_says_of_how_much_of_the_time() -> None:
    mixed = of_names("aten::mul", category="attention", category_ratio=0.45)
    assert texts(mixed)[3].endswith("attention 45 %")
    whole = of_names("aten::mm", category="matmul", category_ratio=0.999)
    assert texts(whole)[3].endswith("matmul")


def test_a_trace_without_shapes_says_so() -> None:
    assert "no shapes were recorded" in texts(of_names("a"), "shape")
    assert "no shapes were recorded" not in texts(of_names("a"), "op")
    gathered = gather(open_trace(DATA / "mi250-minitoy.json.gz"))
    assert "no shapes were recorded" not in texts(Table(gathered), "shape")
