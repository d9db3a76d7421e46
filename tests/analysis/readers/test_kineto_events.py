import msgspec
import pytest

from analysis.blocks import Kind
from analysis.readers.kineto_events import (
    Args,
    Event,
    device_of,
    nanoseconds,
    number,
    stream_of,
    text_of,
)


def test_microseconds_become_whole_nanoseconds() -> None:
    values = [0.0, 0.0015, 2.675, 4309152889777.976, 1694039959123457.0, -1.5]
    expected = [0, 2, 2675, 4309152889777976, 1694039959123457000, -1500]
    assert nanoseconds(values).tolist() == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(5, 5), (None, -1), ("5", -1), (5.5, -1), (0, 0), (-7, -7)]
)
def test_only_whole_numbers_are_numbers(value: int | float | str | None, expected: int) -> None:
    assert number(value) == expected


def test_a_name_that_is_no_valid_text_stays_readable() -> None:
    assert text_of(msgspec.Raw(b'"caf\\u00e9"')) == "café"
    assert text_of(msgspec.Raw(b'"a\xffb"')) == '"a\ufffdb"'
    assert text_of(msgspec.Raw(b"3")) == "3"


def test_place_on_a_device_comes_from_the_arguments_else_from_the_track() -> None:
    kernel = Event(cat="kernel", pid=2, tid=7)
    assert (device_of(kernel, Args(device=1), Kind.KERNEL), stream_of(kernel, Args())) == (1, 7)
    assert device_of(kernel, Args(), Kind.KERNEL) == 2
    assert stream_of(kernel, Args(stream=2**40)) == -1
    assert device_of(Event(cat="cpu_op", pid=2), Args(device=1), Kind.OP) == -1
