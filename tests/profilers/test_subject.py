from collections.abc import Callable
from pathlib import Path

import pytest

from profilers import subject
from profilers.records import Settings
from profilers.rundir import ProfileError
from workloads.own_file import file_sha256


def test_a_file_that_has_changed_since_is_not_run(
    tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    path = tmp_path / "own.py"
    path.write_text('DATA, INPUT_SHAPE, CLASSES = "x", (1,), 2\ndef build_torch(): pass\n')
    settings = make_settings(workload=str(path), workload_sha256=file_sha256(path))
    assert (subject.find(settings).name, settings.workload_name) == ("own", "own")
    path.write_text("raise RuntimeError\n")
    with pytest.raises(ProfileError, match=r"own.py has changed since this run was planned"):
        subject.find(settings)


def test_a_shipped_workload_begins_with_seeded_weights(
    make_settings: Callable[..., Settings],
) -> None:
    workload = subject.find(make_settings())
    values = subject.initial_weights(make_settings(), workload)
    assert values.keys() == workload.parameter_shapes().keys()
