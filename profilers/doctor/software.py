"""Which frameworks can be used: each interpreter is asked in a process of its own, side by side."""

import time
from collections.abc import Iterable, Mapping

from profilers import interpreters, launch
from profilers.backend import Framework
from profilers.doctor.record import FrameworkFound
from profilers.launch import Child
from profilers.protocol import Failed, Message, Ready
from profilers.records import Settings
from profilers.rundir import ProfileError

PATIENCE_SECONDS = 60.0
"""TensorFlow takes 5 to 20 s to be imported; from a cold network disk several times that."""


def examine(
    known: Iterable[Framework],
    asked: Mapping[str, str],
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[FrameworkFound]:
    """Try each framework under the interpreter that would run it.

    Args:
        known: the frameworks.
        asked: interpreters by framework, of `--python`.
        patience_seconds: how long all of them together may take to answer.
    """
    deadline = time.monotonic() + patience_seconds
    started = [_start(framework, asked) for framework in known]
    try:
        return [_answered(each, deadline) for each in started]
    finally:
        for _, _, child in started:
            if isinstance(child, Child):
                child.end()


Started = tuple[Framework, str | None, Child | str]
"""A framework, its interpreter, and the process that tries it or why there is none."""


def _start(framework: Framework, asked: Mapping[str, str]) -> Started:
    interpreter = None
    try:
        interpreter = interpreters.find(framework.name, asked)
        child = launch.start_preflight(interpreter, framework, trial_settings(framework))
    except ProfileError as error:
        return framework, interpreter, str(error)
    return framework, interpreter, child


def _answered(started: Started, deadline: float) -> FrameworkFound:
    framework, interpreter, child = started
    if isinstance(child, str):
        return _found(framework, interpreter, problem=child)
    seconds = max(launch.POLL_SECONDS, deadline - time.monotonic())
    answer = launch.first_word(child, seconds)
    return _read(framework, interpreter, answer, late=time.monotonic() >= deadline)


def _read(
    framework: Framework, interpreter: str | None, answer: Message | None, late: bool
) -> FrameworkFound:
    match answer:
        case Ready(device, versions, warnings):
            return FrameworkFound(
                name=framework.name,
                title=framework.title,
                interpreter=interpreter,
                usable=True,
                versions=versions,
                device=device,
                warnings=warnings,
            )
        case Failed("request", message, install):
            return _found(framework, interpreter, problem=message, install=install)
        case Failed(_, message):
            look = f"see {interpreter} -c 'import {framework.name}'"
            return _found(framework, interpreter, problem=f"it does not start ({message}); {look}")
    why = "it gave no answer in time" if late else "it ended without an answer"
    return _found(framework, interpreter, problem=why)


def _found(
    framework: Framework, interpreter: str | None, *, problem: str, install: str | None = None
) -> FrameworkFound:
    return FrameworkFound(
        name=framework.name,
        title=framework.title,
        interpreter=interpreter,
        usable=False,
        problem=problem,
        install=install,
    )


def trial_settings(framework: Framework, sample_hz: float = 10.0) -> Settings:
    """Settings of a run that is not made: the best device, and one thread."""
    return Settings(
        framework=framework.name,
        workload="",
        data="",
        device="auto",
        execution=framework.executions[0],
        batch_size=1,
        warmup=0,
        profile_steps=0,
        optimizer="",
        precision="fp32",
        threads=1,
        seed=0,
        sample_hz=sample_hz,
    )
