"""Groups of bars, one bar per side: each with a name, a stack of parts and its figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import style, words
from analysis.charts.sheet import KEY_LINE_PT, Entry, draw_key, key_lines, plot
from analysis.charts.side import Side

BAR_PT = 9.0
STEP_PT = 11.5
GAP_PT = 8.0


@dataclass(frozen=True)
class Bar:
    """What one side spends in a group: parts (value, opacity); none where it has no such work."""

    side: Side
    parts: Sequence[tuple[float, float]]

    @property
    def total(self) -> float:
        """The length of the bar."""
        return sum(value for value, _ in self.parts)

    def text(self, decimals: int) -> str:
        """Its sign and its figure."""
        shown = wording.number(self.total, decimals) if self.parts else wording.MISSING
        return f"{self.side.mark} {shown}"


@dataclass(frozen=True)
class Group:
    """Bars that belong together."""

    name: str
    bars: Sequence[Bar]


def decimals_of(groups: Sequence[Group]) -> int:
    """So many that the longest bar has three digits."""
    return wording.decimals_for(max(bar.total for group in groups for bar in group.bars))


def draw(
    groups: Sequence[Group], key: Sequence[Entry], label: str, note: str, width: float
) -> Figure:
    """Groups below each other; their names stand left of them, above them on a narrow page."""
    above = width < style.NARROW_INCHES
    names = [words.printable(group.name) for group in groups]
    left = 0.0 if above else min(0.36 * width * 72, words.widest_pt(names) + 8)
    heads = style.LINE_PT + 2.5 if above else 0.0
    heights = [len(group.bars) * STEP_PT + heads + GAP_PT for group in groups]
    lines = key_lines(key, width * 72)
    top = len(lines) * KEY_LINE_PT + 4
    bars = [bar for group in groups for bar in group.bars]
    longest = max(bar.total for bar in bars) or 1.0
    decimals = decimals_of(groups)
    made, axes = plot(
        width,
        note,
        height=sum(heights) + 2,
        left=left,
        right=words.widest_pt([bar.text(decimals) for bar in bars]) + 8,
        top=top,
        label=label,
        limits=(0, longest * 1.005),
    )
    draw_key(made, 0, 0, lines)
    y = GAP_PT / 2
    for group, name, height in zip(groups, names, heights, strict=True):
        if above:
            made.text(0, top + y + style.LINE_PT / 2, words.fitted(name, made.width))
        else:
            middle = top + y + (height - GAP_PT) / 2
            made.text(left - 6, middle, words.fitted(name, left - 6), align="right")
        for number, bar in enumerate(group.bars):
            draw_bar(axes, bar, y + heads + STEP_PT * (number + 0.5), decimals)
        y += height
    return made.figure


def draw_bar(
    axes: Axes, bar: Bar, y: float, decimals: int, *, height: float = BAR_PT, mirrored: bool = False
) -> None:
    """A bar from zero, with its figure behind it; mirrored it grows to the left."""
    start = 0.0
    for value, opacity in bar.parts:
        axes.barh(y, value, left=start, height=height, color=bar.side.fill, alpha=opacity)
        start += value
    axes.annotate(
        bar.text(decimals),
        (start, y),
        (-4 if mirrored else 4, 0),
        textcoords="offset points",
        ha="right" if mirrored else "left",
        va="center_baseline",
        color=bar.side.text,
        annotation_clip=False,
    )
