"""Figures of several sides in columns: as wide as they need, and as narrow as the page wants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis.layout import WIDTH
from analysis.terminal import Line, line

INDENT, APART, BEFORE_NOTE = 2, 2, 2


@dataclass(frozen=True)
class Cell:
    """A value, and what stands beside it: its range or interval."""

    value: str
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of cells; `short` is the title where there is no room for the long one.

    The notes of an `essential` column are given up last.
    """

    title: str
    short: str
    style: str
    cells: list[Cell]
    essential: bool = False

    @property
    def value_width(self) -> int:
        """Room for the longest value."""
        return max((len(cell.value) for cell in self.cells), default=0)

    @property
    def width(self) -> int:
        """Room for the title and for the values with their notes."""
        notes = max((len(cell.note) for cell in self.cells), default=0)
        return max(len(self.title), self.value_width + (BEFORE_NOTE + notes if notes else 0))

    def text(self, row: int) -> str:
        """A cell, the values' ends in one line."""
        cell = self.cells[row]
        return f"{cell.value:>{self.value_width}}{' ' * BEFORE_NOTE}{cell.note}".rstrip()


@dataclass(frozen=True)
class Table:
    """Rows of one label each, in the columns that the page has room for."""

    labels: list[str]
    columns: list[Column]
    legend: list[tuple[str, str]]

    @property
    def label_width(self) -> int:
        """Room for the longest label."""
        return max(map(len, self.labels), default=0)

    @property
    def width(self) -> int:
        """How wide the table is."""
        columns = sum(APART + column.width for column in self.columns)
        return INDENT + self.label_width + columns

    def head(self) -> Iterator[Line]:
        """The columns' titles, with a legend above where they are signs alone."""
        above: list[tuple[str, str]] = []
        for entry in self.legend:
            if INDENT + sum(len(text) for text, _ in (*above, entry)) > WIDTH:
                yield line(" " * INDENT, *above)
                above = []
            above.append(entry)
        if above:
            yield line(" " * INDENT, *above)
        titles = [(f"{'':{APART}}{each.title:<{each.width}}", each.style) for each in self.columns]
        yield line(" " * (INDENT + self.label_width), *titles)

    def rows(self, begin: int, end: int) -> Iterator[Line]:
        """Some of its rows, so that headings can stand between them."""
        for row in range(begin, end):
            cells = [f"{'':{APART}}{each.text(row):<{each.width}}" for each in self.columns]
            yield line(f"{'':{INDENT}}{self.labels[row]:<{self.label_width}}{''.join(cells)}")


def tables(labels: Sequence[str], columns: Sequence[Column]) -> list[Table]:
    """One table, or several if not even signs as titles and values alone fit beside each other.

    What is given up first are the long titles, then the notes: those of essential columns last.
    """
    legend = [(f"{each.title}   ", each.style) for each in columns]
    titled = list(columns)
    signs = [replace(each, title=each.short) for each in titled]
    noted = [each if each.essential else _bare(each) for each in titled]
    noted_signs = [replace(each, title=each.short) for each in noted]
    bare = list(map(_bare, titled))
    bare_signs = [replace(each, title=each.short) for each in bare]
    choices: tuple[tuple[list[Column], list[tuple[str, str]]], ...] = (
        (titled, []),
        (signs, legend),
        (noted, []),
        (noted_signs, legend),
        (bare, []),
        (bare_signs, legend),
    )
    for chosen, above in choices:
        table = Table(list(labels), chosen, above)
        if table.width <= WIDTH:
            return [table]
    if len(columns) < 2:
        return [table]
    middle = len(columns) // 2
    return [*tables(labels, columns[:middle]), *tables(labels, columns[middle:])]


def _bare(column: Column) -> Column:
    """The column without its notes."""
    return replace(column, cells=[Cell(cell.value) for cell in column.cells])
