"""The parity probes of a command: found in the cache, or made by a process for each framework."""

import contextlib
import functools
import hashlib
import os
import platform
import secrets
import shutil
import tempfile
import time
from pathlib import Path

import msgspec

from profilers import environment, launch, rundir, subject
from profilers.interpreters import ROOT
from profilers.launch import POLL_SECONDS, Child
from profilers.parity_record import PARITY, PARITY_ARRAYS, ParityRecord
from profilers.plan import Side
from profilers.probe_request import REQUEST, ProbeRequest
from profilers.progress import Progress
from profilers.protocol import Failed
from profilers.records import DataRecord, Settings
from profilers.rundir import CheckFailedError, ProfileError
from workloads.data import cache
from workloads.native import NativeWorkload
from workloads.spec import WorkloadError

FOLDER = "probes"
KEPT = 16
MOST_SECONDS = 300.0
"""After so long a probe hangs; `--timeout` may be shorter."""
THIS_COMMAND = secrets.token_hex(8)
KEY_SETTINGS = (
    "workload",
    "model",
    "options",
    "device",
    "batch_size",
    "optimizer",
    "optimizer_parity",
    "precision",
    "threads",
    "seed",
)


class ProbeFailedError(CheckFailedError):
    """A model could not be probed; that says nothing of whether it can be run."""


def request(side: Side, data: DataRecord) -> ProbeRequest:
    """What the probe of a side is asked for: in plain execution, by all that its result depends on.

    How long and how often a side is run, and in which execution, is no part of the key.
    """
    settings = side.settings
    known = {name: getattr(settings, name) for name in KEY_SETTINGS}
    workload = subject.find(settings)
    recipe = [
        _code_sha256(),
        side.framework.name,
        sorted(side.versions.items()),
        platform.node(),
        sorted(environment.relevant_variables().items()),
        workload.sha256,
        # What else a user's own file imports is not known, so its probe serves one command.
        THIS_COMMAND if isinstance(workload, NativeWorkload) else None,
        _weights(settings),
        data.sha256,
        sorted(known.items()),
    ]
    key = hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()[:16]
    return ProbeRequest(
        key=f"{settings.workload_name}-{side.framework.name}-{key}",
        settings=msgspec.structs.replace(
            settings,
            execution=side.framework.executions[0],
            mode="train",
            loader="preloaded",
            loader_workers=0,
        ),
        data=data,
    )


@functools.cache
def _code_sha256() -> str:
    """The content of all that makes a probe: another version of it might find something else."""
    digest = hashlib.sha256()
    for package in ("profilers", "workloads"):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(f"{path.relative_to(ROOT)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _weights(settings: Settings) -> str | None:
    """The content of the weights that a side begins with; None where they come from the seed."""
    if settings.weights_from is None:
        return None
    with open(Path(settings.weights_from) / rundir.WEIGHTS, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(asked: ProbeRequest) -> Path | None:
    """The folder of a probe that was made before, or None."""
    made = _place(asked)
    try:
        whole = rundir.read_json(made / PARITY, ParityRecord).key == asked.key
    except ProfileError:
        return None
    return made if whole and (made / PARITY_ARRAYS).is_file() else None


def _place(asked: ProbeRequest) -> Path:
    return cache.folder() / FOLDER / asked.key


def make(side: Side, asked: ProbeRequest, progress: Progress) -> Path:
    """The folder of the probe, made if it isn't there yet.

    Raises:
        ProbeFailedError: it can't be made.
    """
    made = find(asked)
    if made is not None:
        with contextlib.suppress(OSError):  # it may be another user's
            os.utime(made)
        return made
    target = _place(asked)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{asked.key}-", dir=target.parent))
    except OSError as error:
        raise ProbeFailedError(
            f"{target.parent} can't be written to ({error.strerror}); name another folder in "
            "CROSSPROF_CACHE"
        ) from None
    try:
        rundir.write_json(building / REQUEST, asked)
        _Probe(side, building, progress).run()
        _keep(building, target)
    except OSError as error:
        raise ProbeFailedError(f"{target} can't be written ({error.strerror})") from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def _keep(building: Path, target: Path) -> None:
    """Move what was made into its place, and remove the oldest where there are too many."""
    for name in (REQUEST, rundir.LOG):
        (building / name).unlink()
    building.chmod(0o755)
    shutil.rmtree(target, ignore_errors=True)
    building.rename(target)
    others = [each for each in target.parent.iterdir() if each != target and each.name[0] != "."]
    others.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    for old in others[KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def attach(probe: Path, run: Path) -> None:
    """Put a probe into the directory of a run."""
    for name in (PARITY_ARRAYS, PARITY):
        try:
            os.link(probe / name, run / name)
        except OSError:  # another file system, or one without links
            shutil.copyfile(probe / name, run / name)


class _Probe:
    """A process that probes one model into a folder."""

    def __init__(self, side: Side, folder: Path, progress: Progress) -> None:
        self._side, self._folder, self._progress = side, folder, progress
        self._problem: str | None = None

    def run(self) -> None:
        """Run to the end; afterwards no process of it is left."""
        with open(self._folder / rundir.LOG, "ab") as log:
            threads = self._side.settings.threads
            module, folder = "profilers.probe", str(self._folder)
            child = launch.start(self._side.interpreter, module, folder, threads, log)
        try:
            self._watch(child)
        finally:
            child.end()

    def _watch(self, child: Child) -> None:
        seconds = min(self._side.settings.timeout_seconds or MOST_SECONDS, MOST_SECONDS)
        deadline = time.monotonic() + seconds
        try:
            while (messages := child.messages(POLL_SECONDS)) is not None:
                for message in messages:
                    if isinstance(message, Failed):
                        self._problem = message.message
                    self._progress.message(message)
                self._progress.tick()
                if time.monotonic() > deadline:
                    child.ask_to_end()
                    raise self._failure(f"it was stopped after {seconds:g} s")
            code = child.process.wait()
        except KeyboardInterrupt:
            child.ask_to_end()
            raise
        if code or not (self._folder / PARITY).exists():
            raise self._failure(self._problem or launch.ending(code, "in the probe"))

    def _failure(self, reason: str) -> ProbeFailedError:
        return ProbeFailedError(f"{reason.rstrip('.')}.{launch.log_tail(self._folder)}")


def to_make(sides: list[Side], data: DataRecord) -> int:
    """How many of these sides' probes are not in the cache yet."""
    asked = {}
    for side in sides:
        with contextlib.suppress(OSError, WorkloadError):
            each = request(side, data)
            asked[each.key] = each
    return sum(find(each) is None for each in asked.values())
