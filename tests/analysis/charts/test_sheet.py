import pytest

from analysis.charts import sheet, style, words


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0, 0.2, 0.4], ["0.0", "0.2", "0.4"]),
        ([-0.025, 0.0, 0.025], ["−0.025", "0.000", "0.025"]),
        ([0.0, 2500.0, 5000.0], ["0", "2,500", "5,000"]),
        ([0.30000000000000004, 0.6], ["0.3", "0.6"]),
        ([0.0, 2e-5], ["0", "2e-5"]),
        ([0.0, 1e9], ["0", "1e9"]),
        ([7.5], ["7.5"]),
        ([], []),
    ],
)
def test_numbers_of_an_axis_have_the_decimals_of_their_step(
    values: list[float], texts: list[str]
) -> None:
    assert sheet.tick_texts(values) == texts


def test_round_numbers_lie_within_the_axis() -> None:
    values, texts = sheet.round_ticks(0.0, 3.9, 8)
    assert values == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    assert texts[1] == "0.5"
    assert sheet.round_ticks(1.0, 0.0, 2) == sheet.round_ticks(0.0, 1.0, 2)


def test_a_key_breaks_its_lines() -> None:
    entries = [sheet.Entry("forward", fill="#000000"), sheet.Entry("backward" * 4)]
    assert sheet.key_lines([], 100) == []
    assert len(sheet.key_lines(entries, 400)) == 1
    first, second = sheet.key_lines(entries, 120)
    assert first[0][0] == second[0][0] == 0
    assert words.width_pt(second[0][1].text) <= 120


def test_the_note_stands_under_the_plot_and_makes_the_sheet_higher() -> None:
    short, long = (sheet.sheet(3.46, 100, note) for note in ("a note", "a note " * 20))
    assert short.height == 100 + 5 + style.LINE_PT
    assert long.height > short.height
    assert [text.get_text() for text in short.figure.texts] == ["a note"]
