"""What a measured process tells its parent: JSON lines on an inherited pipe, never on stdout."""

import os
import time

import msgspec

PIPE_VARIABLE = "CROSSPROF_PIPE"
STEP_INTERVAL_NS = 100_000_000


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="event"):
    """The process is up; which software it has."""

    python: str
    versions: dict[str, str]
    schema: int


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="event"):
    """A preflight passed; `device` is the one that will be used."""

    device: str
    versions: dict[str, str]
    warnings: list[str] = []


class PhaseBegins(msgspec.Struct, frozen=True, tag="phase", tag_field="event"):
    """A phase begins; `steps` and `seconds` are what it will take, where that is known."""

    phase: str
    steps: int | None = None
    seconds: float | None = None


class PhaseEnds(msgspec.Struct, frozen=True, tag="phase_end", tag_field="event"):
    """A phase has just ended, in whatever way."""

    phase: str


class StepDone(msgspec.Struct, frozen=True, tag="step", tag_field="event"):
    """`done` steps of the phase are over; at most ten of these a second."""

    done: int
    step_ms: float


class Warned(msgspec.Struct, frozen=True, tag="warning", tag_field="event"):
    """Something the user should know; the run goes on."""

    message: str


class Failed(msgspec.Struct, frozen=True, tag="error", tag_field="event"):
    """Why the process ends; kind "request" means that the user asked for what can't be done.

    `install` is the command that would install what is missing.
    """

    kind: str
    message: str
    install: str | None = None


Message = Hello | Ready | PhaseBegins | PhaseEnds | StepDone | Warned | Failed

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(line: bytes) -> Message:
    """One line of the pipe; msgspec.DecodeError if it is none."""
    return _decoder.decode(line)


class Channel:
    """The child's end of the pipe. A parent that is gone ends the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._next_step_ns = 0

    @classmethod
    def inherited(cls) -> "Channel":
        """The pipe whose descriptor the parent put into the environment."""
        descriptor = int(os.environ[PIPE_VARIABLE])
        os.set_inheritable(descriptor, False)
        return cls(descriptor)

    def send(self, message: Message) -> None:
        """Write one line; a closed pipe raises SystemExit."""
        try:
            os.write(self._descriptor, msgspec.json.encode(message) + b"\n")
        except BrokenPipeError:
            raise SystemExit(1) from None

    def step_done(self, done: int, step_ns: int) -> None:
        """Tell of progress, unless that was done within the last tenth of a second."""
        now = time.monotonic_ns()
        if now >= self._next_step_ns:
            self._next_step_ns = now + STEP_INTERVAL_NS
            self.send(StepDone(done, step_ns / 1e6))
