import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.chrome import ChromeTrace
from analysis.readers.json_trace import JsonTrace
from analysis.readers.kineto import KinetoTrace

SLICE = '{"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{}}'
READERS = pytest.mark.parametrize("reader", [KinetoTrace, ChromeTrace])


def rows(trace: JsonTrace) -> int:
    return sum(len(block) for block in trace.blocks())  # type: ignore[attr-defined]


@READERS
def test_what_was_lost_is_accounted_for(tmp_path: Path, reader: type[JsonTrace]) -> None:
    path = tmp_path / "trace.json"
    nowhere = SLICE.replace('"ts":1', '"ts":1e300')
    whole = f'{{"traceEvents":[{SLICE},{nowhere},{SLICE}]}}'
    path.write_text(whole)
    trace = reader(path)
    assert rows(trace) == 2
    assert trace.dropped == sum(trace.dropped_reasons.values()) == 1
    assert trace.truncated is None
    assert trace.progress() == (len(whole), len(whole))
    path.write_text(whole[:-20])
    cut = reader(path)
    assert rows(cut) == 1
    assert cut.truncated is not None
    path.write_text(whole + whole)
    two = reader(path)
    assert rows(two) == 2
    assert "bytes, which were not read" in two.notes[0]


WRONG = st.sampled_from(
    [None, True, -5, 0.5, 2**70, 1e300, "", "7", "soon", "\ud800", "Spans", [], {}, {"a": []}]
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ph": st.sampled_from("XXXXXiCRP"),
    "cat": st.sampled_from(["cpu_op", "kernel", "python_function", "cpu_instant_event", "Trace"]),
    "name": st.sampled_from(["a", "[memory]", "step:3"]),
    "pid": st.integers(0, 3),
    "tid": st.integers(0, 3),
    "ts": st.floats(0, 1e6),
    "dur": st.floats(0, 1e3),
    "args": st.just({"correlation": 3, "Bytes": 4}),
}
EVENTS = st.fixed_dictionaries(
    {}, optional={key: value | value | value | WRONG for key, value in VALUES.items()}
)


@READERS
@given(
    events=st.lists(EVENTS | EVENTS | WRONG, max_size=8),
    block_bytes=st.sampled_from([50, 1 << 18]),
    memory=st.booleans(),
)
def test_each_element_is_a_row_or_counted(
    tmp_path_factory: pytest.TempPathFactory,
    reader: type[Any],
    events: list[Any],
    block_bytes: int,
    memory: bool,
) -> None:
    path = tmp_path_factory.mktemp("trace") / "trace.json"
    path.write_text(json.dumps({"traceEvents": events}))
    options = {"memory": memory} if reader is KinetoTrace else {}
    trace = reader(path, block_bytes=block_bytes, **options)
    assert rows(trace) + trace.dropped + trace.marks + trace.left_out == len(events)
    assert (trace.truncated, trace.notes) == (None, [])


@READERS
@pytest.mark.parametrize("seed", range(4))
def test_one_wrong_byte_costs_little_and_is_told(
    tmp_path: Path, reader: type[JsonTrace], seed: int
) -> None:
    chance = random.Random(seed)
    path = tmp_path / "trace.json"
    count = 30
    text = f'{{"traceEvents":[{",".join([SLICE] * count)}],"z":[1]}}'.encode()
    first = text.index(b"[") + 1
    for _ in range(100):
        at = chance.randrange(first, len(text))
        byte = bytes(
            [chance.choice(b'\x00\xff"\\{}[],: 9e-') if seed % 2 else chance.randrange(256)]
        )
        if text[at - 1 : at + 1] == b'"X':
            continue
        path.write_bytes(text[:at] + byte + text[at + 1 :])
        trace = reader(path)
        found = rows(trace)
        told = trace.dropped or trace.repaired or trace.truncated or trace.notes
        marks = trace.marks  # type: ignore[attr-defined]
        assert found + marks == count or told, (at, byte)
        assert found >= count - 3 or trace.truncated or trace.notes, (at, byte)
