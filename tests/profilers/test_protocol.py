import json
import os
from collections.abc import Iterator

import msgspec
import pytest

from profilers import protocol
from profilers.protocol import Channel, Failed, Hello, PhaseBegins, Ready, StepDone, Warned

MESSAGES = [
    Hello("3.11.7", {"torch": "2.13"}, 1),
    Ready("cpu", {}, ["a warning"]),
    PhaseBegins("timed", steps=100),
    StepDone(3, 0.25),
    Warned("careful"),
    Failed("request", "no"),
]


@pytest.fixture
def pipe() -> Iterator[tuple[int, Channel]]:
    read_end, write_end = os.pipe()
    yield read_end, Channel(write_end)
    for end in (read_end, write_end):
        try:
            os.close(end)
        except OSError:
            continue


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_messages_come_through_the_pipe(
    pipe: tuple[int, Channel], message: protocol.Message
) -> None:
    read_end, channel = pipe
    channel.send(message)
    line = os.read(read_end, 4096)
    assert line.endswith(b"\n")
    assert protocol.decode(line) == message


def test_each_line_names_its_event(pipe: tuple[int, Channel]) -> None:
    read_end, channel = pipe
    for message in MESSAGES:
        channel.send(message)
    events = [json.loads(line)["event"] for line in os.read(read_end, 4096).splitlines()]
    assert events == ["hello", "ready", "phase", "step", "warning", "error"]


def test_steps_are_told_at_most_ten_times_a_second(
    pipe: tuple[int, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_end, channel = pipe
    now = 0
    monkeypatch.setattr(protocol.time, "monotonic_ns", lambda: now)
    for done in range(1, 1001):
        now = done * 2_000_000
        channel.step_done(done, 1_500_000)
    told = [protocol.decode(line) for line in os.read(read_end, 1 << 16).splitlines()]
    assert len(told) == 20
    assert told[0] == StepDone(1, 1.5)


def test_a_parent_that_is_gone_ends_the_process(pipe: tuple[int, Channel]) -> None:
    read_end, channel = pipe
    os.close(read_end)
    with pytest.raises(SystemExit):
        channel.send(Warned("to nobody"))


def test_what_is_no_message_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        protocol.decode(b'{"event": "unheard of"}')
