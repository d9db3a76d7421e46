"""What a test of the analysis plants in a run: which it is, and the wait for each batch."""

import time
from collections.abc import Iterator
from typing import TypeVar

from workloads.native import AnyWorkload
from workloads.spec import Planted, Workload

T = TypeVar("T")


def of(workload: AnyWorkload) -> Planted:
    """What is planted in the runs of a workload: mostly nothing."""
    planted = workload.planted if isinstance(workload, Workload) else None
    return planted or Planted()


def waiting(fetched: Iterator[T], wait_ms: float) -> Iterator[T]:
    """The same batches, each of which comes so much later; with no wait the iterator itself."""
    return _delayed(fetched, wait_ms / 1e3) if wait_ms else fetched


def _delayed(fetched: Iterator[T], seconds: float) -> Iterator[T]:
    for batch in fetched:
        time.sleep(seconds)
        yield batch
