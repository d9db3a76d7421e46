from analysis.charts import sweep
from tests.analysis.charts import invented
from tests.analysis.charts.looking import words


def test_batch_sizes_are_on_a_logarithmic_axis_with_their_values() -> None:
    figure = invented.chart("sweep", 6.9)
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0
    for text in ("8", "512", "batch size, samples", "samples per second"):
        assert text in words(figure).split("\n")


def test_few_values_are_linear_and_a_wide_range_is_not() -> None:
    rows = invented.sweep_rows(1).head(3).assign(x=[1, 2, 3], low=None, high=None)
    axes = sweep.draw(invented.sides(1), rows, "x", "y", "", 3.46).axes[0]
    assert axes.get_xscale() == "linear"
    assert list(axes.get_xticks()) == [1, 2, 3]
    wide = sweep.draw(invented.sides(1), rows.assign(estimate=[1, 10, 9e5]), "x", "y", "", 3.46)
    assert wide.axes[0].get_yscale() == "log"
