import csv
import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from profilers import rundir
from profilers.lifeline import PARENT_VARIABLE
from profilers.records import ResourcesRecord, RunRecord
from profilers.sampling import sampler
from profilers.sampling.orders import Orders

PROJECT = Path(sampler.__file__).parents[2]
COMMAND = [sys.executable, "-P", "-m", "profilers.sampling.sampler"]
SLEEP = [sys.executable, "-c", "print(flush=True); input()"]

# Starts a sampler and a child as profile.py does, tells their pids, and waits to be killed.
PARENT = """
import json, os, subprocess, sys
sampler = subprocess.Popen([*sys.argv[2:], sys.argv[1]], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, start_new_session=True)
assert json.loads(sampler.stdout.readline()) == {"ready": True}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                         start_new_session=True)
sampler.stdin.write(b'{"pid": %d}\\n' % child.pid)
sampler.stdin.flush()
print(sampler.pid, child.pid, flush=True)
sys.stdin.read()
"""


def environment():
    own = {key: value for key, value in os.environ.items() if key != PARENT_VARIABLE}
    return own | {"PYTHONPATH": str(PROJECT)}


@pytest.fixture
def start(run):
    started = []

    def starter():
        process = subprocess.Popen(
            [*COMMAND, str(run)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=environment(),
        )
        started.append(process)
        assert process.stdout.readline() == b'{"ready": true}\n'
        return process

    yield starter
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


@pytest.fixture
def child():
    process = subprocess.Popen(
        SLEEP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def tell(process, line):
    process.stdin.write(line + b"\n")
    process.stdin.flush()


def rows_of(run):
    with open(run / rundir.RESOURCES, newline="") as file:
        return list(csv.DictReader(file))


def record_of(run):
    return rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)


def run_record_of(run):
    return rundir.read_json(run / rundir.RUN, RunRecord)


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come true within 20 s"
        time.sleep(0.01)


def is_over(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_whole_recording(run, start, child):
    before_ns = time.time_ns()
    process = start()
    wait_until(lambda: len(rows_of(run)) >= 2)
    tell(process, b'{"pid": %d}' % child.pid)
    wait_until(lambda: any(row["process_count"] == "1" for row in rows_of(run)))
    child.kill()
    child.wait()
    wait_until(lambda: len(rows_of(run)) > 3 and rows_of(run)[-1]["process_count"] == "")
    process.send_signal(signal.SIGINT)  # Ctrl-C is the parent's affair
    tell(process, b'{"stop": true}')
    assert process.wait(20) == 0
    after_ns = time.time_ns()
    assert process.stderr.read() == b""

    rows, record = rows_of(run), record_of(run)
    times_ns = [int(row["time_ns"]) for row in rows]
    slack_ns = 1_000_000
    assert before_ns - slack_ns <= times_ns[0]
    assert times_ns[-1] <= after_ns + slack_ns
    assert times_ns == sorted(times_ns)
    assert rows[0]["process_cpu_time_user_seconds"] == ""
    assert rows[0]["system_memory_used_bytes"] != ""
    assert rows[-1]["system_cpu_time_busy_seconds"] != ""
    assert list(record.units) == list(rows[0])
    assert list(record.units)[:6] == [
        "time_ns",
        "monotonic_ns",
        "sampler_lag_ns",
        "sampler_cost_ns",
        "process_cpu_time_user_seconds",
        "process_cpu_time_system_seconds",
    ]
    assert record.samples == len(rows)
    assert record.ended == "stopped"
    assert record.sample_hz == 50.0
    assert [anchor.label for anchor in record.anchors] == ["start", "end"]
    assert record.limits["cpu_count"] > 0
    assert run_record_of(run).status == "running"


def test_every_row_has_the_time_at_which_it_was_taken(run, monkeypatch, capfd):
    brackets = []

    class Marker(sampler.SystemSource):
        def read(self, now_ns):
            brackets.append(time.time_ns())
            if len(brackets) == 20:
                os.write(writing, b'{"stop": true}\n')
            return super().read(now_ns)

    reading, writing = os.pipe()
    monkeypatch.setattr(sampler, "open_sources", lambda tree: [Marker()])
    begin_ns = time.time_ns()
    assert sampler.record_run(run, 100.0, Orders(reading)) == "stopped"
    os.close(writing)
    times_ns = [int(row["time_ns"]) for row in rows_of(run)]
    slack_ns = 1_000_000
    assert len(times_ns) >= 20
    for time_ns, earliest_ns, latest_ns in zip(
        times_ns, [begin_ns, *brackets], brackets, strict=False
    ):
        assert earliest_ns - slack_ns <= time_ns <= latest_ns + slack_ns


def test_end_of_orders_without_a_stop_closes_the_run(run, start, child):
    process = start()
    tell(process, b'{"pid": %d}' % child.pid)
    process.stdin.close()
    assert process.wait(20) == 0
    assert child.wait(20) == -signal.SIGKILL
    after = run_record_of(run)
    assert after.status == "interrupted"
    assert after.error.kind == "parent-died"
    assert record_of(run).ended == "parent-died"


def test_killed_parent(run):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(run), *COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    pids = [int(word) for word in parent.stdout.readline().split()]
    wait_until(lambda: rows_of(run)[-1:] and rows_of(run)[-1]["process_count"] == "1")
    parent.kill()
    parent.communicate()
    wait_until(lambda: all(is_over(pid) for pid in pids))
    assert run_record_of(run).status == "interrupted"
    assert record_of(run).ended == "parent-died"
    assert record_of(run).samples == len(rows_of(run))


@pytest.mark.parametrize("status", ["complete", "failed", "timed-out"])
def test_run_that_was_closed_already_is_left_as_it_is(run, status):
    record = msgspec.structs.replace(run_record_of(run), status=status)
    rundir.write_json(run / rundir.RUN, record)
    before = (run / rundir.RUN).read_bytes()
    sampler.mark_interrupted(run)
    assert (run / rundir.RUN).read_bytes() == before


def test_sigterm_while_the_parent_lives_ends_only_the_sampler(run, start, child):
    process = start()
    tell(process, b'{"pid": %d}' % child.pid)
    wait_until(lambda: any(row["process_count"] == "1" for row in rows_of(run)))
    process.terminate()
    assert process.wait(20) == 0
    assert child.poll() is None
    assert record_of(run).ended == "terminated"
    assert run_record_of(run).status == "running"


def test_full_disk_ends_the_samples_but_is_no_failure(run, monkeypatch, capfd):
    reading, writing = os.pipe()
    write, rows = os.write, itertools.count()

    def filling(file, content):
        if content[:1].isdigit() and next(rows) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, content)

    monkeypatch.setattr(os, "write", filling)
    assert sampler.record_run(run, 100.0, Orders(reading)) is None
    os.close(writing)
    reason = "resources.csv could not be written (No space left on device)"
    assert record_of(run).ended == reason
    assert record_of(run).samples == len(rows_of(run)) == 3
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert told == [
        {"ready": True},
        {"notice": f"{reason}: CPU, memory and GPU use are missing from then on."},
    ]


@pytest.mark.parametrize("content", [None, b"{", b"{}"])
def test_no_usable_run_is_one_sentence(tmp_path, content):
    if content is not None:
        (tmp_path / rundir.RUN).write_bytes(content)
    done = subprocess.run(
        [*COMMAND, str(tmp_path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"sampler: ")
    assert done.stderr.count(b"\n") == 1


def test_usage(capsys):
    assert sampler.main([]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
