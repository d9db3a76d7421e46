import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from profilers.sampling import tree as tree_module
from profilers.sampling.tree import ProcessTree, by_children_files, by_process_table

FAMILY = """
import subprocess, sys, threading
grandchild = "import time; print('up', flush=True); time.sleep(60)"
child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
def start():
    subprocess.run([sys.executable, '-c', child])
threading.Thread(target=start).start()
"""


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process, its child (started by a second thread) and that one's child."""
    process = subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    try:
        yield process
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("descendants", [by_children_files, by_process_table])
def test_whole_family_is_found_parents_first(family, descendants, monkeypatch) -> None:
    if descendants is by_children_files and not os.path.exists(
        f"/proc/self/task/{os.getpid()}/children"
    ):
        pytest.skip("this kernel does not list children")
    tree = ProcessTree()
    monkeypatch.setattr(tree, "_descendants", descendants)
    assert tree.pids == frozenset()
    assert tree.members(0) == []
    tree.watch(family.pid)
    members = tree.members(0)
    assert len(members) == 3
    assert [process.ppid() for process in members[1:]] == [process.pid for process in members[:2]]
    assert tree.pids == {process.pid for process in members}


def test_next_look_waits(family, monkeypatch) -> None:
    looks = []
    tree = ProcessTree()
    monkeypatch.setattr(tree, "_descendants", lambda *_: looks.append(1) or [])
    tree.watch(family.pid)
    for now_ns in range(10**9, 10**9 + 2 * tree_module.RESCAN_NS, tree_module.RESCAN_NS // 10):
        tree.members(now_ns)
    assert len(looks) == 2


def test_kill_ends_group_and_descendants_in_other_sessions() -> None:
    program = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True)\n"
        "print('up', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    tree = ProcessTree()
    tree.watch(process.pid)
    members = tree.members(0)
    assert len(members) == 2
    tree.kill()
    assert process.wait(10) == -9
    end = time.monotonic() + 10
    while psutil.pid_exists(members[1].pid) and members[1].status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.005)
    process.stdout.close()
    tree.kill()


def test_kill_without_a_child_does_nothing() -> None:
    ProcessTree().kill()


def test_process_that_is_gone_already() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    tree = ProcessTree()
    tree.watch(process.pid)
    assert tree.members(0) == []
    assert tree.pids == frozenset()


def test_end_of_the_first_process_is_the_end(family) -> None:
    tree = ProcessTree()
    tree.watch(family.pid)
    root, child, grandchild = tree.members(0)
    tree.forget(grandchild)
    assert tree.pids == {root.pid, child.pid}
    tree.forget(root)
    assert tree.pids == frozenset()
    assert tree.members(10**12) == []
