"""What can be seen on a figure."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text


def shown(figure: Figure) -> list[Text]:
    """All texts but the numbers of an axis that are switched off."""
    hidden = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for label in (tick.label1, tick.label2)
        if not label.get_visible()
    }
    texts = figure.findobj(Text)
    return [text for text in texts if text.get_text() and text not in hidden]


def words(figure: Figure) -> str:
    """The texts, a line each."""
    return "\n".join(text.get_text() for text in shown(figure))


def bars(axes: Axes) -> list[Rectangle]:
    """The bars of a plot in the order they were drawn."""
    return [patch for container in axes.containers for patch in container]


def lines(axes: Axes, colour: str) -> list[Line2D]:
    """The lines in a colour."""
    return [line for line in axes.get_lines() if line.get_color() == colour]
