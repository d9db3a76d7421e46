import os
import signal
import sys
import time

import pytest

from benchmarks.reader_cost import Cost, Failure, Limits, measure

MEGABYTE = 1_000_000
LIMITS = Limits(wall_s=60, rss_bytes=10_000 * MEGABYTE)

BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"
HOLD = "import time; text = b'x' * {count}; time.sleep(0.2)\n"


@pytest.fixture
def run(tmp_path):
    def call(program, limits=LIMITS):
        return measure([sys.executable, "-c", program], dict(os.environ), limits, tmp_path)

    return call


def test_cpu_time_is_that_of_the_process_and_its_children(run):
    burn = BURN.format(seconds=0.3)
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\n"
    cost, _ = run(burn + child)
    assert 0.6 <= cost.cpu_s < 2
    assert cost.wall_s >= 0.6


def test_sleeping_costs_wall_time_only(run):
    cost, _ = run("import time; time.sleep(0.5)")
    assert cost.wall_s >= 0.5
    assert cost.cpu_s < 0.4


def test_the_peak_holds_what_was_in_memory(run):
    (small, _), (large, _) = run(HOLD.format(count=1)), run(HOLD.format(count=200 * MEGABYTE))
    assert small.rss_peak_bytes < 200 * MEGABYTE < large.rss_peak_bytes < 230 * MEGABYTE
    assert 190 < (large.anonymous_bytes - small.anonymous_bytes) / MEGABYTE < 230


def test_mapped_pages_are_told_apart_from_memory_of_its_own(run, tmp_path):
    (tmp_path / "mapped").write_bytes(bytes(100 * MEGABYTE))
    walk = (
        "import mmap, time\n"
        "file = open('mapped', 'rb')\n"
        "data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "sum(data[::4096]); time.sleep(0.2)\n"
    )
    (plain, _), (mapping, _) = run(HOLD.format(count=1)), run(walk)
    assert (mapping.mapped_bytes - plain.mapped_bytes) / MEGABYTE > 90
    assert abs(mapping.anonymous_bytes - plain.anonymous_bytes) / MEGABYTE < 20


def test_what_it_printed_comes_back(run):
    cost, printed = run("print('42')")
    assert isinstance(cost, Cost)
    assert printed == "42\n"


def test_a_failure_has_the_last_thing_it_said(run):
    failure = run("import sys; print('first', file=sys.stderr); sys.exit('no such trace')")
    assert failure == Failure("exit 1: no such trace")


def test_a_signal_is_named(run):
    assert run("import os; os.kill(os.getpid(), 9)") == Failure("signal 9: it said nothing")


def test_what_takes_too_long_is_stopped_with_its_children(run, tmp_path):
    child = "import time; time.sleep(2); open('late', 'w')"
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])\n"
    failure = run(program, Limits(wall_s=1, rss_bytes=10_000 * MEGABYTE))
    assert failure == Failure("stopped after 1 s")
    time.sleep(1.5)
    assert not (tmp_path / "late").exists()


def test_what_takes_too_much_memory_is_stopped(run):
    failure = run(HOLD.format(count=400 * MEGABYTE), Limits(60, 200 * MEGABYTE))
    assert failure.reason.startswith("stopped at 0.")


def test_nothing_is_left_running_when_the_measuring_is_interrupted(run, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            run("import time; time.sleep(1.5); open('late', 'w')")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    time.sleep(1.5)
    assert not (tmp_path / "late").exists()


def test_a_command_that_is_not_there_is_a_failure(tmp_path):
    failure = measure([str(tmp_path / "none")], {}, LIMITS, tmp_path)
    assert "can't be started" in failure.reason
