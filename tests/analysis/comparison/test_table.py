import pytest

from analysis.comparison.table import Cell, Column, tables
from analysis.terminal import MUTED

LABELS = ["step, ms", "samples/s"]


def column(title: str, short: str, *cells: tuple[str, str]) -> Column:
    return Column(title, short, MUTED, [Cell(*cell) for cell in cells])


def text(labels: list[str], columns: list[Column]) -> list[str]:
    return [
        line.text
        for table in tables(labels, columns)
        for line in (*table.head(), *table.rows(0, len(labels)))
    ]


def test_values_end_in_one_line_and_notes_begin_in_one() -> None:
    cells = (("2.84", "2.81 to 2.88"), ("45,100", ""))
    assert text(LABELS, [column("● PyTorch eager", "●", *cells)]) == [
        "             ● PyTorch eager",
        "  step, ms     2.84  2.81 to 2.88",
        "  samples/s  45,100",
    ]


def wide(title: str, short: str) -> Column:
    return column(title, short, ("1,234,567", "1,200,000 to 1,300,000"), ("1", ""))


def test_long_titles_are_given_up_first_then_notes_then_the_one_table() -> None:
    long = [column("x" * 30, mark, ("1", "0 to 2"), ("1", "")) for mark in "●◆■"]
    found = text(LABELS, long)
    assert found[0].split() == ["x" * 30] * 2
    assert found[2].split() == ["●", "◆", "■"]
    assert "0 to 2" in found[3]

    notes = [wide(f"{mark} side", mark) for mark in "●◆■"]
    found = text(LABELS, notes)
    assert found[0].split() == ["●", "side", "◆", "side", "■", "side"]
    assert "to" not in found[1]

    many = [wide(f"{mark} side", mark) for mark in "abcdefghij"]
    assert len(tables(LABELS, many)) == 2
    assert len(text(LABELS, many)) == 2 * (1 + len(LABELS))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 12])
def test_no_line_is_wider_than_the_page(count: int) -> None:
    columns = [wide(f"{n} {'side ' * 5}", str(n)) for n in range(count)]
    assert max(map(len, text(LABELS, columns))) <= 100
    assert sum(len(table.columns) for table in tables(LABELS, columns)) == count
    assert "\n".join(text(LABELS, columns)).count("side side") == 2 * count


def test_a_part_of_the_rows_keeps_the_columns() -> None:
    [table] = tables(LABELS, [column("●", "●", ("2.84", ""), ("45,100", ""))])
    assert [line.text for line in table.rows(1, 2)] == ["  samples/s  45,100"]
    assert [line.text for line in table.rows(0, 1)] == ["  step, ms     2.84"]


def test_the_notes_of_essential_columns_are_given_up_last() -> None:
    side = Column(
        "a side with a name", "●", "", [Cell("1.00", "0.90 to 1.10 and some more text")] * 2
    )
    ratio = Column("ratio", "r", "", [Cell("2.00 ×", "1.50 to 2.50")] * 2, essential=True)
    [table] = tables(["first", "second"], [side, side, side, ratio])
    [row] = table.rows(0, 1)
    assert "0.90 to 1.10" not in row.text
    assert row.text.endswith("2.00 ×  1.50 to 2.50")
