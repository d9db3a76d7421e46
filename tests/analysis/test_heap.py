import ctypes
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from analysis import heap

if sys.argv[1] == "keep":
    heap.keep()

def work():
    columns = [np.ones(100_000) for _ in range(10)]
    return sum(columns)

work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="no such option in this libc")
def test_memory_of_columns_is_used_again() -> None:
    faults = {
        heap: int(subprocess.check_output([sys.executable, "-c", FAULTS, heap]))
        for heap in ("keep", "plain")
    }
    assert faults["keep"] < 100
    assert faults["plain"] > 1000
