"""The certificate as lines of text: verdict, reason, conditions, what differs, what is the same."""

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from analysis import sides, wording
from analysis.layout import WIDTH, parted, wrapped
from analysis.ops.short_names import padded, told_apart
from analysis.parity.agreement import FOLDED, agreeing, not_compared
from analysis.parity.check import Certificate, Check, CheckClass
from analysis.parity.phrases import lowered, shown
from analysis.terminal import HEADING, MUTED, WARNING, Line, Page, line

INDENT, EFFECT_INDENT, APART = 2, 4, 2
NAME_PART = 0.4
"""The part of the page that names have at least."""
LONGEST_VALUE = 28
LISTED = 3
"""Of layers or parameters that differ, so many are told; the others follow from them."""
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
FINGERPRINT_SIGNS = 12
TITLES: dict[CheckClass, str] = {
    "arithmetic": "Differs",
    "conditions": "Other conditions",
    "information": "Differs, and decides nothing",
}


def lines(certificate: Certificate, page: Page | None = None) -> Iterator[Line]:
    """The text, as wide as the page and 100 cells at most."""
    width = min(WIDTH, page.width) if page else WIDTH
    style = HEADING if certificate.passed else WARNING
    refused = f"{certificate.verdict}: {lowered(certificate.reason)}"
    yield from wrapped(certificate.sentence if certificate.passed else refused, style, width)
    yield from _conditions(certificate, width)
    marks = sides.marks([side.framework for side in certificate.sides])
    for mark, side in zip(marks, certificate.sides, strict=True):
        yield from wrapped(f"{mark} {side.label}: {side.path}", MUTED, width, hanging=INDENT)
    for kind, title in TITLES.items():
        differing = [each for each in certificate.checks if each.kind == kind and not each.same]
        told = [each for each in differing if each.same is False or each.group == "random"]
        if told:
            yield from _table(title, told, marks, width)
    yield from _list("Not compared", map(": ".join, not_compared(certificate.checks)), width)
    yield from _list("Agrees", agreeing(certificate.checks), width)
    yield from _list("The probes say", certificate.warnings, width)


def _conditions(certificate: Certificate, width: int) -> Iterator[Line]:
    same = certificate.conditions == "same"
    said = "yes" if same else f"no: {certificate.conditions}"
    yield from wrapped(f"same conditions: {said}", "" if same else WARNING, width)


def _list(title: str, texts: Iterator[str] | list[str], width: int) -> Iterator[Line]:
    """Texts below a title; nothing where there are none."""
    for text in texts:
        if title:
            yield line()
            yield line((title, HEADING))
            title = ""
        yield from wrapped(text, "", width, INDENT, INDENT)


def _table(title: str, checks: Sequence[Check], marks: Sequence[str], width: int) -> Iterator[Line]:
    """Checks with the values of both sides, and below each what it does to the result."""
    told, rest = _first_ones(checks)
    room = min(LONGEST_VALUE, int(width * (1 - NAME_PART)) // 2 - APART)
    cells = [told_apart([_cell(each.left, each), _cell(each.right, each)], room) for each in told]
    widths = [
        max(map(cell_len, [mark, *column]))
        for mark, column in zip(marks, zip(*cells, strict=True), strict=True)
    ]
    name_room = width - INDENT - sum(widths) - APART * len(widths)
    names = [parted(each.name, name_room) or [""] for each in told]
    longest = max(cell_len(part) for parts in names for part in parts)
    name_width = max(longest, min(cell_len(title) - INDENT, name_room))
    heading = told_apart([title], INDENT + name_width)[0]
    yield line()
    yield line((_in_columns(padded(heading, INDENT + name_width), marks, widths), HEADING))
    for check, (first, *more), values in zip(told, names, cells, strict=True):
        yield line(_in_columns(" " * INDENT + padded(first, name_width), values, widths))
        yield from (line(" " * INDENT + part) for part in more)
        yield from wrapped(_below(check), MUTED, width, EFFECT_INDENT)
        if check.name in rest:
            yield from wrapped(rest[check.name], MUTED, width, INDENT)


def _in_columns(name: str, values: Sequence[str], widths: Sequence[int]) -> str:
    return name + "".join(
        " " * APART + padded(value, room) for value, room in zip(values, widths, strict=True)
    )


def _first_ones(checks: Sequence[Check]) -> tuple[list[Check], dict[str, str]]:
    """The checks to tell; and by the name of the last one of a long group, how many follow."""
    told, rest = [], {}
    counts: dict[str, int] = {}
    last: dict[str, str] = {}
    for check in checks:
        counts[check.group] = counts.get(check.group, 0) + 1
        if check.group not in FOLDED or counts[check.group] <= LISTED:
            told.append(check)
            last[check.group] = check.name
    for group, (what, of) in FOLDED.items():
        if (more := counts.get(group, 0) - LISTED) > 0:
            verb = "differs" if more == 1 else "differ"
            rest[last[group]] = f"the {what} of {wording.counted(more, f'more {of}')} {verb}"
    return told, rest


def _cell(value: object, check: Check) -> str:
    """A value with as many digits as tell both sides apart; of a fingerprint its beginning."""
    if isinstance(value, str) and FINGERPRINT.fullmatch(value):
        return value[:FINGERPRINT_SIGNS]
    if isinstance(value, float) and shown(check.left) == shown(check.right):
        return f"{value:.10g}"
    return shown(value)  # type: ignore[arg-type]


def _below(check: Check) -> str:
    """How far the sides part, and what that does."""
    if check.difference is None or check.tolerance is None:
        return check.effect
    far = wording.magnitude(check.difference)
    return f"{far} apart, tolerance {wording.magnitude(check.tolerance)}. {check.effect}".rstrip()
