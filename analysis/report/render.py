"""A page's context -> one file of HTML that needs nothing else and may do nothing else."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis import wording
from analysis.charts import colours
from analysis.charts.themed import css
from analysis.page_policy import hashed
from analysis.report.page import Page
from analysis.report.subject import Side, clipped

LONGEST_TEXT = 6000
UNIT = re.compile(r"(?<=\d) (?=[×%]|(?:s|ms|µs|MiB|GiB|J|W)\b)")
"""The space between a number and its unit, at which no line ends."""

PACKAGE = "analysis.report"
STYLE, SCRIPT = "page.css", "page.js"


def render(page: Page, charts: Mapping[str, Markup], rules: str) -> str:
    """The page.

    Args:
        page: its sections.
        charts: the drawings by name.
        rules: the style sheet of the drawings' classes.
    """
    sides = page.subject.sides
    style = f"{_colours(sides)}{_asset(STYLE)}{rules}"
    script = _asset(SCRIPT)
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            sides=sides,
            charts=charts,
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
            named=lambda text: named(text, sides),
        )
    )


def _colours(sides: Sequence[Side]) -> str:
    """The variables of both themes, and the classes that stand for a side or a kind of work."""
    light, dark = css("light"), css("dark")
    rules = [
        f":root{{{light}color-scheme:light}}",
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light])"
        f"{{{dark}color-scheme:dark}}}}",
        f"@media screen{{:root[data-theme=dark]{{{dark}color-scheme:dark}}}}",
    ]
    for name in dict.fromkeys(side.colour for side in sides):
        rules.append(
            f".side.{name},.of.{name}{{color:var(--{name}-text)}}.bar .{name}{{fill:var(--{name})}}"
        )
    for variable in colours.variables():
        if variable.startswith(("phase-", "category-")):
            rules.append(f".swatch.{variable}{{background:var(--{variable})}}")
    return "\n".join(rules) + "\n"


def policy(style: str, script: str) -> str:
    """The content security policy: this style and this script, pictures within, and no more."""
    return (
        "default-src 'none'; "
        f"style-src {hashed(style)}; script-src {hashed(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def named(text: str, sides: Sequence[Side]) -> Markup:
    """A sentence in which each side's label has its mark and its colour."""
    text = UNIT.sub("\N{NO-BREAK SPACE}", plain(text))
    labels = {side.label: side for side in sides if side.label}
    labels |= {f"{label[:1].upper()}{label[1:]}": side for label, side in labels.items()}
    longest_first = sorted(labels, key=len, reverse=True)
    if not longest_first:
        return escape(text)
    pieces = re.split(f"({'|'.join(map(re.escape, longest_first))})", text)
    return Markup("").join(
        side_markup(labels[piece]) if piece in labels else escape(piece) for piece in pieces
    )


def side_markup(side: Side) -> Markup:
    """A side's name in its colour, behind its mark."""
    mode = Markup("&nbsp;<small>{}</small>").format(side.mode) if side.mode else ""
    return Markup('<span class="side {}"><i aria-hidden="true">{}</i>&nbsp;{}{}</span>').format(
        side.colour, side.mark, side.name, mode
    )


def brief_markup(side: Side) -> Markup:
    """The shortest name that tells a side apart, for the head of a narrow column."""
    return Markup('<span class="side {}"><i aria-hidden="true">{}</i>&nbsp;{}</span>').format(
        side.colour, side.mark, side.brief
    )


def plain(text: object) -> str:
    """A text as the page may show it: no control characters, lone surrogates, or endless ones."""
    return wording.well_formed(wording.plain(clipped(str(text), LONGEST_TEXT)))


def _finished(value: object) -> object:
    """Each text that a template shows, since names may come from files."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finished,
    )
    environment.filters["lines"] = lambda text: Markup("\n").join(
        escape(plain(line)) for line in text.split("\n")
    )
    environment.globals.update(side=side_markup, brief=brief_markup)
    return environment


@cache
def _asset(name: str) -> str:
    return resources.files(PACKAGE).joinpath(name).read_text(encoding="utf-8")
