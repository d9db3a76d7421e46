import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis import reading_progress
from analysis.reading_progress import LONG_BYTES, reading


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def trace(done: int, size: int) -> Any:
    return SimpleNamespace(path=Path("a/trace.json"), progress=lambda: (done, size))


def test_a_long_file_shows_how_far_it_was_read_and_the_line_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading_progress, "EVERY_SECONDS", -1)
    stream = Terminal()
    with reading(trace(LONG_BYTES, 4 * LONG_BYTES), stream) as progress:
        assert progress is not None
        progress()
        assert "reading trace.json: 25 % of 128 MiB" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_nothing_is_shown_for_a_short_file_or_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading_progress, "EVERY_SECONDS", -1)
    stream = Terminal()
    with reading(trace(5, 10), stream) as progress:
        assert progress is not None
        progress()
    assert stream.getvalue() == ""
    with reading(trace(5, 10), io.StringIO()) as progress:
        assert progress is None
