import gzip
import json
import sys
from pathlib import Path

from analysis.groups import gather
from analysis.ops import Table
from analysis.readers.registry import open_trace

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import make_traces  # noqa: E402

SOURCE = ROOT / "tests" / "data" / "kineto" / "mi250-minitoy.json.gz"


def test_a_repeated_trace_is_a_longer_recording(tmp_path: Path) -> None:
    path = tmp_path / "big.json.gz"
    repeats = make_traces.write(SOURCE, 300_000, path)
    assert repeats > 3
    text = gzip.decompress(path.read_bytes())
    assert len(text) >= 300_000
    assert len(json.loads(text)["traceEvents"]) == 220 * repeats
    one, many = (Table(gather(open_trace(each))) for each in (SOURCE, path))
    assert many.coverage().steps == 2 * repeats
    assert many.busy_ns == {device: repeats * ns for device, ns in one.busy_ns.items()}
    assert many.coverage().linked == repeats * one.coverage().linked
    sums = {row.key: (row.count * repeats, row.self_ns * repeats) for row in one.rows("op")}
    assert {row.key: (row.count, row.self_ns) for row in many.rows("op")} == sums
