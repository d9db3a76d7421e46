"""The command as users type it: what it prints, where, and with which exit code."""

import gzip
import hashlib
import json
import os
import re
import struct
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest

from profilers import cli, launch, options, rundir
from profilers.backend import frameworks
from profilers.cli import Document, Made
from profilers.protocol import Ready
from profilers.records import Phase, ResourcesRecord, Result, RunRecord, Step
from profilers.rounds import Rounds
from profilers.rundir import ProfileError
from workloads import flops
from workloads.batches import Batches, BatchOrder
from workloads.catalogue import find_workload
from workloads.data import sources
from workloads.weights import fingerprint, initial_weights

ROOT = Path(__file__).parent.parent.parent
SCHEMA = ROOT / "docs" / "schema" / "profile.json"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def mnist_folder(tmp_path: Path) -> Path:
    """MNIST's four files with 12 training and 5 test images of noise."""
    folder = tmp_path / "digits"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for part, count in (("train", 12), ("t10k", 5)):
        images = generator.integers(0, 256, (count, 28, 28), np.uint8)
        labels = generator.integers(0, 10, count, np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / f"{part}-{name}-ubyte").write_bytes(header + array.tobytes())
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say which framework"),
        (["--framework", "torch", "--workload", "mnist"], "did you mean mnist-mlp?"),
        (["--framework", "torch", "--data", "digit"], "did you mean digits?"),
        (["--framework", "torch", "--workload", "cifar10-cnn3", "--data", "digits"], "or --data"),
        (["--framework", "torch", "--data", "docs"], "docs holds no known data set (expected"),
        (["--framework", "torch", "--data", "README.md"], "README.md is not a folder"),
        (["--framework", "torch", "--data", "cifar10"], "32×32×3; use --workload cifar10-cnn3"),
        (["--framework", "torch", "--download"], "digits can't be had by --download"),
        (["--framework", "torch", "--epochs", "0"], "0 is less than 1"),
        (["--framework", "torch", "--output", "/dev/null/x"], "--output"),
        (["--framework", "torch", "--python", "torch=/nowhere"], "not an executable file"),
    ],
)
def test_a_wrong_request_is_one_sentence_and_leaves_nothing(
    arguments: list[str], words: str, profile_command: Command, tmp_path: Path
) -> None:
    output = [] if "--output" in arguments else ["--output", str(tmp_path / "traces")]
    done = profile_command(*arguments, *output)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert not (tmp_path / "traces").exists()


def test_a_full_disk_is_one_sentence_and_still_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, record: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(launch, "preflight", lambda *_: Ready("cpu", {}, []))
    monkeypatch.setattr(rundir, "write_json", full)
    request = ["--framework", "both", "--quiet", "--json", "--output", str(tmp_path)]
    assert cli.main(request) == 2
    printed = capsys.readouterr()
    assert re.fullmatch(r"error: .*rounds\.json can't be read or written .*\n", printed.err)
    assert "No space left" in json.loads(printed.out)["error"]


def test_a_run_without_a_record_is_left_out_with_a_warning(tmp_path: Path) -> None:
    made = Made()
    plan = SimpleNamespace(data=None, run_count=1)
    made.rounds = Rounds(plan, None)  # type: ignore[arg-type]
    made.rounds.runs.append(tmp_path)
    document = made.document()
    assert document.runs == []
    assert "run.json can't be read" in document.warnings[0]


def test_messages_obey_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    cli._say_error("one\x1b[31m two\nthree \u202e×")
    assert capsys.readouterr().err == "error: one[31m two\nthree ×\n"


