from pathlib import Path

import pytest

from analysis.readers.chrome import ChromeTrace
from analysis.readers.json_trace import JsonTrace
from analysis.readers.kineto import KinetoTrace

SLICE = '{"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{}}'


@pytest.mark.parametrize("reader", [KinetoTrace, ChromeTrace])
def test_what_was_lost_is_accounted_for(tmp_path: Path, reader: type[JsonTrace]) -> None:
    path = tmp_path / "trace.json"
    nowhere = SLICE.replace('"ts":1', '"ts":1e300')
    whole = f'{{"traceEvents":[{SLICE},{nowhere},{SLICE}]}}'
    path.write_text(whole)
    trace = reader(path)
    assert sum(len(block) for block in trace.blocks()) == 2  # type: ignore[attr-defined]
    assert trace.dropped == sum(trace.dropped_reasons.values()) == 1
    assert trace.truncated is None
    assert trace.progress() == (len(whole), len(whole))
    path.write_text(whole[:-20])
    cut = reader(path)
    assert sum(len(block) for block in cut.blocks()) == 1  # type: ignore[attr-defined]
    assert cut.truncated is not None
