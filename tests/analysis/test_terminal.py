import io
import os

import pytest

from analysis import terminal
from analysis.terminal import line


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


LINES = [line(("Where", "bold"), "  ", ("██", "#dd6b33")), line("[not] markup  ")]


def test_elsewhere_the_text_is_plain() -> None:
    stream = io.StringIO()
    terminal.show(LINES, stream)
    assert stream.getvalue() == "Where  ██\n[not] markup\n".replace("██", "##")


def test_on_a_terminal_it_is_the_same_text_with_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    terminal.show(LINES, stream)
    assert "\x1b[1mWhere\x1b[0m" in stream.getvalue()
    assert "[not] markup" in stream.getvalue()


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_color_and_a_dumb_terminal_are_honoured(
    monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]
) -> None:
    monkeypatch.setenv(*variable)
    stream = Terminal()
    terminal.show(LINES, stream)
    assert stream.getvalue() == "Where  ██\n[not] markup\n"


def test_signs_that_the_encoding_lacks_have_a_likeness() -> None:
    assert terminal.encodable("█░ 28×28 µs – …", "ascii") == "#- 28x28 us - ~"
    assert terminal.encodable("█ ×", "cp1252") == "# x"
    assert terminal.encodable("█ ×", "utf-8") == "█ ×"
    assert terminal.encodable("漢", "ascii") == "\\u6f22"
    assert terminal.encodable("a\ud800", "utf-8") == "a\\ud800"


def test_a_page_is_as_wide_as_the_terminal_or_as_columns_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal.page(io.StringIO()) == terminal.Page(terminal.WIDTH, None)
    monkeypatch.setenv("COLUMNS", "83")
    assert terminal.page(io.StringIO()).width == 83
    assert terminal.page(Terminal()) == terminal.Page(83, "utf-8")
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((91, 50)))
    monkeypatch.setenv("TERM", "xterm-256color")
    assert terminal.page(Terminal()).width == 91
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    assert terminal.page(Terminal()).width > 0


def test_an_error_is_a_line_that_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.show_error("a\x1b[2J\u202e file")
    assert capsys.readouterr().err == "error: a[2J file\n"
