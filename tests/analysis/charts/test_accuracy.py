from analysis.charts import accuracy
from tests.analysis.charts import invented
from tests.analysis.charts.looking import words


def test_every_run_is_a_point_in_percent() -> None:
    figure = invented.chart("accuracy", 6.9)
    points = figure.axes[0].get_lines()
    assert len(points) == 10
    assert all(84 < line.get_ydata()[0] < 85 for line in points)
    assert {line.get_marker() for line in points} == {"o", "D"}
    assert "test accuracy, % of the test samples" in words(figure)


def test_all_and_none_right() -> None:
    rows = invented.accuracy_rows(2).assign(accuracy=1.0)
    low, high = accuracy.draw(invented.sides(2), rows, "", 6.9).axes[0].get_ylim()
    assert low < 100 < high
    assert (
        accuracy.draw(invented.sides(2), rows.assign(accuracy=0.0), "", 6.9).axes[0].get_ylim()[0]
        == 0
    )
