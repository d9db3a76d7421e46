"""A run directory as profile.py leaves it before the sampler starts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from profilers import rundir
from profilers.records import RunRecord


@pytest.fixture
def run(tmp_path: Path, make_record: Callable[..., RunRecord]) -> Path:
    rundir.write_json(tmp_path / rundir.RUN, make_record(status="running", sample_hz=50.0))
    return tmp_path
