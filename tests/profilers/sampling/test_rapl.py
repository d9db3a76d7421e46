from pathlib import Path

import pytest

from profilers.sampling import rapl
from profilers.sampling.rapl import RaplSource

RANGE = 1_000_000_000


def zone(folder: Path, path: str, name: str, microjoules: int) -> Path:
    made = folder / path
    made.mkdir()
    (made / "name").write_text(f"{name}\n")
    (made / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (made / "energy_uj").write_text(f"{microjoules:<20}\n")
    return made / "energy_uj"


def put(file: Path, microjoules: int) -> None:
    with open(file, "r+") as kernel:
        kernel.write(f"{microjoules:<20}")


def test_zones_and_their_parts_are_columns_of_their_own(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:1", "package-1", 5)
    package = zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    dram = zone(tmp_path, "intel-rapl:0:1", "dram", 7)
    zone(tmp_path, "intel-rapl:2", "psys", 0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 3)
    (tmp_path / "intel-rapl").mkdir()
    source = RaplSource(tmp_path)
    assert source.columns == {
        "cpu_package0_energy_joules": "joules",
        "cpu_package0_dram_energy_joules": "joules",
        "cpu_package1_energy_joules": "joules",
        "cpu_psys_energy_joules": "joules",
    }
    assert source.counters == list(source.columns)
    assert source.capabilities == {"rapl": "available"}
    put(package, 3_500_000)
    put(dram, 500_007)
    assert source.read(0) == [2.5, 0.5, 0.0, 0.0]
    source.close()
    assert source.read(1) == [None] * 4


def test_a_counter_that_begins_anew_goes_on(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", RANGE - 1_000_000)
    source = RaplSource(tmp_path)
    values = []
    for microjoules in (RANGE - 500_000, 1_500_000, 2_500_000, 500_000):
        put(file, microjoules)
        values += source.read(0)
    assert values == pytest.approx([0.5, 2.5, 3.5, RANGE / 1e6 + 1.5])
    source.close()


def test_most_machines_have_none(tmp_path: Path) -> None:
    source = RaplSource(tmp_path / "absent")
    assert source.columns == {}
    assert source.read(0) == []
    assert source.capabilities == {"rapl": rapl.ABSENT}


def test_most_users_may_not_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 5)

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(rapl.os, "open", denied)
    source = RaplSource(tmp_path)
    assert source.columns == {}
    assert source.capabilities == {"rapl": rapl.DENIED}


@pytest.mark.parametrize("content", ["", "many"])
def test_a_zone_without_a_number_is_left_out(tmp_path: Path, content: str) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 5).write_text(content)
    source = RaplSource(tmp_path)
    assert source.columns == {}
    assert "can't be read" in source.capabilities["rapl"]


def test_a_zone_that_fails_later_is_empty(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", 5)
    source = RaplSource(tmp_path)
    file.write_text("")
    assert source.read(0) == [None]
    assert "can't be read" in source.capabilities["cpu_package0_energy_joules"]


def test_this_machine_answers_or_says_why_not() -> None:
    source = RaplSource()
    assert len(source.read(0)) == len(source.columns)
    assert bool(source.columns) == (source.capabilities["rapl"] == "available")
    source.close()
