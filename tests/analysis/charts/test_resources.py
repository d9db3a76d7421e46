import numpy as np

from analysis.charts import colours, resources
from tests.analysis.charts import invented
from tests.analysis.charts.looking import lines, words


def test_scales_are_equal_and_gaps_are_gaps() -> None:
    samples, phases = invented.samples(2)
    figure = resources.draw(invented.sides(2), samples, phases, "", 6.9)
    left, right = figure.axes[:4], figure.axes[4:]
    for one, other in zip(left, right, strict=True):
        assert one.get_ylim() == other.get_ylim()
        assert one.get_xlim() == other.get_xlim()
    fill = colours.SIDES["torch"].fill.light
    gaps = [int(np.isnan(lines(axes, fill)[0].get_ydata()).sum()) for axes in left]
    assert gaps == [0, 0, 0, 1]


def test_what_was_not_measured_has_no_row() -> None:
    samples, phases = invented.samples(2)
    samples.loc[samples["measure"] == "GPU, %", "value"] = np.nan
    text = words(resources.draw(invented.sides(2), samples, phases, "", 6.9))
    assert "GPU" not in text
    assert "Power, W" in text
    assert "timed" in text


def test_the_timed_phase_is_darkest() -> None:
    samples, phases = invented.samples(1)
    axes = resources.draw(invented.sides(1), samples, phases, "", 6.9).axes[0]
    spans = [sum(patch.get_facecolor()[:3]) for patch in axes.patches]
    assert len(spans) == 4
    assert spans.count(min(spans)) == 1


def test_a_long_run_has_bands_within_its_scales() -> None:
    samples, phases = invented.samples(1)
    samples.loc[samples["measure"] == "GPU, %", "low"] = 0.0
    samples.loc[samples["measure"] == "GPU, %", "high"] = 100.0
    figure = resources.draw(invented.sides(1), samples, phases, "", 6.9)
    assert [len(axes.collections) for axes in figure.axes] == [0, 0, 1, 0]
    assert figure.axes[2].get_ylim()[1] > 100
