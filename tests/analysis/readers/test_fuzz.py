"""Real traces, broken in many ways: a reader uses what is left and says what is not."""

import gzip
import io
import json
import os
import random
from pathlib import Path
from typing import get_args

import pytest

from analysis.exporters import tables
from analysis.groups import gather
from analysis.ops.command import document
from analysis.ops.table import Grouping, Table
from analysis.ops.text import lines
from analysis.partition.make import partition_of
from analysis.readers.registry import open_trace
from profilers.rundir import ProfileError

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "data"
TRACES = (
    *("mi250-minitoy", "cpu-only-gloo", "mi300-torch-compile-triton", "a100-triton-example"),
    "h100-bert-small",  # Python frames and allocations
)
KEPT = {"h100-bert-small": 11}
"""Of a trace far larger than the others one event of so many, spread over all of it."""
BETWEEN = b"\n    },\n    {\n"
ROUNDS = int(os.environ.get("CROSSPROF_FUZZ_ROUNDS", "60"))
PIECES = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"NaN", b"-1", b"1e400"),
    *(b"9" * 30, b"\xff\xfe", b"\x00", b'"ph": "B"', b'"ts": "x"', b'"dur": -5', b"},{"),
    *(b'"pid": "a"', b'"name": 5', b'"traceEvents": [', b'"args": 3', b'"args": null'),
    *(b"\\ud800", b"\\q", b"]}", b"\xef\xbb\xbf", b" " * 3000, b'"baseTimeNanoseconds": 7,'),
)


def whole(name: str) -> bytes:
    """The text of a trace as torch wrote it."""
    text = gzip.decompress((DATA / "kineto" / f"{name}.json.gz").read_bytes())
    if name not in KEPT:
        return text
    first, *others, last = text.split(BETWEEN)
    return BETWEEN.join((first, *others[:: KEPT[name]], last))


def broken(text: bytes, chance: random.Random) -> bytes:
    """The text with a few places cut out, doubled, overwritten or filled in, maybe cut off."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) or 1)
        size = chance.choice((1, 1, 2, 10, 300))
        match chance.randrange(5):
            case 0:
                text = text[:at] + text[at + size :]
            case 1:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + text[at : at + size] + text[at:]
            case 3:
                text = text[:at] + bytes(chance.randrange(256) for _ in range(size)) + text[at:]
            case 4:
                text = text[:at] + chance.choice(PIECES) + text[at + size :]
    return text[: chance.randrange(len(text) + 1)] if chance.random() < 0.2 else text


def use(path: Path, memory: bool = False) -> None:
    """Read it and write every table in every form; only one kind of error may come out."""
    sentence = ""
    try:
        table = Table(gather(open_trace(path, memory=memory)))
    except ProfileError as error:
        sentence = str(error)
    assert "\n" not in sentence
    if sentence:
        return
    for by in get_args(Grouping):
        for line in lines(table, by, path.name, 50):
            assert line.text.isprintable()
        assert json.loads(document(table, by))["coverage"]["events"] == table.coverage().events
        tables.write_csv(table.rows(by), io.StringIO())
    found = partition_of(open_trace(path, host=True))
    whole_ns = {"host": found.steps_ns, "device": found.device_ns}
    for part in found.parts:
        whole_ns[part.budget] -= part.time_ns
    assert whole_ns == {"host": 0, "device": 0}


@pytest.mark.parametrize("own", [True, False], ids=["torch", "any writer"])
@pytest.mark.parametrize("name", TRACES)
def test_broken_json_ends_in_tables_or_in_one_sentence(
    tmp_path: Path, name: str, own: bool
) -> None:
    text = whole(name)
    if not own:  # without what tells it from other Chrome traces
        text = b'{"traceEvents"' + text.partition(b'"traceEvents"')[2].replace(b'"cat"', b'"c"')
    for seed in range(ROUNDS):
        chance = random.Random(f"{name} {seed}")
        path = tmp_path / "trace.json"
        path.write_bytes(broken(text, chance))
        use(path, memory=seed % 2 == 0)


def test_broken_profiles_of_onnx_runtime(tmp_path: Path) -> None:
    def event(category: str, name: str, **args: object) -> dict[str, object]:
        return {"cat": category, "pid": 5, "tid": 6, "ph": "X", "dur": 3, "ts": 9, "name": name} | {
            "args": args
        }

    shapes = [{"float": [32, 784]}, {"float": [64]}]
    events = [
        event("Session", "model_run"),
        event("Node", "/fc1/Gemm_kernel_time", op_name="Gemm", input_type_shape=shapes),
        event("Kernel", "gemm", stream="7"),
    ]
    text = json.dumps(events * 10).encode()
    for seed in range(ROUNDS):
        path = tmp_path / "onnxruntime_profile.json"
        path.write_bytes(broken(text, random.Random(seed)))
        use(path)


def test_folders_of_broken_files(tmp_path: Path) -> None:
    text = whole("mi250-minitoy")
    for seed in range(ROUNDS // 3):
        chance = random.Random(seed)
        for rank in range(3):
            content = broken(text, chance) if chance.random() < 0.7 else text
            packed = gzip.compress(content)
            path = tmp_path / f"rank{rank}.json.gz"
            path.write_bytes(broken(packed, chance) if chance.random() < 0.3 else packed)
        use(tmp_path)


def test_broken_gzip(tmp_path: Path) -> None:
    packed = (DATA / "kineto" / "mi250-minitoy.json.gz").read_bytes()
    for seed in range(ROUNDS // 2):
        path = tmp_path / "trace.json.gz"
        path.write_bytes(broken(packed, random.Random(seed)))
        use(path)


def test_broken_xspaces(tmp_path: Path) -> None:
    profile = (DATA / "xspace" / "tensorflow-function.xplane.pb").read_bytes()
    for seed in range(ROUNDS // 3):
        path = tmp_path / "trace.xplane.pb"
        path.write_bytes(broken(profile, random.Random(seed)))
        use(path)
