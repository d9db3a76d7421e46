"""The script for a GPU machine, where there is none: it ends well and says what is missing."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_dry_run_gets_to_its_end(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "OUT": str(tmp_path / "out"),
        "PYTHON": sys.executable,
        "WORKLOADS": "mnist-mlp",
        "ROUNDS": "0",
        "CROSSPROF_CACHE": str(tmp_path / "cache"),
    }
    command = ["bash", str(ROOT / "benchmarks" / "gpu.sh"), "--dry"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    table = (tmp_path / "out" / "table.md").read_text()
    assert "| mnist-mlp | eager | fp32 | 8 |" in table
    assert (tmp_path / "out" / "mnist-mlp-eager-fp32.json.gz").stat().st_size <= 100_000
    with tarfile.open(tmp_path / "out" / "runs.tar.gz") as packed:
        names = packed.getnames()
    assert any(name.endswith("derived/resources.parquet") for name in names)
    assert not any("kineto" in name for name in names)
    assert "not asked for" in (tmp_path / "out" / "notes.txt").read_text()
