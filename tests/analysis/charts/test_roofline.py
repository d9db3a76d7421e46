import pandas as pd
import pytest

from analysis.charts import roofline
from tests.analysis.charts import invented
from tests.analysis.charts.looking import lines, words


def test_equal_roofs_are_one() -> None:
    points, roofs = invented.roofline_rows(2)
    figure = roofline.draw(invented.sides(2), points, roofs, "", 6.9)
    assert words(figure).count("16.2 TFLOP/s, 231 GB/s") == 1
    other = roofs.assign(peak_flops_per_second=[16.2e12, 9e12])
    text = words(roofline.draw(invented.sides(2), points, other, "", 6.9))
    assert "roof ● 16.2 TFLOP/s" in text
    assert "roof ◆ 9.00 TFLOP/s" in text


def test_the_roof_bends_where_both_limits_meet() -> None:
    points, roofs = invented.roofline_rows(1)
    axes = roofline.draw(invented.sides(1), points, roofs, "", 6.9).axes[0]
    roof = next(line for line in lines(axes, "#5c6169") if len(line.get_xdata()) == 3)
    x, y = roof.get_xdata(), roof.get_ydata()
    assert y[0] == pytest.approx(x[0] * 231e9)
    assert y[1] == y[2] == 16.2e12
    assert x[1] * 231e9 == pytest.approx(16.2e12)


def test_no_roof_and_a_slow_machine() -> None:
    points, roofs = invented.roofline_rows(1)
    slow = points.assign(flops_per_second=points["flops_per_second"] / 1e4)
    text = words(roofline.draw(invented.sides(1), slow, roofs.head(0), "", 6.9))
    assert "roof" not in text
    assert "MFLOP/s" in text


def test_a_rate_of_zero_has_no_place() -> None:
    points = pd.DataFrame(
        {"side": [0, 0], "name": "a", "flops_per_byte": [0.0, 1.0], "flops_per_second": [1.0, 0.0]}
    )
    figure = roofline.draw(invented.sides(1), points, invented.roofline_rows(1)[1], "", 6.9)
    assert not figure.axes
