"""Names as the page shows them: those of layers and operations come from files, at any length."""

from analysis import wording
from analysis.alignment.record import LevelRow
from analysis.comparison.where import PROFILER
from analysis.report.subject import LONGEST_NAME

NATIVE_WIDTH, NATIVE_NAMES = 90, 3
GAP, IDLE, UNMAPPED = "host gap", "device idle", "unmapped"
FIXED = {"gap": GAP, "idle": IDLE, "unmapped": UNMAPPED, "overhead": PROFILER}
"""What rows are called that are no work."""

NO_WORK = ("gap", "idle", "overhead")
"""Rows of these kinds are grey."""

PHASES = ("data", "forward", "loss", "backward", "optimizer")
CLASSES = (*PHASES, "gap", "idle")
"""Phases, and what no work fills, as the style sheet has colours for them."""


def short(name: str, width: int = LONGEST_NAME) -> str:
    """A name of at most `width` characters, without reading all of one that has millions."""
    if len(name) > 8 * width:
        name = f"{name[: 4 * width]}…{name[-4 * width :]}"
    return wording.shortened(name, width)


def capital(text: str) -> str:
    """A text as it begins a line or a sentence."""
    return text[:1].upper() + text[1:]


def row_name(row: LevelRow) -> str:
    """How a row is called: work by its key, what is no work always the same."""
    return FIXED[row.kind] if row.kind in FIXED else short(row.key) or UNMAPPED


def part_name(row: LevelRow) -> str:
    """How a row is called that stands within its phase: by its layer, if it has one."""
    return short(row.layer) if row.layer else row_name(row)


def native(names: list[str]) -> str:
    """The source's own names of an operation, the first of them and how many more."""
    shown = [short(name, NATIVE_WIDTH) for name in names[:NATIVE_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def calls(count: float | None) -> str:
    """How often a step has it: mostly a whole number."""
    if count is None:
        return wording.MISSING
    return wording.count(round(count)) if count == round(count) else wording.number(count)
