import pytest

from analysis.readers.xspace_planes import line_parts, planes
from analysis.readers.xspace_proto import XLine, XSpace


@pytest.mark.parametrize("part_bytes", [1, 40, 10**6])
def test_the_parts_of_a_line_are_its_header_and_all_its_events(part_bytes: int) -> None:
    line = XLine(id=3, name="a thread", display_name="shown", timestamp_ns=8)
    for number in range(30):
        line.events.add(metadata_id=number, offset_ps=number * 1000)
    data = b"before" + line.SerializeToString() + b"behind"
    header, *parts = line_parts(data, 6, len(data) - 6, part_bytes)
    assert (header.id, header.display_name, header.timestamp_ns) == (3, "shown", 8)
    events = [event.metadata_id for part in parts for event in part.events]
    assert events == list(range(30))
    assert (len(parts) == 1) == (part_bytes == 10**6)


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
    (found,) = planes(space.SerializeToString())
    assert (found.number, found.name, len(found.lines)) == (0, "/device:GPU:0", 1)
    assert found.stats == {"vendor": "AMD", "cores": 304}
    assert found.values(plane.stats, {3: "cores"}) == {"cores": 304}
