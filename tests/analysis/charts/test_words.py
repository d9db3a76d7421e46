import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts import words


@given(st.text())
def test_what_is_printable_has_a_glyph_and_no_control_character(text: str) -> None:
    shown = words.printable(text)
    assert words.printable(shown) == shown
    assert all(letter == " " or letter.isprintable() for letter in shown)


def test_what_the_font_lacks_is_a_question_mark() -> None:
    assert words.printable("conv_日本\x1b[1m\n2") == "conv_??[1m 2"
    assert words.printable("●◆■▲○◇□△▽▷◁◎ −×…·–") == "●◆■▲○◇□△▽▷◁◎ −×…·–"


@given(st.text(min_size=1), st.floats(20, 400))
def test_a_fitted_text_fits(text: str, room: float) -> None:
    fitted = words.fitted(text, room)
    assert words.width_pt(fitted) <= room
    assert fitted == words.printable(text) or "…" in fitted


@given(st.lists(st.text("abcmW", min_size=1), min_size=1), st.floats(60, 300))
def test_wrapped_lines_fit_and_hold_every_word(parts: list[str], room: float) -> None:
    lines = words.wrapped(" ".join(parts), room)
    assert all(words.width_pt(line) <= room for line in lines)
    assert len(" ".join(lines).split()) == len(parts)


def test_bold_and_large_are_wider() -> None:
    assert words.width_pt("step", 8) < words.width_pt("step", 9) < words.width_pt("step", 9, True)
    assert words.widest_pt([]) == 0
    assert words.widest_pt(["m", "mm"]) == pytest.approx(words.width_pt("mm"))
