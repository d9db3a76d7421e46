import psutil
import pytest

from profilers.sampling.machine import MachineSource

SECOND_NS = 10**9


def test_this_machine_once_a_second() -> None:
    source = MachineSource()
    assert source.counters == [*source.columns][1:]
    first, between, second = (source.read(ns * SECOND_NS // 10) for ns in (10, 11, 20))
    assert set(between) == {None}
    assert first[0] is not None
    for name, before, after in zip(source.columns, first, second, strict=True):
        if name in source.counters and before is not None:
            assert after >= before >= 0


@pytest.mark.parametrize(
    ("found", "reason"),
    [(None, "this machine shows none"), (FileNotFoundError(2, "x"), "not reported by this system")],
)
def test_a_container_without_disks_has_the_rest(
    monkeypatch: pytest.MonkeyPatch, found: OSError | None, reason: str
) -> None:
    def counters(nowrap: bool) -> None:
        if found is not None:
            raise found

    monkeypatch.setattr(psutil, "disk_io_counters", counters)
    source = MachineSource()
    swap, read, written, received, sent = source.read(SECOND_NS)
    assert (read, written) == (None, None)
    assert None not in (swap, received, sent)
    assert source.capabilities["disk"].startswith(reason)
    assert source.capabilities["swap"] == "available"
