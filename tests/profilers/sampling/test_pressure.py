from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling import pressure
from profilers.sampling.pressure import PressureSource

CONTENT = "some avg10=1.50 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 total={}\n"
COLUMNS = [
    "psi_cpu_some_seconds",
    "psi_memory_some_seconds",
    "psi_memory_full_seconds",
    "psi_io_some_seconds",
    "psi_io_full_seconds",
]


def test_the_totals_are_read_again_and_given_in_seconds(tmp_path: Path) -> None:
    for number, name in enumerate(("cpu", "memory", "io"), start=1):
        (tmp_path / name).write_text(CONTENT.format(number * 2_500_000, number * 1_000_000))
    source = PressureSource(tmp_path)
    assert list(source.columns) == list(source.counters) == COLUMNS
    assert source.capabilities == {"pressure": "available"}
    assert source.read(0) == [2.5, 5.0, 2.0, 7.5, 3.0]
    with open(tmp_path / "cpu", "r+") as kernel:
        kernel.write(CONTENT.format(3_500_000, 0))
    assert source.read(1)[0] == 3.5
    source.close()
    source.close()
    assert source.read(2) == [None] * 5


def test_kernel_without_pressure(tmp_path: Path) -> None:
    source = PressureSource(tmp_path)
    assert source.read(0) == [None] * 5
    assert source.capabilities == {
        "pressure": "this kernel does not report cpu pressure",
        "pressure_memory": "this kernel does not report memory pressure",
        "pressure_io": "this kernel does not report io pressure",
    }


def test_one_file_that_is_missing_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "io").write_text(CONTENT.format(4_000_000, 1_000_000))
    assert PressureSource(tmp_path).read(0) == [None, None, None, 4.0, 1.0]


@pytest.mark.parametrize("content", ["", "some", "some total=", "some total=x", "full total=7"])
def test_content_without_a_total_is_no_figure(tmp_path: Path, content: str) -> None:
    (tmp_path / "cpu").write_text(content)
    assert PressureSource(tmp_path).read(0)[0] is None


@given(st.binary(max_size=100))
def test_any_content_is_survived(content: bytes) -> None:
    total = pressure._total_seconds(content, b"some")
    assert total is None or total >= 0
