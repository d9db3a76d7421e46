import re
from pathlib import Path
from typing import Any

from analysis import measured, summary
from analysis.exporters.tensorboard import layout, run
from tests.analysis.exporters.tensorboard.reading import plugin_context, read_back


def merged(logdir: Path) -> dict[str, dict[str, str]]:
    """The charts of each category with their tags, as TensorBoard's plugin merges all layouts."""
    import json

    from tensorboard.context import RequestContext
    from tensorboard.plugins.custom_scalar.custom_scalars_plugin import CustomScalarsPlugin

    plugin = CustomScalarsPlugin(plugin_context(logdir))
    found = json.loads(plugin.layout_impl(RequestContext(), ""))
    return {
        each["title"]: {chart["title"]: chart["multiline"]["tag"][0] for chart in each["chart"]}
        for each in found["category"]
    }


def test_each_curve_of_a_run_has_one_chart_with_its_title(make_run: Any) -> None:
    path = make_run()
    found = measured.read(path)
    folder = run.write(found, summary.write(found))
    categories = merged(folder)
    assert list(categories) == [
        "Training, by the step of the timed phase",
        "Resources, by the milliseconds since the start of the run",
    ]
    assert categories["Training, by the step of the timed phase"] == {
        "Loss by step": "^train/loss$",
        "Length of a step, ms": "^train/step_ms$",
    }
    charts = [tag for charts in categories.values() for tag in charts.values()]
    curves = [
        tag
        for tag in read_back(folder).Tags()["tensors"]
        if tag.startswith(("train/", "resources/"))
    ]
    assert sorted(charts) == sorted(f"^{tag}$" for tag in curves)
    for chart in charts:
        assert [bool(re.match(chart, tag)) for tag in curves].count(True) == 1


def test_runs_of_different_machines_share_the_charts_that_both_have(make_run: Any) -> None:
    gpus = [{"index": 0, "uuid": "GPU-aa"}]
    with_gpu = make_run(
        "gpu",
        samples=("time_ns,process_memory_rss_bytes,gpu0_power_watts", "1000,5,90"),
        resources=make_run.resources_record(gpus=gpus),
        machine=make_run.environment("GPU-aa"),
    )
    for path in (make_run("cpu"), with_gpu):
        found = measured.read(path)
        run.write(found, summary.write(found))
    categories = merged(make_run.output)
    memory = [title for charts in categories.values() for title in charts if "RSS" in title]
    assert memory == ["Memory of the run (RSS), MiB"]
    assert categories["GPU, by the milliseconds since the start of the run"] == {
        "Power of the run's GPU, W": "^resources/power_watts$",
        "GPU 0: power, W": "^gpu0/power_watts$",
    }


def test_without_samples_there_are_the_training_curves_alone() -> None:
    from tensorboard.plugins.custom_scalar import layout_pb2

    found = layout_pb2.Layout.FromString(layout.layout([None]))
    assert [each.title for each in found.category] == ["Training, by the step of the timed phase"]
