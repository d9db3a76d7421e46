"""The tab Custom Scalars: a chart for each figure, with a line for each run."""

import re
from collections.abc import Iterable, Iterator

from analysis.exporters.tensorboard import resources
from analysis.resources.samples import Samples

TRAINING = {
    "train/loss": "Loss by step",
    "train/step_ms": "Length of a step, ms",
}


def layout(samples: Iterable[Samples | None]) -> bytes:
    """A Layout message with what runs have that were sampled so.

    Above the charts stands what their axis is.
    """
    from tensorboard.plugins.custom_scalar import layout_pb2

    made = layout_pb2.Layout()
    for title, charts in _categories(samples):
        category = made.category.add(title=title)
        for tag, name in charts.items():
            category.chart.add(title=name).multiline.tag.append(f"^{re.escape(tag)}$")
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _categories(samples: Iterable[Samples | None]) -> Iterator[tuple[str, dict[str, str]]]:
    yield "Training, by the step of the timed phase", TRAINING
    charts: dict[str, str] = {}
    for found in samples:
        charts |= resources.titles(found) if found else {}
    for name, on_gpu in (("Resources", False), ("GPU", True)):
        of_category = {tag: title for tag, title in charts.items() if ("GPU" in title) is on_gpu}
        if of_category:
            yield f"{name}, by the milliseconds since the start of the run", of_category
