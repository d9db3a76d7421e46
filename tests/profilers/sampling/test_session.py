import json
import os
from pathlib import Path

import pytest

from profilers import rundir
from profilers.sampling import sampler
from profilers.sampling.orders import Orders
from profilers.sampling.source import Source, Value


class Failing(Source):
    """Reads two times, warns at the first, and fails in a way that it does not foresee."""

    def __init__(self, writing: int) -> None:
        self.columns = {"a_bytes": "bytes", "b_bytes": "bytes"}
        self.capabilities: dict[str, str] = {}
        self.notices: list[str] = []
        self._writing, self._reads = writing, 0

    def read(self, now_ns: int) -> list[Value]:
        self._reads += 1
        self.notices = ["something is lost."]
        if self._reads == 3:
            raise KeyError("x")
        return [self._reads, 7]


class Last(Source):
    """Ends the recording after five readings."""

    def __init__(self, writing: int) -> None:
        self.columns = {"c_bytes": "bytes"}
        self.capabilities: dict[str, str] = {}
        self._writing, self._reads = writing, 0

    def read(self, now_ns: int) -> list[Value]:
        self._reads += 1
        if self._reads == 5:
            os.write(self._writing, b'{"stop": true}\n')
        return [self._reads]


def test_a_source_that_fails_costs_no_other_and_is_told_once(
    run: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    sources = [Failing(writing), Last(writing)]
    monkeypatch.setattr(sampler, "open_sources", lambda tree: sources)
    assert sampler.record_run(run, 100.0, Orders(reading)) == "stopped"
    os.close(writing)
    lines = (run / rundir.RESOURCES).read_text().splitlines()
    cells = [line.split(",")[4:7] for line in lines[1:6]]
    assert cells == [["1", "7", "1"], ["2", "7", "2"], *(["", "", str(n)] for n in (3, 4, 5))]
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert told == [
        {"ready": True},
        {"notice": "something is lost."},
        {"notice": "the sampler's Failing figures ended (KeyError('x'))."},
    ]
