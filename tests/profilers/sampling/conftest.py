"""A run directory as profile.py leaves it before the sampler starts."""

from pathlib import Path

import pytest

from profilers import rundir


@pytest.fixture
def run(tmp_path: Path) -> Path:
    settings = rundir.Settings(
        framework="torch",
        workload="mnist-mlp",
        data="digits",
        device="cpu",
        execution="eager",
        batch_size=32,
        warmup=2,
        profile_steps=2,
        optimizer="adam",
        precision="fp32",
        threads=1,
        seed=0,
        sample_hz=50.0,
    )
    data = rundir.DataRecord(
        name="digits",
        description="",
        cache_key="",
        sha256="",
        train_count=1,
        test_count=1,
        input_shape=(64,),
        classes=10,
    )
    record = rundir.RunRecord(
        id="run",
        status="running",
        created_ns=0,
        version="0",
        settings=settings,
        data=data,
        repeat=0,
        repeats=1,
    )
    rundir.write_json(tmp_path / rundir.RUN, record)
    return tmp_path
