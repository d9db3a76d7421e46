from analysis.charts import operations
from tests.analysis.charts import invented
from tests.analysis.charts.looking import bars, words


def test_the_longest_come_first_and_a_missing_one_is_a_dash() -> None:
    figure = operations.draw(invented.sides(2), invented.operation_rows(2), "", 10)
    longest = [
        max(one.get_width(), other.get_width())
        for one, other in zip(*[iter(bars(figure.axes[0])[:12])] * 2, strict=True)
    ]
    assert longest == sorted(longest, reverse=True)
    text = words(figure)
    assert "● –" in text
    assert "● 0.900" in text
    assert "4 smaller operations left out" in text
