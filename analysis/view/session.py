"""Keeps a command open until Ctrl-C, and says where its page is."""

import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def announce(what: str, url: str, browser: bool) -> None:
    """Say where a page is, for those too who forward the port, and open it if asked to."""
    print(f"{what} (Ctrl-C ends it): {url}", file=sys.stderr, flush=True)
    if browser and _has_screen():
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _has_screen() -> bool:
    """Whether a browser has where to show itself: one for text would take over the terminal."""
    screens = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform == "darwin" or any(os.environ.get(name) for name in screens)


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ctrl-C, SIGTERM and the terminal's end stop what is inside, in order and without a word."""
    with suppress(KeyboardInterrupt), interruptible():
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and the terminal's end are KeyboardInterrupt too, so that what is open is closed."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    free = [end for end in ends if signal.getsignal(end) is signal.SIG_DFL]
    for end in free:
        signal.signal(end, signal.default_int_handler)
    try:
        yield
    finally:
        for end in free:
            signal.signal(end, signal.SIG_DFL)
