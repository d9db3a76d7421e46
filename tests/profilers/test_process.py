import os
from collections.abc import Callable
from typing import NoReturn

import pytest

from profilers import lifeline, process, protocol
from profilers.protocol import Channel, Failed
from profilers.rundir import ProfileError
from workloads.spec import WorkloadError

Guarded = Callable[[Exception | BaseException], tuple[int, bytes]]


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Guarded:
    """Runs work that raises; gives the exit code and what went through the pipe."""

    def run(error: Exception | BaseException) -> tuple[int, bytes]:
        read_end, write_end = os.pipe()
        monkeypatch.setenv(protocol.PIPE_VARIABLE, str(write_end))
        monkeypatch.setattr(lifeline, "end_with_parent", lambda by: None)
        monkeypatch.setattr(process.signal, "signal", lambda *_: None)

        def work(channel: Channel) -> NoReturn:
            raise error

        code = process.guarded(work)
        os.close(write_end)
        said = os.read(read_end, 4096)
        os.close(read_end)
        return code, said

    return run


@pytest.mark.parametrize("error", [ProfileError("do this"), WorkloadError("do this")])
def test_what_the_user_asked_wrongly_is_a_request(guarded: Guarded, error: Exception) -> None:
    code, said = guarded(error)
    assert code == 2
    assert protocol.decode(said) == Failed("request", "do this")


def test_a_crash_is_one_sentence_and_its_traceback_goes_to_the_log(
    guarded: Guarded, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = guarded(RuntimeError("first line\nsecond line"))
    assert code == 1
    assert protocol.decode(said) == Failed("crash", "RuntimeError: first line")
    assert "Traceback" in capfd.readouterr().err


def test_an_interrupt_says_nothing(guarded: Guarded) -> None:
    assert guarded(KeyboardInterrupt()) == (130, b"")
