"""Builds a user's model under one framework, and tells the parent what it is made of."""

import importlib
import sys
from pathlib import Path

import msgspec
import numpy as np

from profilers import subject
from profilers.process import guarded
from profilers.protocol import Channel, Ready
from profilers.records import Settings
from workloads.data import cache
from workloads.native import NativeWorkload

SAMPLES = 2
DESCRIPTION, VALUES = "description.json", "values.npz"


class Request(msgspec.Struct, frozen=True):
    """What is to be described, the data that it is run on, and the folder for what was found."""

    settings: Settings
    cache_key: str
    folder: str


def main() -> int:
    """Answer the request in the only argument: files in its folder, then a word on the pipe."""
    request = msgspec.json.decode(sys.argv[1], type=Request)
    return guarded(lambda channel: _describe(request, channel))


def _describe(request: Request, channel: Channel) -> None:
    settings = request.settings
    workload = subject.find(settings)
    assert isinstance(workload, NativeWorkload)
    samples = cache.load(request.cache_key)
    inputs = [np.asarray(each[:SAMPLES]) for each in cache.inputs(samples, "test")]
    labels = np.asarray(samples["test_labels"][:SAMPLES])
    framework = importlib.import_module(f"profilers.{settings.framework}_native")
    description, values = framework.describe(workload, inputs, labels, settings.seed)
    folder = Path(request.folder)
    np.savez(folder / VALUES, **values)
    (folder / DESCRIPTION).write_bytes(msgspec.json.encode(description))
    channel.send(Ready("cpu", {}))


if __name__ == "__main__":
    sys.exit(main())
