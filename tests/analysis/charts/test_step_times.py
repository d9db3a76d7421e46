import numpy as np

from analysis.charts import colours, step_times
from tests.analysis.charts import invented
from tests.analysis.charts.looking import words


def test_every_point_is_drawn_and_flagged_runs_are_named() -> None:
    times, spans = invented.times(2)
    figure = step_times.draw(invented.sides(2), times, spans, 50, "", 6.9)
    points = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "None"]
    assert sum(len(line.get_xdata()) for line in points) == len(times)
    text = words(figure)
    assert "run 3, flagged" in text
    assert "mean of each 50 steps" in text
    assert "band: 95 % interval" in text
    assert "● PyTorch eager: 2.87 ms (2.81 to 2.93)" in text


def test_without_an_interval_there_is_no_band() -> None:
    times, spans = invented.times(2)
    spans = spans.assign(low_ms=None, high_ms=None)
    figure = step_times.draw(invented.sides(2), times, spans, 1, "", 6.9)
    assert "band" not in words(figure)
    assert not figure.axes[0].collections


def test_what_is_not_drawn_is_counted() -> None:
    times, spans = invented.times(2, 15, 200)
    times.loc[[3, 5], "step_ms"] = 500.0
    figure = step_times.draw(invented.sides(2), times, spans, 1, "", 10)
    text = words(figure)
    assert "2 points above 7.03 ms not drawn" in text
    assert "one point of 4 drawn" in text
    assert "6 more runs not drawn" in text
    assert figure.axes[0].get_xlim()[1] < 8


def test_a_tick_is_the_median() -> None:
    times, spans = invented.times(1, 1)
    axes = step_times.draw(invented.sides(1), times, spans, 50, "", 6.9).axes[0]
    ink = colours.INK["text"].light
    (tick,) = [line for line in axes.get_lines() if line.get_color() == ink]
    assert tick.get_xdata()[0] == np.median(times["step_ms"])
