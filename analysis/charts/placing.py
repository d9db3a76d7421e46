"""Places for the names of points, so that they cover neither each other nor a point."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

DIAGONAL = 0.75


class Box(NamedTuple):
    """A rectangle, in points."""

    left: float
    low: float
    right: float
    high: float

    def meets(self, other: "Box") -> bool:
        """Whether both have an area in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.low < other.high
            and other.low < self.high
        )


def around(x: float, y: float, width: float, height: float, distance: float) -> list[Box]:
    """Places for a name of this size near a point, the best first: right, left, above, below."""
    near = distance * DIAGONAL
    corners = [
        (x + distance, y - height / 2),
        (x - distance - width, y - height / 2),
        (x - width / 2, y + distance),
        (x - width / 2, y - distance - height),
        (x + near, y + near),
        (x + near, y - near - height),
        (x - near - width, y + near),
        (x - near - width, y - near - height),
    ]
    return [Box(left, low, left + width, low + height) for left, low in corners]


def placed(
    wanted: Sequence[tuple[float, float, float, float]],
    taken: Iterable[Box],
    inside: Box,
    distance: float,
) -> list[Box | None]:
    """A place for each name (x, y, width, height), in this order; None where none is free."""
    full = list(taken)
    found: list[Box | None] = []
    for x, y, width, height in wanted:
        free = [
            box
            for far in (distance, 2 * distance)
            for box in around(x, y, width, height, far)
            if box.left >= inside.left
            and box.right <= inside.right
            and box.low >= inside.low
            and box.high <= inside.high
            and not any(box.meets(other) for other in full)
        ]
        found.append(free[0] if free else None)
        full += free[:1]
    return found
