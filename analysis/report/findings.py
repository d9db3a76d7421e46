"""Headings that state what was found, made by rules from the numbers that stand below them."""

from analysis import wording
from analysis.alignment.record import Levels
from analysis.report.names import row_name
from analysis.report.reasons import form_of, phases
from analysis.report.subject import Against


def difference(against: Against, levels: Levels) -> str:
    """What makes most of the difference of two sides."""
    rows = phases(levels)
    if not rows or levels.headline_ns is None:
        return "Where the steps differ"
    form = form_of(levels)
    largest = rows[0]
    return (
        f"{wording.shortened(row_name(largest), 60).capitalize()} explains "
        f"{form.signed(largest.difference_ns)} of the {form.signed(levels.headline_ns)} {form.unit}"
    )
