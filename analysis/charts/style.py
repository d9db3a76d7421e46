"""The look that all charts share, in force only while one is drawn or written."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any, ParamSpec

import matplotlib as mpl
import matplotlib.style
from matplotlib.figure import Figure

Given = ParamSpec("Given")

TEXT_PT = 8.5
SMALL_PT = 8.0
"""The smallest text: 11 px on a page that shows a chart at 100 dots per inch."""

LINE_PT = 11.5
"""From one line of text to the next."""

NARROW_INCHES = 5.0
"""Below this width a chart puts names above what they name, and shows less."""


@functools.cache
def _settings() -> dict[str, Any]:
    with resources.as_file(resources.files(__package__) / "crossprof.mplstyle") as path:
        read = mpl.rc_params_from_file(path, use_default_template=False)
    return {str(key): value for key, value in read.items()}


@contextmanager
def look() -> Iterator[None]:
    """Put the charts' style in the place of the user's settings; put them back at the end."""
    with matplotlib.style.context(_settings(), after_reset=True):
        yield


def styled(draw: Callable[Given, Figure]) -> Callable[Given, Figure]:
    """Draw in the charts' style."""

    @functools.wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        with look():
            return draw(*args, **kwargs)

    return drawn
