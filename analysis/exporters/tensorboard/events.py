"""Writes event files for TensorBoard, with tensorboard alone and no framework."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.exporters.tensorboard.series import Series

Float64 = npt.NDArray[np.float64]


class Events:
    """An open event file; what is written about a run as a whole has one wall time."""

    def __init__(self, records: Any, wall_seconds: float) -> None:
        self._records = records
        self._wall_seconds = wall_seconds
        self._write(file_version="brain.Event:2")

    def add_series(self, series: Series) -> None:
        """A curve, point by point."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        points = zip(
            series.step.tolist(), series.wall_seconds.tolist(), series.values.tolist(), strict=True
        )
        for step, wall_seconds, value in points:
            self._write(step, wall_seconds, summary=scalar_pb(series.tag, value))

    def add_figure(self, tag: str, value: float) -> None:
        """A single number."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        self._write(summary=scalar_pb(tag, value))

    def add_histogram(
        self, tag: str, values: Float64, step: int, wall_seconds: float, description: str
    ) -> None:
        """How often which values were taken, in 30 buckets."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        summary = histogram_pb(tag, values, description=description)
        self._write(step, wall_seconds, summary=summary)

    def add_text(self, tag: str, markdown: str) -> None:
        """A page of Markdown."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._write(summary=text_pb(tag, markdown))

    def add_image(self, tag: str, png: bytes, width: int, height: int) -> None:
        """A picture."""
        from tensorboard.plugins.image.metadata import create_summary_metadata

        values = np.array([str(width).encode(), str(height).encode(), png], dtype=object)
        self._add_tensor(tag, values, create_summary_metadata(None, ""))

    def add_hparams(self, values: Mapping[str, str | float], trial: str) -> None:
        """The row of the HParams table that a run is; rows of one name become one."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        self._write(summary=hparams_pb(values, trial, self._wall_seconds))

    def add_hparams_columns(self, experiment: Any) -> None:
        """The columns of the HParams table: an Experiment message."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import metadata
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

        described = metadata.create_summary_metadata(HParamsPluginData(experiment=experiment))
        value = Summary.Value(
            tag=metadata.EXPERIMENT_TAG, metadata=described, tensor=metadata.NULL_TENSOR
        )
        self._write(summary=Summary(value=[value]))

    def add_layout(self, layout: bytes) -> None:
        """What the tab Custom Scalars shows: a Layout message."""
        # Its own function for this imports tensorflow.
        from tensorboard.plugins.custom_scalar import metadata

        values = np.array(layout, dtype=object)
        self._add_tensor(metadata.CONFIG_SUMMARY_TAG, values, metadata.create_summary_metadata())

    def _add_tensor(self, tag: str, values: npt.NDArray[Any], metadata: Any) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.util.tensor_util import make_tensor_proto

        summary = Summary()
        summary.value.add(tag=tag, metadata=metadata, tensor=make_tensor_proto(values))
        self._write(summary=summary)

    def _write(self, step: int = 0, wall_seconds: float | None = None, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        wall_time = self._wall_seconds if wall_seconds is None else wall_seconds
        event = Event(wall_time=wall_time, step=step, **content)
        self._records.write(event.SerializeToString())


@contextmanager
def event_file(folder: Path, wall_seconds: float) -> Iterator[Events]:
    """A new event file in a folder, without tensorboard's writer, which imports tensorflow."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    name = f"events.out.tfevents.{wall_seconds:.0f}.crossprof"
    with (folder / name).open("wb") as file:
        yield Events(RecordWriter(file), wall_seconds)