def test_an_existing_name_is_refused(profile_command: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    done = profile_command(
        "--framework", "torch", "--output", str(tmp_path), "--name", "taken", "--json"
    )
    assert done.returncode == 2
    assert "taken exists already; choose another --name" in done.stderr
    assert json.loads(done.stdout)["error"] in done.stderr
    jsonschema.validate(json.loads(done.stdout), json.loads(SCHEMA.read_text()))


def test_no_data_are_touched_before_the_framework_is_known_to_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> Ready:
        raise ProfileError("no such device.")

    monkeypatch.setattr(launch, "preflight", broken)
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "prepare", lambda *_: pytest.fail("the data came first"))
    request = ["--framework", "torch", "--data", "mnist", "--download"]
    asked = options.parser(frameworks()).parse_args(
        [*request, "--output", str(tmp_path / "traces")]
    )
    with pytest.raises(ProfileError, match="no such device"):
        cli.profile(asked, Made())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_run_reads_the_files_of_a_folder_and_says_nothing_if_quiet(
    profile_command: Command, tmp_path: Path, mnist_folder: Path
) -> None:
    request = ["--framework", "torch", "--device", "cpu", "--data", str(mnist_folder)]
    request += ["--batch-size", "4", "--steps", "5", "--warmup", "1", "--profile-steps", "1"]
    done = profile_command(*request, "--output", str(tmp_path / "traces"), "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (row,) = json.loads(done.stdout)["runs"]
    assert row["data"] == "mnist"
    record = rundir.read_json(Path(row["path"]) / rundir.RUN, RunRecord)
    assert record.settings.data == str(mnist_folder)
    assert record.data.train_count == 12
    assert str(tmp_path) not in repr(record.data)
    image = mnist_folder / "t10k-images-idx3-ubyte"
    image.write_bytes(image.read_bytes()[:1000])
    done = profile_command(*request, "--output", str(tmp_path / "other"))
    assert done.returncode == 2
    assert "t10k-images-idx3-ubyte ends after 1,000 bytes, inside image 2 of 5" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_a_batch_larger_than_the_data_is_refused(profile_command: Command, tmp_path: Path) -> None:
    request = ["--framework", "torch", "--device", "cpu", "--batch-size", "1438"]
    done = profile_command(*request, "--output", str(tmp_path / "traces"))
    assert done.returncode == 2
    assert "larger than the 1,437 samples" in done.stderr
    assert not (tmp_path / "traces").exists()


@pytest.mark.slow
def test_a_framework_that_is_not_installed_is_answered_with_the_pip_command(
    profile_command: Command, tmp_path: Path
) -> None:
    environment = tmp_path / "bare"
    subprocess.run(["python3", "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    request = ["--framework", "torch", "--python", f"torch={python}"]
    done = profile_command(*request, "--output", str(tmp_path / "traces"))
    assert done.returncode == 2
    assert f"{python} lacks torch>=2.8,<2.14" in done.stderr
    assert f"{python} -m pip install" in done.stderr
    assert not (tmp_path / "traces").exists()


@pytest.mark.slow
def test_a_run_ends_with_its_summary_and_commands(torch_runs: dict[str, dict[str, Any]]) -> None:
    for workload, row in torch_runs.items():
        text = row["stderr"]
        assert f"PyTorch eager trains {workload} at " in text
        view = f"-m analysis view {row['path']}"
        commands = re.sub(r" \\\n +", " ", text)  # a long one is continued on the next line
        assert re.search(rf"{re.escape(view)}$", commands, re.MULTILINE)
        assert commands.endswith((f"{view} --tensorboard\n", " the same with --tensorboard\n"))
        lines = [line for line in text.splitlines() if row["path"] not in line]
        assert max(len(line) for line in lines) <= 100


@pytest.mark.slow
@pytest.mark.parametrize("workload", ["mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"])
def test_the_directory_holds_what_the_format_says(
    workload: str, torch_runs: dict[str, dict[str, Any]]
) -> None:
    run = Path(torch_runs[workload]["path"])
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    result = rundir.read_json(run / rundir.RESULT, Result)
    spec = find_workload(workload)
    assert record.status == "complete"
    assert record.error is None
    assert result.parameters == spec.parameter_count
    assert result.weights_sha256 == fingerprint(initial_weights(spec, seed=0))
    assert result.data_sha256 == record.data.sha256
    phases = [row.phase for row in rundir.read_rows(run / rundir.PHASES, Phase)]
    assert phases == [
        "import",
        "build",
        "data",
        "first_step",
        "warmup",
        "timed",
        "evaluation",
        "profiled",
        "inference",
        "peaks",
    ]
    assert result.peak_flops_per_second > 1e8
    assert result.peak_bytes_per_second > 1e8
    steps = rundir.read_rows(run / rundir.STEPS, Step)
    assert sum(step.phase == "timed" for step in steps) == 100
    assert all(1.6e18 < step.start_ns < 2e18 for step in steps)
    assert all(a.start_ns + a.duration_ns <= b.start_ns for a, b in pairwise(steps))
    assert (run / "raw" / "kineto.json.gz").exists()
    assert rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord).samples > 5


@pytest.mark.slow
def test_the_batches_are_those_of_the_recorded_order(torch_run: Path) -> None:
    result = rundir.read_json(torch_run / rundir.RESULT, Result)
    order = Batches(BatchOrder(1437, 32, seed=0), 0, 100)
    wanted = hashlib.sha256(order.numbers().astype("<i8").tobytes()).hexdigest()
    assert [d.sha256 for d in result.batches if (d.phase, d.steps) == ("timed", 100)] == [wanted]


@pytest.mark.slow
def test_a_tensorflow_run_has_the_weights_batches_and_first_losses_of_a_torch_run(
    torch_run: Path, tensorflow_run: Path
) -> None:
    ours, theirs = (
        rundir.read_json(run / rundir.RESULT, Result) for run in (tensorflow_run, torch_run)
    )
    assert ours.weights_sha256 == theirs.weights_sha256
    assert ours.data_sha256 == theirs.data_sha256
    assert ours.batches == theirs.batches
    losses = [
        [row.loss for row in rundir.read_rows(run / rundir.STEPS, Step) if row.phase == "timed"]
        for run in (tensorflow_run, torch_run)
    ]
    assert losses[0][0] == pytest.approx(losses[1][0], abs=1e-5)
    assert losses[0][99] == pytest.approx(losses[1][99], rel=0.05)


@pytest.mark.slow
def test_the_tracks_do_not_tell_which_framework_ran(torch_run: Path, tensorflow_run: Path) -> None:
    def tracks(run: Path) -> set[str]:
        with gzip.open(run / rundir.TRACE) as file:
            events = json.load(file)["traceEvents"]
        names = {e["args"]["name"] for e in events if e["ph"] == "M" and "name" in e["args"]}
        names = {re.sub("torch|tensorflow", "FRAMEWORK", name) for name in names}
        return {re.sub(r"phase \w+", "phases", name) for name in names}  # a graph's have one each

    common = {"run phases", "steps", "phases", "layers", "FRAMEWORK host", "resources"}
    assert common <= tracks(torch_run) & tracks(tensorflow_run)


@pytest.mark.slow
def test_json_is_as_its_schema_says(torch_runs: dict[str, dict[str, Any]]) -> None:
    rows = [
        {key: value for key, value in row.items() if key != "stderr"} for row in torch_runs.values()
    ]
    document = {"schema": 1, "warnings": [], "runs": rows, "comparisons": [], "error": None}
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    for row in rows:
        assert row["step_ms"]["low"] <= row["step_ms"]["median"] <= row["step_ms"]["high"]
        assert row["step_ms"]["count"] == 100
        assert 0 < row["accuracy"] <= 1
        assert row["overhead_ratio"] > 0.5
        assert row["rss_peak_bytes"] > 50_000_000
        assert row["gpu_percent"] is None
        work = flops.per_step(find_workload(row["workload"]), row["batch_size"], training=True)
        assert row["flops_per_step"] == work
        assert row["flops_per_second"] == pytest.approx(1e3 * work / row["step_ms"]["median"])


def test_the_schema_file_names_every_field_of_the_code() -> None:
    def fields(schema: dict[str, Any]) -> dict[str, set[str]]:
        return {name: set(made["properties"]) for name, made in schema["$defs"].items()}

    assert fields(json.loads(SCHEMA.read_text())) == fields(msgspec.json.schema(Document))


@pytest.mark.slow
def test_repeats_are_runs_of_their_own_and_five_epochs_on_the_digits_reach_92_percent(
    profile_command: Command, tmp_path: Path
) -> None:
    request = ["--framework", "torch", "--device", "cpu", "--epochs", "5", "--threads", "1"]
    done = profile_command(
        *request, "--repeats", "2", "--name", "twice", "--output", str(tmp_path), "--json"
    )
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert [run["id"] for run in runs] == ["twice-1", "twice-2"]
    assert sorted(os.listdir(tmp_path)) == ["twice-1", "twice-2"]
    assert "run 2 of 2" in done.stderr
    for run in runs:
        assert run["accuracy"] >= 0.92
        assert run["step_ms"]["count"] == 5 * (1437 // 32)
