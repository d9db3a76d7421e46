"""Real traces, broken in many ways: a reader uses what is left and says what is not."""

import gzip
import os
import random
from pathlib import Path

import pytest

from analysis.groups import gather
from analysis.ops import Table
from analysis.readers.registry import open_trace
from profilers.rundir import ProfileError

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "data"
TRACES = ("mi250-minitoy", "cpu-only-gloo", "mi300-torch-compile-triton", "a100-triton-example")
ROUNDS = int(os.environ.get("CROSSPROF_FUZZ_ROUNDS", "60"))
PIECES = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"NaN", b"-1", b"1e400"),
    *(b"9" * 30, b"\xff\xfe", b"\x00", b'"ph": "B"', b'"ts": "x"', b'"dur": -5', b"},{"),
    *(b'"pid": "a"', b'"name": 5', b'"traceEvents": [', b'"args": 3', b'"args": null'),
)


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


def use(path: Path) -> None:
    """Read it and make every table; only one kind of error may come out."""
    sentence = ""
    try:
        table = Table(gather(open_trace(path)))
    except ProfileError as error:
        sentence = str(error)
    assert "\n" not in sentence
    if sentence:
        return
    for by in ("op", "layer", "phase", "kernel", "step", "category"):
        table.rows(by)  # type: ignore[arg-type]
    table.coverage()


@pytest.mark.parametrize("own", [True, False], ids=["torch", "any writer"])
@pytest.mark.parametrize("name", TRACES)
def test_broken_json_ends_in_tables_or_in_one_sentence(
    tmp_path: Path, name: str, own: bool
) -> None:
    text = gzip.decompress((DATA / "kineto" / f"{name}.json.gz").read_bytes())
    if not own:  # without what tells it from other Chrome traces
        text = b'{"traceEvents"' + text.partition(b'"traceEvents"')[2].replace(b'"cat"', b'"c"')
    for seed in range(ROUNDS):
        chance = random.Random(f"{name} {seed}")
        path = tmp_path / "trace.json"
        path.write_bytes(broken(text, chance))
        use(path)


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
