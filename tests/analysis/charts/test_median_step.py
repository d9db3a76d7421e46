import pandas as pd
from matplotlib.patches import PathPatch

from analysis.charts import colours, median_step
from tests.analysis.charts import invented
from tests.analysis.charts.looking import words


def rows(stretches: list[tuple[str, float, float, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(stretches, columns=["lane", "start_ms", "duration_ms", "phase"])
    return frame.assign(side=0)


def test_stretches_that_no_pixel_parts_are_one() -> None:
    near = [("host", at / 1000, 0.0009, "forward") for at in range(1000)]
    given = rows([*near, ("host", 1.0, 8.0, ""), ("host", 9.0, 1.0, "forward")])
    axes = median_step.draw(invented.sides(1), given, "", 6.9).axes[0]
    (forward,) = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    assert len(forward.get_path().vertices) == 10
    assert axes.get_xlim() == (0, 10)


def test_the_key_names_what_is_there() -> None:
    given = rows([("host", 0, 1, "forward"), ("host", 1, 1, "own"), ("device A", 0, 1, "loss")])
    text = words(median_step.draw(invented.sides(1), given, "", 6.9))
    assert "unknown phase" in text
    assert "backward" not in text
    assert "A" in text.split("\n")
    assert "PyTorch eager, 2.00 ms" in text


def test_of_many_lanes_the_busiest_are_shown() -> None:
    lanes = [(f"device {at}", 0.0, 1.0 + at, "forward") for at in range(9)]
    text = words(median_step.draw(invented.sides(1), rows([*lanes, ("host", 0, 1, "")]), "", 6.9))
    assert {"host", "8", "4"} <= set(text.split("\n"))
    assert "4 less busy lanes left out" in text


def test_the_phases_of_a_step_have_colours() -> None:
    assert [*colours.PHASES] == ["data", "forward", "loss", "backward", "optimizer", ""]
