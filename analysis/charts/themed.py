"""Make a chart's SVG a part of a page: small, in the page's colours, beside others like it."""

import re

from analysis.charts import colours

_ATTRIBUTE = re.compile(r' (fill|stroke)="(#[0-9a-f]{6})"')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_DEFINED = re.compile(r' id="([^"]+)"')
_USED = re.compile(r'url\(#([^)]+)\)|href="#([^"]+)"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_GEOMETRY = re.compile(r' (?:d|x|y|x1|x2|y1|y2|width|height|transform|viewBox)="[^"]*"')


def themed(svg: str, name: str, title: str = "") -> str:
    """An SVG for inside an HTML page, of a document that `save.svg_text` made.

    Known colours become CSS variables (`colours.variables`) that fall back on the light colour;
    ids begin with `name`, which has to be another one for each SVG of the page. `title` is what a
    screen reader says.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = _GEOMETRY.sub(lambda found: _LONG_NUMBER.sub(_rounded, found[0]), body)
    body = _with_ids(body, name)
    body = _ATTRIBUTE.sub(r' style="\1: \2"', body)
    known = {
        shade.light: f"var(--{key},{shade.light})" for key, shade in colours.variables().items()
    }
    body = _COLOUR.sub(lambda found: known.get(found[0], found[0]), body)
    body = re.sub(r">\s+<", "><", body).replace("xlink:href", "href")
    return _with_head(body, title)


def css(theme: str) -> str:
    """The variables with their values for "light" or "dark", to stand in a CSS rule."""
    values = {key: getattr(shade, theme) for key, shade in colours.variables().items()}
    return "".join(f"--{key}:{value};" for key, value in values.items())


def _rounded(found: re.Match[str]) -> str:
    short = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short in ("-0", "") else short


def _with_ids(body: str, name: str) -> str:
    """Only the ids that something refers to, each with the chart's name before it."""
    used = {one or other for one, other in _USED.findall(body)}
    body = _DEFINED.sub(lambda id: f' id="{name}-{id[1]}"' if id[1] in used else "", body)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body)


def _with_head(body: str, title: str) -> str:
    """What stood in a style of its own, which would be the whole page's, and the title."""
    view = re.search(r'viewBox="[^"]*"', body)
    escaped = title.replace("&", "&amp;").replace("<", "&lt;")
    head = (
        f'<svg {view[0] if view else ""} xmlns="http://www.w3.org/2000/svg" role="img"'
        ' style="stroke-linejoin:round;stroke-linecap:butt">'
    )
    rest = body[body.index(">") + 1 :]
    return head + (f"<title>{escaped}</title>" if title else "") + rest
