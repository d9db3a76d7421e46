"""Event files as TensorBoard's own code reads them."""

from pathlib import Path
from typing import Any


def read_back(folder: Path) -> Any:
    """All that the event files in a folder hold."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def scalars(events: Any, tag: str) -> list[tuple[int, float, float]]:
    """Step, wall time and value of each point of a curve."""
    return [(e.step, e.wall_time, float(e.tensor_proto.float_val[0])) for e in events.Tensors(tag)]


def text(events: Any, tag: str) -> str:
    """The Markdown of a text."""
    [event] = events.Tensors(tag)
    found: str = event.tensor_proto.string_val[0].decode()
    return found


def plugin_context(logdir: Path) -> Any:
    """What TensorBoard's plugins read the runs below a folder through."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.plugins.base_plugin import TBContext

    multiplexer = EventMultiplexer(tensor_size_guidance={"tensors": 0})
    multiplexer.AddRunsFromDirectory(str(logdir))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(logdir))
    return TBContext(logdir=str(logdir), data_provider=provider, plugin_name_to_instance={})
