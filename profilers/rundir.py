"""The run directory: which files it has, how they are written and read, and the errors."""

import contextlib
import csv
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from profilers.records import SCHEMA, Mark, Phase, Step

RUN = "run.json"
ENVIRONMENT = "environment.json"
CLOCKS = "clocks.json"
PHASES = "phases.csv"
STEPS = "steps.csv"
MARKS = "marks.csv"
RESOURCES = "resources.csv"
RESOURCES_RECORD = "resources.json"
RESULT = "result.json"
WEIGHTS = "weights.npz"
LOG = "child.log"
RAW = "raw"
TRACE = "trace.json.gz"
TENSORBOARD = "tensorboard"
DERIVED = "derived"
PERFETTO_TRACE = "derived/trace.pftrace.gz"
SUMMARY = "derived/summary.json"
ROUNDS = "rounds.json"
COMPARISON = "compare.json"
REPORT = "report.html"
COMPARE_TRACE = "compare.pftrace.gz"


class ProfileError(Exception):
    """What the user asked for can't be done: one sentence that says what to do. Exit code 2."""

    exit_code = 2


class CheckFailedError(ProfileError):
    """A run or a check failed although the request was sound. Exit code 1."""

    exit_code = 1


def is_comparison(place: Path) -> bool:
    """Whether it is the folder of a comparison: of profile.py, or of `analysis compare`."""
    return any((place / name).is_file() for name in (ROUNDS, COMPARISON))


def new_id(workload: str, framework: str, device: str) -> str:
    """A run's name: UTC time, what ran, and four characters that keep two runs apart."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4))
    return f"{stamp}-{workload}-{framework}-{device.replace(':', '')}-{letters}"


def create(output: Path, name: str, *folders: str) -> Path:
    """Make a new directory for results, and folders in it.

    Raises:
        ProfileError: it can't be made, or is there already.
    """
    made = output / name
    try:
        output.mkdir(parents=True, exist_ok=True)
        made.mkdir()
        for folder in folders:
            (made / folder).mkdir()
    except OSError as error:
        if isinstance(error, FileExistsError) and made.exists():
            message = f"{made} exists already; choose another --name or remove it."
            raise ProfileError(message) from None
        raise ProfileError(
            f"{output} can't be written to ({error.strerror}); choose a folder with --output."
        ) from None
    return made


def write_json(path: Path, record: msgspec.Struct) -> None:
    """Replace a record in one step, so that a reader never sees half of it.

    Raises:
        OSError: it can't be written; nothing is left of it.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


Record = TypeVar("Record", bound=msgspec.Struct)


def read_json(path: Path, record: type[Record]) -> Record:
    """Read a record; a missing, damaged or newer file is a ProfileError that names it."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=record)
    except OSError as error:
        raise ProfileError(
            f"{path} can't be read ({error.strerror}); is {path.parent} a run of profile.py?"
        ) from None
    except msgspec.DecodeError as error:
        raise ProfileError(
            f"{path} is damaged or of another version ({error}); run profile.py again."
        ) from None
    schema = getattr(found, "schema", SCHEMA)
    if schema != SCHEMA:
        raise ProfileError(
            f"{path} is of version {schema}, and {SCHEMA} is read here; run profile.py again."
        )
    return found


Row = TypeVar("Row", Phase, Step, Mark)


def append_rows(path: Path, rows: Iterable[Row], row_type: type[Row]) -> None:
    """Add rows to a CSV by one write, with the header first; a row is whole or absent."""
    lines = [_csv_line(getattr(row, name) for name in row_type.__struct_fields__) for row in rows]
    if not path.exists():
        lines.insert(0, ",".join(row_type.__struct_fields__))
    if not lines:
        return
    data = ("\n".join(lines) + "\n").encode()
    try:
        with open(path, "ab", buffering=0) as file:
            whole = file.write(data) == len(data)
    except OSError as error:
        raise ProfileError(
            f"{path} can't be written ({error.strerror}); make room there."
        ) from None
    if not whole:
        raise ProfileError(f"{path} was written in part only; make room on its disk.")


def _csv_line(values: Iterable[object]) -> str:
    return ",".join("" if value is None else _csv_cell(str(value)) for value in values)


def _csv_cell(text: str) -> str:
    if not any(special in text for special in ',"'):
        return text
    return '"' + text.replace('"', '""') + '"'


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """Read phases.csv, steps.csv or marks.csv; a file that is not there has no rows."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    whole = text[: text.rfind("\n") + 1].splitlines()
    rows = []
    try:
        for cells in csv.DictReader(whole):
            known = {key: value for key, value in cells.items() if value != ""}
            if "profiled" in known:
                known["profiled"] = known["profiled"].lower()
            rows.append(msgspec.convert(known, row_type, strict=False))
    except (msgspec.ValidationError, csv.Error, AttributeError) as error:
        raise ProfileError(
            f"{path} is damaged in line {len(rows) + 2} ({error}); run profile.py again."
        ) from None
    return rows
