import numpy as np

from analysis.charts import colours, memory
from tests.analysis.charts import invented
from tests.analysis.charts.looking import lines, words


def test_each_series_has_its_unit_peaks_and_gaps() -> None:
    figure = invented.chart("memory", 6.9)
    text = words(figure)
    assert "RSS, GiB; highest sample: ● 2.38, ◆ 2.90" in text
    assert "allocated, MiB; highest sample: ● 338, ◆ 423" in text
    fill = colours.SIDES["tensorflow"].fill.light
    rss, allocated = (lines(axes, fill)[0] for axes in figure.axes)
    assert not np.isnan(rss.get_ydata()).any()
    assert np.isnan(allocated.get_ydata()).sum() == 1
    assert max(rss.get_ydata()) < 3


def test_a_long_run_has_a_band_and_its_peak_is_the_largest_sample() -> None:
    rows = invented.memory_rows(1)
    rows.loc[rows["series"] == "RSS", "high"] += 2**30
    figure = memory.draw(invented.sides(1), rows, "", 6.9)
    assert "RSS, GiB; highest sample: ● 3.38" in words(figure)
    assert [len(axes.collections) for axes in figure.axes] == [1, 0]
    assert figure.axes[0].get_ylim()[1] > 3.38


def test_a_series_without_a_value_has_no_plot() -> None:
    rows = invented.memory_rows(2)
    rows.loc[rows["series"] == "RSS", "bytes"] = None
    assert len(memory.draw(invented.sides(2), rows, "", 6.9).axes) == 1
