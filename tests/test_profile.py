"""profile.py is a command, and the standard library's `profile` to everyone who imports it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SPAWNED_WORKER = """
import runpy, sys
import torch
from torch.utils.data import DataLoader, TensorDataset

sys.argv = ["profile.py", "--version"]
sys.modules["__main__"].__spec__ = None
sys.modules["__main__"].__file__ = "profile.py"
if __name__ == "__main__":
    loader = DataLoader(
        TensorDataset(torch.arange(8)), num_workers=1, multiprocessing_context="spawn"
    )
    print(sum(int(batch) for (batch,) in loader))
"""
OPTIMISE_AND_COMPILE = """
import torch
print(torch.optim.SGD([torch.zeros(1)], lr=1.0))
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)))
"""


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_cprofile_works_beside_it() -> None:
    done = python("-c", "import cProfile; cProfile.run('sum(range(10))')")
    assert "function calls" in done.stdout, done.stderr


@pytest.mark.parametrize("command", [["profile.py"], ["-m", "analysis"]])
def test_without_its_packages_it_says_so_in_one_sentence(command: list[str]) -> None:
    done = python("-S", *command, "--help")
    assert done.returncode == 2
    assert done.stderr == "error: msgspec is missing: activate .venv, or see README.md.\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"set -o pipefail; {sys.executable} profile.py --list | true"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_a_terminal_without_all_signs_is_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "profile.py", "--list", "--workload", "cifar10-cnn3"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "conv1" in done.stdout


def test_imported_it_is_the_standard_module() -> None:
    done = python("-c", "import profile; print(profile.Profile.__name__, profile.run.__name__)")
    assert done.stdout.split() == ["Profile", "run"], done.stderr


@pytest.mark.slow
def test_a_torch_optimizer_can_be_made_and_torch_compile_works() -> None:
    done = python("-c", OPTIMISE_AND_COMPILE)
    assert "SGD" in done.stdout, done.stderr
    assert "tensor([2.])" in done.stdout, done.stderr


def test_pytest_as_a_module_collects_from_the_root() -> None:
    done = python("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", __file__)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_spawned_worker_imports_it_as_main(tmp_path: Path) -> None:
    script = tmp_path / "with_profile_as_main.py"
    script.write_text(SPAWNED_WORKER)
    done = python(str(script))
    assert done.stdout.strip() == "28", done.stderr


def test_the_command_answers_without_a_framework_or_pandas() -> None:
    watch = (
        "import sys, runpy; sys.argv = ['profile.py', '{}']\n"
        "try: runpy.run_path('profile.py', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {{'torch', 'tensorflow', 'pandas', 'matplotlib', 'sklearn', 'rich'}}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    for option in ("--help", "--list", "--version"):
        done = python("-c", watch.format(option))
        assert done.stderr.strip() == "[]", done.stderr
