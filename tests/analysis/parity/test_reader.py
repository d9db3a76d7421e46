import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.parity import reader
from analysis.parity.certificate import certificate
from profilers import rundir
from profilers.parity_record import PARITY, PARITY_ARRAYS
from profilers.rundir import ProfileError


def test_a_bare_probe_has_no_run(make_probe: Any, make_bound: Any) -> None:
    assert reader.read(make_probe("probe")).run is None
    assert reader.read(make_bound("run")).run is not None


def test_sides_are_told_apart_by_framework_or_place(make_probe: Any) -> None:
    left, right = make_probe("a"), make_probe("b")
    assert reader.read_pair(left, right).names == ("PyTorch left", "PyTorch right")
    other = make_probe("c", framework="tensorflow")
    assert reader.read_pair(left, other).names == ("PyTorch", "TensorFlow")


def test_a_run_without_a_probe(make_run: Any, tmp_path: Path) -> None:
    run = make_run()
    with pytest.raises(ProfileError, match=r"run-1 has no parity certificate.*--parity"):
        reader.read(run)
    with pytest.raises(ProfileError, match=r"is no run of profile.py"):
        reader.read(tmp_path / "nowhere")
    (tmp_path / rundir.ROUNDS).write_text("{}")
    with pytest.raises(ProfileError, match="is a comparison; name two of the runs"):
        reader.read(tmp_path)


def test_large_and_deep_files_are_refused(make_probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = make_probe("probe")
    (probe / PARITY).write_text('{"x": ' + "[" * 200_000)
    with pytest.raises(ProfileError, match="is damaged"):
        reader.read(probe)
    monkeypatch.setattr(reader, "MOST_FILE_BYTES", 100)
    with pytest.raises(ProfileError, match="100 are allowed"):
        reader.read(probe)
    (probe / PARITY_ARRAYS).unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_record_is_a_sentence_or_a_certificate(
    make_probe: Any, data: st.DataObject
) -> None:
    left, right = make_probe.output / "left", make_probe.output / "right"
    if not left.exists():
        make_probe.pair()
        (right / "whole").write_bytes((right / PARITY).read_bytes())
    content = bytearray((right / "whole").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.sampled_from(b'0123456789eE.-"[]{},:nul\xff\x00'))
    (right / PARITY).write_bytes(content[: data.draw(st.integers(len(content) - 3, len(content)))])
    with contextlib.suppress(ProfileError):
        assert certificate(left, right).reason
