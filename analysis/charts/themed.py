"""Make a chart's SVG a part of a page: small, in the page's colours, beside others like it."""

import re

from analysis.charts import colours

_TAG = re.compile(r"<[^>]+>")
_ATTRIBUTE = re.compile(r' (fill|stroke)="(#[0-9a-f]{6})"')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_ID = re.compile(r' id="([^"]+)"')
_USED = re.compile(r'url\(#([^)]+)\)|href="#([^"]+)"')
_GEOMETRY = re.compile(r' (?:d|x|y|width|height|transform)="[^"]*"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_OWN_STYLE = re.compile(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", re.DOTALL)
_FONT_FAMILY = re.compile(r"font-family: [^;\"]*(; )?")
_FONT = re.compile(r"font: ((?:\w+ )?)([\d.]+px) [^;\"]*")
_NO_TURN = re.compile(r' transform="rotate\(-?0(\.0)? [^"]*\)"')
_UNSEEN = re.compile(r'<path d="[^"]*"(?: clip-path="[^"]*")? style="fill: none"/>')
_PAGE = re.compile(r'<path d="[^"]*" style="fill: var\(--page,[^"]*"/>')
_POINTS = re.compile(r'(?:<use [^>]* style="([^"]*)"/>)(?:<use [^>]* style="\1"/>)+')
_FONTS = "'DejaVu Sans',Verdana,'Segoe UI',Arial,sans-serif"


def themed(svg: str, name: str, title: str = "") -> str:
    """An SVG for inside an HTML page, of a document that `save.svg_text` made.

    Known colours become CSS variables (`colours.variables`) that fall back on the light colour, and
    the page shows through. Ids begin with `name`, which has to be another one for each SVG of the
    page. `title` is what a screen reader says.
    """
    body = svg[svg.index("<svg") :]
    view = re.search(r' viewBox="[^"]*"', body)
    body = _OWN_STYLE.sub("", body[body.index(">") + 1 :], count=1)
    used = {one or other for one, other in _USED.findall(body)}
    variables = {s.light: f"var(--{key},{s.light})" for key, s in colours.variables().items()}
    body = _TAG.sub(lambda tag: _tag(tag[0], name, used, variables), body)
    body = re.sub(r">\s+<", "><", body)
    body = _UNSEEN.sub("", _PAGE.sub("", body, count=1))
    body = _POINTS.sub(_hoisted, _without_groups(body))
    escaped = title.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<svg{view[0] if view else ""} xmlns="http://www.w3.org/2000/svg" role="img" '
        f'style="stroke-linejoin:round;stroke-linecap:butt;font-family:{_FONTS}">'
        f"{f'<title>{escaped}</title>' if title else ''}{body.strip()}"
    )


def css(theme: str) -> str:
    """The variables with their values for "light" or "dark", to stand in a CSS rule."""
    values = {key: getattr(shade, theme) for key, shade in colours.variables().items()}
    return "".join(f"--{key}:{value};" for key, value in values.items())


def _tag(tag: str, name: str, used: set[str], variables: dict[str, str]) -> str:
    """One tag with fewer digits, its own ids, and variables for colours, which need a style."""
    tag = _GEOMETRY.sub(lambda found: _LONG_NUMBER.sub(_rounded, found[0]), tag)
    if tag.startswith("<path"):
        tag = re.sub(r"\s*\n\s*", "", re.sub(r"([MLCQ]) ", r"\1", tag))
    tag = _ID.sub(lambda own: f' id="{name}-{own[1]}"' if own[1] in used else "", tag)
    tag = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", tag).replace("xlink:href", "href")
    styles = [f"{key}: {value}" for key, value in _ATTRIBUTE.findall(tag)]
    if styles:
        tag = _ATTRIBUTE.sub("", tag)
        end = "/>" if tag.endswith("/>") else ">"
        tag = f'{tag.removesuffix(end)} style="{"; ".join(styles)}"{end}'
    tag = _NO_TURN.sub("", _FONT.sub(_long_font, _FONT_FAMILY.sub("", tag)))
    return _COLOUR.sub(lambda found: variables.get(found[0], found[0]), tag)


def _rounded(found: re.Match[str]) -> str:
    short = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _long_font(found: re.Match[str]) -> str:
    weight = f"; font-weight: {found[1].strip()}" if found[1] else ""
    return f"font-size: {found[2]}{weight}"


def _without_groups(body: str) -> str:
    """Without the groups that say nothing of what is in them."""
    kept: list[bool] = []
    parts = []
    for part in re.split(r"(</?g[^>]*>)", body):
        if part == "<g>":
            kept.append(False)
        elif part == "</g>":
            parts += [part] * kept.pop()
        elif not re.fullmatch(r"<g\s*/>", part):
            if re.fullmatch(r"<g\s[^>]*>", part):
                kept.append(True)
            parts.append(part)
    return "".join(parts)


def _hoisted(found: re.Match[str]) -> str:
    """Points that look the same as one group, whose look it is."""
    points = found[0].replace(f' style="{found[1]}"', "")
    return f'<g style="{found[1]}">{points}</g>'
