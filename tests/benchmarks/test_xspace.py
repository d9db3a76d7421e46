"""Tests of benchmarks.xspace: what is measured converts a whole trace; the line has medians."""

from pathlib import Path

from benchmarks import xspace
from benchmarks.reader_cost import Cost

TRACE = Path(__file__).parents[1] / "data" / "kineto" / "a100-simple-add.json.gz"


def test_what_is_measured_converts_the_trace(tmp_path: Path) -> None:
    cost, printed = xspace.run(xspace.commands(TRACE, tmp_path / "x.pb")["convert"])
    assert int(printed) == 837
    assert cost.cpu_s > 0
    assert (tmp_path / "x.pb").stat().st_size > 10_000


def test_the_line_has_medians_and_the_ratio_of_each_round() -> None:
    def costs(read_s: float, convert_s: float) -> dict[str, Cost]:
        each = {"read": read_s, "convert": convert_s}
        return {name: Cost(cpu_s, 0.0, 10**6, None, None) for name, cpu_s in each.items()}

    rounds = [costs(1.0, 2.0), costs(2.0, 3.0), costs(4.0, 20.0)]
    text = xspace.line(TRACE, rounds, 837, 10**6)
    assert "CPU 2.00 s to read, 3.00 s to convert, 2.00 times; at most 1 and 1 MB" in text
