from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling import pressure
from profilers.sampling.pressure import PressureSource

CONTENT = "some avg10=1.50 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 total=9\n"


def test_the_total_is_read_again_and_given_in_seconds(tmp_path: Path) -> None:
    file = tmp_path / "cpu"
    file.write_text(CONTENT.format(2_500_000))
    source = PressureSource(file)
    assert list(source.columns) == ["psi_cpu_some_seconds"]
    assert source.read(0) == [2.5]
    with open(file, "r+") as kernel:
        kernel.write(CONTENT.format(3_500_000))
    assert source.read(1) == [3.5]
    source.close()
    source.close()
    assert source.read(2) == [None]


def test_kernel_without_pressure(tmp_path: Path) -> None:
    source = PressureSource(tmp_path / "cpu")
    assert source.read(0) == [None]
    assert source.capabilities == {"pressure": "this kernel does not report CPU pressure"}


@pytest.mark.parametrize("content", ["", "some", "some total=", "some total=x", "full total=7"])
def test_content_without_a_total_is_no_figure(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cpu"
    file.write_text(content)
    assert PressureSource(file).read(0) == [None]


@given(st.binary(max_size=100))
def test_any_content_is_survived(content: bytes) -> None:
    total = pressure._some_total_seconds(content)
    assert total is None or total >= 0
