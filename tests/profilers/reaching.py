"""What the tests of both backends ask of the peaks that are measured with them."""

from typing import Any

import numpy as np

from profilers import peaks
from workloads.weights import fingerprint


def check_peaks(backend: Any) -> None:
    """Both peaks are found without a warning, and the model is as it was."""
    before = fingerprint(backend.weights())
    warnings: list[str] = []
    found = peaks.measure(backend, warnings.append)
    assert found.flops_per_second is not None
    assert found.bytes_per_second is not None
    assert min(found.flops_per_second, found.bytes_per_second) > 1e8
    assert warnings == []
    assert fingerprint(backend.weights()) == before
    assert np.size(np.asarray(backend.copying(4096)())) == 1024
