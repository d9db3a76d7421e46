"""How colours are seen: their contrast, and how far two are apart by kind of colour vision."""

import math

VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "grey": ((0.2126, 0.7152, 0.0722),) * 3,
}
"""Matrices on linear RGB, severity 1 (Machado, Oliveira and Fernandes 2009, table 1).

https://doi.org/10.1109/TVCG.2009.113
"""


def lab(colour: str, vision: str) -> tuple[float, float, float]:
    """The CIE L*a*b* values (D65) of what is seen of a colour."""
    parts = linear(colour)
    seen = [sum(m * part for m, part in zip(row, parts, strict=True)) for row in VISION[vision]]
    r, g, b = (min(1.0, max(0.0, part)) for part in seen)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, vision: str) -> float:
    """CIE76 distance; 2 is just noticeable."""
    return math.dist(lab(one, vision), lab(other, vision))


def nearest(one: str, other: str) -> float:
    """The distance for whom they are nearest, colours being seen at all."""
    return min(distance(one, other, vision) for vision in ("normal", "protan", "deutan"))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, as WCAG 2.1 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def linear(colour: str) -> tuple[float, float, float]:
    """The linear parts of #rrggbb, 0 to 1 each (IEC 61966-2-1)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _decoded(red), _decoded(green), _decoded(blue)


def _decoded(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
