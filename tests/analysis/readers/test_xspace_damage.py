from analysis.readers.wire import Field
from analysis.readers.xspace_damage import Damage, merged, readable_fields
from analysis.readers.xspace_proto import XLine, XPlane


def test_the_first_thing_that_is_wrong_is_said() -> None:
    damage = Damage(1000)
    assert damage.truncated is None
    damage.at(700)
    damage.at(1000)
    assert damage.truncated == "it is damaged at byte 700"
    damage = Damage(1000)
    damage.at(1000)
    assert damage.truncated == "it breaks off after 1,000 bytes"


def test_a_field_that_is_cut_off_ends_where_the_message_does() -> None:
    data = XLine(id=3, name="a thread").SerializeToString()
    damage = Damage(len(data) - 2)
    found = list(readable_fields(data, 0, len(data) - 2, damage))
    assert found == [Field(1, 0, 0, 1, 2), Field(2, 2, 2, 4, len(data) - 2)]
    assert damage.truncated == f"it breaks off after {len(data) - 2} bytes"


def test_fields_end_where_none_begins() -> None:
    data = XLine(id=3).SerializeToString() + b"\xff" * 20
    damage = Damage(len(data))
    assert [field.number for field in readable_fields(data, 0, len(data), damage)] == [1]
    assert damage.truncated == "it is damaged at byte 2"


def test_texts_that_are_no_utf_8_are_mended_and_counted() -> None:
    plane = XPlane(name="plane")
    plane.event_metadata[7].name = "broken text"
    plane.event_metadata[8].name = "whole text"
    parts = [plane.SerializeToString().replace(b"broken", b"br\xffken")]
    damage = Damage(0)
    message = merged(XPlane, parts, damage)
    assert message.event_metadata[7].name == "br\ufffdken text"
    assert message.event_metadata[8].name == "whole text"
    assert (message.name, damage.repaired, damage.truncated) == ("plane", 1, None)


def test_a_field_that_is_no_message_is_left_out() -> None:
    plane = XPlane(name="plane")
    plane.event_metadata[7].name = "text"
    parts = [b"\x22\x02\xff\xff", plane.SerializeToString(), b"\x12\x09cut"]
    message = merged(XPlane, parts, Damage(0))
    assert (message.name, message.event_metadata[7].name) == ("plane", "text")
