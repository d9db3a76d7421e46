"""TensorFlow's profiler around some steps, and how many operations a traced step has."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf

RAW_PROFILE = "tensorflow.xplane.pb"


class Recording:
    """Starts the profiler before the step that has the number 0."""

    def __init__(self, folder: str, first: int) -> None:
        self._folder = folder
        self._index = first
        self._recording = False

    @contextmanager
    def step(self) -> Iterator[None]:
        """A step in a range of its own, which holds the fetching of its batch."""
        with tf.profiler.experimental.Trace("train", step_num=self._index, _r=1):
            yield
            tf.test.experimental.sync_devices()

    def advance(self) -> None:
        """A step is over."""
        self._index += 1
        if self._index == 0:
            tf.profiler.experimental.start(self._folder)
            self._recording = True

    def stop(self) -> None:
        """Write what was recorded."""
        if self._recording:
            tf.profiler.experimental.stop()
            self._recording = False


@contextmanager
def recording(raw: Path, unrecorded: int) -> Iterator[Recording]:
    """A profile at raw/tensorflow.xplane.pb, of the steps after some that are not recorded."""
    with TemporaryDirectory(dir=raw) as folder:
        made = Recording(folder, -unrecorded)
        try:
            yield made
        finally:
            made.stop()
        (profile,) = Path(folder).rglob("*.xplane.pb")
        shutil.move(profile, raw / RAW_PROFILE)


def nodes(traced: Any) -> int:
    """Nodes of a traced function and of all functions that it calls."""
    graph = traced.graph.as_graph_def()
    return len(graph.node) + sum(len(function.node_def) for function in graph.library.function)
