"""Names as the page shows them: those of layers and operations come from files, at any length."""

from analysis import wording
from analysis.alignment.places import DEVICE_IDLE, HOST_GAP, OVERHEAD
from analysis.alignment.places import UNMAPPED as NOT_MAPPED
from analysis.alignment.record import LevelRow
from analysis.categories.rules import TITLES
from analysis.report.subject import LONGEST_NAME, clipped

NATIVE_WIDTH, NATIVE_NAMES = 90, 3
GAP, IDLE, UNMAPPED = HOST_GAP.key, DEVICE_IDLE.key, NOT_MAPPED.key
FIXED: dict[str, str] = {
    place.kind: place.key for place in (HOST_GAP, DEVICE_IDLE, NOT_MAPPED, OVERHEAD)
}
"""What rows without a key are called."""

TITLE_OF = {category.value: title for category, title in TITLES.items()}
MUTED = ("unmapped", "overhead")
"""Rows of these kinds are grey: they say nothing of either side's work."""


def short(name: str, width: int = LONGEST_NAME) -> str:
    """A name of at most `width` characters, without reading all of one that has millions."""
    return wording.shortened(clipped(name, 8 * width), width)


def capital(text: str) -> str:
    """A text as it begins a line or a sentence."""
    return text[:1].upper() + text[1:]


def row_name(row: LevelRow) -> str:
    """How a row is called; its phase is left out where its key ends in it."""
    if row.category is not None and row.key == row.category:
        return category_title(row.category)
    return without_phase(row.key, row.phase) or FIXED.get(row.kind, UNMAPPED)


def category_title(category: str) -> str:
    """A kind of work as people read it; empty for none."""
    return short(TITLE_OF.get(category, category))


def without_phase(key: str, phase: str) -> str:
    """A key as it stands within its phase, or beside it."""
    return short(key.removesuffix(f", {phase}") if phase else key)


def part_name(row: LevelRow) -> str:
    """How a row is called that stands within its phase: by its layer, or else its category."""
    if row.layer:
        return short(row.layer)
    return category_title(row.category) if row.category else row_name(row)


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
