"""The sampler's figures of a process tree against the kernel's own account of it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.resources import samples
from profilers import rundir
from profilers.sampling.handle import SamplerHandle

pytestmark = pytest.mark.slow

MIB = 1 << 20

# Works for a second, lets 24 workers work for 0.1 s each, some of them with a worker of their own,
# has 300 MiB for a moment that is shorter than the time between two samples, and waits.
BUSY = f"""
import subprocess, sys, time
burn = "import time\\nwhile time.process_time() < 0.1: pass\\n"
nested = burn + f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {{burn!r}}])"
while time.process_time() < 1: pass
for number in range(24):
    program = nested if number % 4 == 0 else burn
    subprocess.run([sys.executable, "-S", "-c", program], check=True)
block = bytearray({300 * MIB})
block[::4096] = b"x" * len(block[::4096])
del block
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def busy(run: Path):
    """(run, resource usage by wait4, VmHWM) of a busy tree that was sampled to its end."""
    sampler = SamplerHandle(run)
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    sampler.watch(process.pid)
    process.stdout.readline()
    time.sleep(1.5)  # the peak is read once a second
    status = Path(f"/proc/{process.pid}/status").read_text()
    sampler.phase_ended("timed")
    time.sleep(0.2)
    process.stdin.close()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    process.stdout.close()
    sampler.stop()
    words = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()
    return run, usage, int(words[1]) * 1024


def test_cpu_seconds_and_peak(busy):
    run, usage, high_water_bytes = busy
    recorded = samples.read(run)
    seconds = recorded.cpu_seconds()
    known = seconds[seconds == seconds]
    assert (known[1:] >= known[:-1]).all()
    assert usage.ru_utime + usage.ru_stime > 3
    assert known[-1] == pytest.approx(usage.ru_utime + usage.ru_stime, rel=0.02)
    peak_bytes = max(value for value in recorded.rss_peak() if value == value)
    assert peak_bytes == pytest.approx(high_water_bytes, rel=0.05)
    assert high_water_bytes > 300 * MIB
    [end] = recorded.record.phase_ends
    assert end.phase == "timed"
    assert end.rss_peak_bytes == high_water_bytes
    assert end.pss_bytes <= end.rss_bytes
    assert (run / rundir.RESOURCES).stat().st_size > 0
