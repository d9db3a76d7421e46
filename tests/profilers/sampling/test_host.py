import os
import subprocess
import sys
import time
from collections import namedtuple

import psutil
import pytest

from profilers.sampling.host import ProcessSource, SystemSource
from profilers.sampling.tree import ProcessTree

# Burns 0.1 s of CPU time in each of five children, one after the other, and tells what that took.
BUSY_TREE = """
import resource, subprocess, sys, time
burn = "import time\\nwhile time.process_time() < 0.1: pass"
for _ in range(5):
    subprocess.run([sys.executable, "-S", "-c", burn])
print(sum(sum(resource.getrusage(who)[:2])
          for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)), flush=True)
sys.stdin.read()
"""


def source_of(pid: int) -> ProcessSource:
    tree = ProcessTree()
    tree.watch(pid)
    return ProcessSource(tree)


def read(source: ProcessSource | SystemSource) -> dict[str, float | None]:
    values = source.read(time.monotonic_ns())
    return dict(zip(source.columns, values, strict=True))


def test_cpu_time_of_short_lived_children_is_kept() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY_TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    source = source_of(process.pid)
    rows, told = [], b""
    while not told:
        rows.append(read(source))
        time.sleep(0.02)
        told = process.stdout.read() or b""
    rows.append(read(source))
    process.communicate()
    for name in (
        "process_cpu_time_user_seconds",
        "process_cpu_time_system_seconds",
        "process_context_switches",
        "process_io_read_bytes",
        "process_io_write_bytes",
    ):
        column = [row[name] for row in rows]
        assert None not in column
        assert column == sorted(column), name
    last = rows[-1]
    seconds = last["process_cpu_time_user_seconds"] + last["process_cpu_time_system_seconds"]
    tick_seconds = 1 / os.sysconf("SC_CLK_TCK")
    # user and system time of the process and of its five children are each cut to whole ticks
    assert float(told) >= 0.5
    assert seconds == pytest.approx(float(told), abs=12 * tick_seconds)
    assert max(row["process_count"] for row in rows) >= 2


def test_all_cells_are_empty_before_and_after_the_child() -> None:
    source = ProcessSource(ProcessTree())
    assert set(read(source).values()) == {None}
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    source = source_of(process.pid)
    row = read(source)
    assert None not in row.values()
    assert row["process_count"] == 1
    assert row["process_threads"] == 1
    assert row["process_memory_rss_bytes"] > 1_000_000
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, not waited for
    assert set(read(source).values()) == {None}
    process.communicate()
    assert set(read(source).values()) == {None}


def test_context_switches_of_ended_children_stay() -> None:
    sleeper = "import time\nfor _ in range(200): time.sleep(0.0005)\nprint(1, flush=True); input()"
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {sleeper!r}], stdin=subprocess.PIPE)\n"
        "input(); child.communicate(b'x\\n'); print(2, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    source = source_of(process.pid)
    while_alive = read(source)
    process.stdin.write(b"\n")
    process.stdin.flush()
    process.stdout.readline()
    afterwards = read(source)
    process.communicate(b"\n")
    assert while_alive["process_count"] == 2
    assert afterwards["process_count"] == 1
    assert while_alive["process_context_switches"] >= 200
    assert afterwards["process_context_switches"] >= while_alive["process_context_switches"]


def test_counters_that_may_not_be_read_do_not_hide_the_rest(monkeypatch) -> None:
    def denied(self: psutil.Process) -> None:
        raise psutil.AccessDenied(self.pid)

    monkeypatch.setattr(psutil.Process, "io_counters", denied)
    source = source_of(os.getpid())
    row = read(source)
    assert row["process_memory_rss_bytes"] > 0
    assert row["process_io_read_bytes"] is None


def test_busy_time_leaves_out_idle_waiting_and_guests(monkeypatch) -> None:
    times = namedtuple("times", "user nice system idle iowait irq softirq steal guest guest_nice")
    monkeypatch.setattr(psutil, "cpu_times", lambda: times(1, 2, 4, 1000, 2000, 8, 16, 32, 1, 2))
    assert read(SystemSource())["system_cpu_time_busy_seconds"] == 63


def test_the_machine() -> None:
    row = read(SystemSource())
    assert row["system_cpu_time_busy_seconds"] > 0
    assert 0 < row["system_memory_used_bytes"] <= psutil.virtual_memory().total
