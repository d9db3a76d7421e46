from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from analysis.comparison import finishing
from analysis.exporters.tensorboard import comparison
from profilers import rundir
from profilers.records import Side
from tests.analysis.exporters.tensorboard.reading import read_back

pytestmark = pytest.mark.usefixtures("without_report")


def chart(folder: Path, name: str, title: str) -> Path:
    described = PngInfo()
    described.add_text("Title", title)
    path = folder / f"{name}.png"
    Image.new("RGB", (40, 30), "white").save(path, pnginfo=described)
    return path


def tags(folder: Path) -> list[str]:
    found: list[str] = read_back(folder).Tags()["tensors"]
    return found


def test_a_comparison_that_is_finished_has_its_texts_and_charts_settings(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    done = finishing.finish_all([directory])
    assert done.problems == []
    assert sorted(tags(directory / rundir.TENSORBOARD)) == [
        "_hparams_/experiment",
        "comparison/answer",
        "comparison/difference by kind of work",
        "comparison/difference by layer",
        "comparison/difference by operation",
        "comparison/difference by phase",
        "custom_scalars__config__",
    ]


def test_charts_are_images_in_their_order_with_readable_tags(
    make_comparison: Any, tmp_path: Path
) -> None:
    [compared] = finishing.finish_all([make_comparison([(2.0,), (3.0,)])]).comparisons
    charts = [chart(tmp_path, "waterfall-1", "From one to the other")]
    charts += [chart(tmp_path, "memory", "Memory"), chart(tmp_path, "plain", "")]
    folder = comparison.write(compared, [tmp_path / "report.html", *charts])
    events = read_back(folder)
    found = [tag for tag in events.Tags()["tensors"] if tag.startswith("charts/")]
    assert found == ["charts/01 From one to the other", "charts/02 Memory", "charts/03 plain"]
    [image] = events.Tensors(found[0])
    width, height, png = image.tensor_proto.string_val
    assert (width, height, png[:4]) == (b"40", b"30", b"\x89PNG")


def test_with_several_others_a_chart_names_its_own(make_comparison: Any, tmp_path: Path) -> None:
    three = [make_comparison.torch, make_comparison.tensorflow, Side("torch", "compile")]
    directory = make_comparison([(2.0,), (3.0,), (1.0,)], sides=three)
    [compared] = finishing.finish_all([directory]).comparisons
    charts = [chart(tmp_path, f"waterfall-{number}", "Steps") for number in (1, 2)]
    found = tags(comparison.write(compared, charts))
    assert "charts/01 Steps: TensorFlow function" in found
    assert "charts/02 Steps: PyTorch compile" in found
    assert "comparison/difference by phase, PyTorch compile" in found


def test_what_was_there_before_is_gone(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    (directory / rundir.TENSORBOARD).mkdir()
    (directory / rundir.TENSORBOARD / "old").touch()
    finishing.finish_all([directory])
    assert [path.name for path in (directory / rundir.TENSORBOARD).iterdir()] == [
        "events.out.tfevents.1790000000.crossprof"
    ]


def test_a_folder_that_cannot_be_replaced_is_told_and_the_rest_written(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    (directory / rundir.TENSORBOARD).write_text("a file in the way")
    done = finishing.finish_all([directory])
    [problem] = done.problems
    assert problem.startswith(
        f"{directory / rundir.TENSORBOARD} can't be written (Not a directory)"
    )
    assert (directory / rundir.COMPARISON).exists()


def test_without_runs_there_is_nothing_to_say_of_their_curves(make_comparison: Any) -> None:
    [compared] = finishing.finish_all([make_comparison([(2.0,), (3.0,)])]).comparisons
    found = tags(comparison.write(replace(compared, runs=[])))
    assert "comparison/answer" in found
    assert not {"_hparams_/experiment", "custom_scalars__config__"} & set(found)
