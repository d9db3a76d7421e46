from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import finish
from analysis.comparison import asked, compare
from analysis.report import trends
from analysis.report.subject import Subject


@pytest.fixture
def subject(make_run: Any, tmp_path: Path) -> Callable[..., Subject]:
    """A page's subject on runs with these settings, one a side."""

    def made(*settings: dict[str, Any]) -> Subject:
        paths = [
            make_run(f"run-{number}", settings=msgspec.structs.replace(make_run.settings, **each))
            for number, each in enumerate(settings)
        ]
        done, _ = finish.finish_all(paths)
        finished = {str(run.measured.run.resolve()): run for run in done}
        groups = asked.groups(paths)
        sides = asked.side_runs(tmp_path / "compare", groups, finished)
        return Subject(compare.compare(tmp_path / "compare", sides, rounds=1, order_seed=None))

    return made


def test_a_setting_that_varies_is_a_line_for_each_framework(subject: Any) -> None:
    found = subject(
        {"batch_size": 16},
        {"batch_size": 32},
        {"batch_size": 16, "framework": "tensorflow", "execution": "function"},
        {"batch_size": 32, "framework": "tensorflow", "execution": "function"},
    )
    sweep, accuracy = trends.charts(found)
    assert (sweep.name, accuracy.name) == ("sweep", "accuracy")
    assert sweep.given["x_label"] == "batch size"
    lines, points = sweep.given["sides"], sweep.given["rows"]
    assert list(lines["label"]) == ["PyTorch eager", "TensorFlow function"]
    assert [tuple(row) for row in points[["side", "x"]].to_numpy().tolist()] == [
        (0, 16), (0, 32), (1, 16), (1, 32),
    ]  # fmt: skip
    rates = points["estimate"].to_numpy()
    assert rates[1] == pytest.approx(2 * rates[0])
    assert points["low"].isna().all()


def test_an_option_of_the_workload_may_vary(subject: Any) -> None:
    found = subject({"options": {"size": 64}}, {"options": {"size": 128}})
    assert [chart.given["x_label"] for chart in trends.charts(found)[:1]] == ["size"]


@pytest.mark.parametrize(
    "settings",
    [
        [{}, {"framework": "tensorflow", "execution": "function"}],
        [{"batch_size": 16}, {"batch_size": 32, "threads": 7}],
        [{"batch_size": 16}, {"batch_size": 32, "precision": "bf16"}],
    ],
)
def test_without_one_setting_that_varies_there_is_no_line(
    subject: Any, settings: list[dict[str, Any]]
) -> None:
    assert [chart.name for chart in trends.charts(subject(*settings))] == ["accuracy"]


def test_a_single_run_has_no_curve(subject: Any, make_run: Any, tmp_path: Path) -> None:
    path = make_run("alone")
    done, _ = finish.finish_all([path])
    finished = {str(path.resolve()): done[0]}
    sides = asked.side_runs(tmp_path, [asked.group([path])], finished)
    found = Subject(compare.compare(tmp_path, sides, rounds=1, order_seed=None))
    assert trends.charts(found) == []
