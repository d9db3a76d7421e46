import numpy as np
import pytest

from analysis.readers import xspace_planes
from analysis.readers.xspace_columns import Codes
from analysis.readers.xspace_damage import Damage
from analysis.readers.xspace_events import decode
from analysis.readers.xspace_planes import line_at, planes, scans
from analysis.readers.xspace_proto import XLine, XSpace

NO_STATS = Codes(())


def line(events: int) -> XLine:
    message = XLine(id=-3, name="a thread", display_name="shown", timestamp_ns=8)
    for number in range(events):
        message.events.add(metadata_id=number, offset_ps=number * 1000)
    return message


@pytest.mark.parametrize("part_bytes", [1, 40, 10**6])
def test_the_parts_of_a_line_are_its_header_and_all_its_events(part_bytes: int) -> None:
    data = b"before" + line(30).SerializeToString() + b"behind"
    damage = Damage(len(data))
    found = line_at(data, 6, len(data) - 6, damage, part_bytes)
    header = found.header
    assert (header.id, header.display_name, header.timestamp_ns) == (-3, "shown", 8)
    parts = [decode(*part, NO_STATS).metadata_id for part in scans(data, found)]
    assert np.concatenate(parts).tolist() == list(range(30))
    assert found.count == 30
    assert (len(parts) == 1) == (part_bytes == 10**6)
    assert damage.truncated is None


def test_events_that_are_too_many_to_be_held_are_found_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xspace_planes, "HELD_EVENTS", 10)
    data = line(30).SerializeToString()
    found = line_at(data, 0, len(data), Damage(len(data)), part_bytes=40)
    assert 10 <= sum(map(len, found.found)) < 20
    parts = [decode(*part, NO_STATS).metadata_id for part in scans(data, found)]
    assert np.concatenate(parts).tolist() == list(range(30))


@pytest.mark.parametrize("part_bytes", [1, 40, 10**6])
@pytest.mark.parametrize("ending", ["cut", "garbage"])
def test_what_lies_before_a_break_is_read(part_bytes: int, ending: str) -> None:
    whole = line(30).SerializeToString()
    events = line(30)
    del events.events[20:]
    events.display_name = ""
    begin = events.SerializeToString()
    assert whole.startswith(begin)
    data = whole[: len(begin) + 3] if ending == "cut" else begin + b"\xff" * 40
    damage = Damage(len(data))
    found = line_at(data, 0, len(data), damage, part_bytes)
    assert found.count == 20
    assert damage.truncated == (
        f"it breaks off after {len(data)} bytes"
        if ending == "cut"
        else f"it is damaged at byte {len(begin)}"
    )


def test_a_planes_stats_have_names_and_shared_texts_are_looked_up() -> None:
    space = XSpace()
    plane = space.planes.add(name="/device:GPU:0")
    for number, name in enumerate(("vendor", "AMD", "cores", "unused"), start=1):
        plane.stat_metadata[number].name = name
    plane.stats.add(metadata_id=1, ref_value=2)
    plane.stats.add(metadata_id=3, uint64_value=304)
    plane.stats.add(metadata_id=4)
    plane.stats.add(metadata_id=99, int64_value=1)
    plane.lines.add(id=5)
    data = space.SerializeToString()
    (found,) = planes(data, Damage(len(data)))
    assert (found.number, found.name, len(found.lines)) == (0, "/device:GPU:0", 1)
    assert found.stats == {"vendor": "AMD", "cores": 304}


def test_planes_of_one_name_are_kept_apart() -> None:
    space = XSpace()
    for number in range(3):
        space.planes.add(name="/host:CPU").event_metadata[1].name = f"event {number}"
    data = space.SerializeToString()
    found = list(planes(data, Damage(len(data))))
    assert [plane.number for plane in found] == [0, 1, 2]
    assert [plane.event_names[1] for plane in found] == ["event 0", "event 1", "event 2"]
