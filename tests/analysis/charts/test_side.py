import numpy as np
import pandas as pd

from analysis.charts import colours, side
from analysis.sides import MARKS, SPARE_MARKS
from tests.analysis.charts import invented


def test_sides_are_in_order_with_signs_and_colours() -> None:
    found = side.listed(invented.sides(3).sample(frac=1, random_state=1))
    assert [each.title for each in found] == [
        "● PyTorch eager",
        "◆ TensorFlow function",
        "○ PyTorch compile",
    ]
    assert found[0].fill == colours.SIDES["torch"].fill.light
    assert found[2].fill == colours.SIDES["torch-2"].fill.light
    assert (found[0].marker, found[2].marker) == ("o", "o")
    assert not found[0].hollow
    assert found[2].hollow


def test_every_sign_can_be_drawn() -> None:
    signs = set("".join(MARKS.values()) + SPARE_MARKS)
    assert signs == set(side.MARKERS)
    assert set(SPARE_MARKS) == side.HOLLOW
    looks = {(side.MARKERS[sign], sign in side.HOLLOW) for sign in signs}
    assert len(looks) == len(signs)


def test_a_number_as_a_sign_is_drawn_as_a_point() -> None:
    ninth = invented.sides(1).assign(mark="13")
    assert side.listed(ninth)[0].marker == "o"
    assert side.listed(ninth)[0].title == "13 PyTorch eager"


def test_only_rows_with_numbers_of_known_sides_are_used() -> None:
    rows = pd.DataFrame({"side": [0, 1, 7, 1], "time_ms": [1.0, np.nan, 3.0, np.inf]})
    known = side.listed(invented.sides(2))
    assert list(side.usable(rows, known, ["time_ms"]).index) == [0]
    assert side.usable(rows.astype(object), known, ["time_ms"])["time_ms"].tolist() == [1.0]
