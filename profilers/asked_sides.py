"""What the options ask for: the sides, and the settings of their runs."""

import argparse
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from profilers.backend import Framework
from profilers.options import BOTH, PAIR
from profilers.records import Settings
from profilers.rundir import ProfileError
from workloads.native import AnyWorkload, is_file
from workloads.own_file import file_sha256

ALIASES = {"pytorch": "torch", "tf": "tensorflow", "keras": "tensorflow"}


def settings(
    options: argparse.Namespace,
    framework: Framework,
    execution: str,
    workload: AnyWorkload,
    cpus: int,
) -> Settings:
    """The options as the settings of a run; the device is still as asked for."""
    threads = options.threads or cpus
    file = Path(options.workload).absolute() if is_file(options.workload or "") else None
    return Settings(
        framework=framework.name,
        workload=workload.name if file is None else str(file),
        workload_sha256=None if file is None else file_sha256(file),
        data=options.data or workload.data,
        device=options.device,
        execution=execution,
        batch_size=options.batch_size or workload.batch_size,
        epochs=options.epochs,
        steps=options.steps,
        warmup=options.warmup,
        profile_steps=options.profile_steps,
        optimizer=options.optimizer,
        precision=options.precision,
        threads=threads,
        seed=options.seed,
        sample_hz=options.sample_hz,
        timeout_seconds=options.timeout,
        mode=options.mode,
        loader=options.loader,
        loader_workers=threads if options.loader == "pipeline" else 0,
        options=workload.options,
        optimizer_parity=options.optimizer_parity,
    )


def workload_options(options: argparse.Namespace) -> dict[str, str]:
    """What --set gives, by name; a ProfileError if it gives one name two values."""
    found: dict[str, str] = {}
    for name, value in options.options:
        if found.setdefault(name, value) != value:
            raise ProfileError(f"--set gives {name} two values, {found[name]} and {value}.")
    return found


def sides(
    options: argparse.Namespace, known: Mapping[str, Framework]
) -> list[tuple[Framework, str]]:
    """(framework, execution) of each side asked for, the baseline first."""
    found = named_frameworks(options.framework, known)
    modes = _parts(options.execution) if options.execution else []
    if len(found) == 1:
        found *= max(1, len(modes))
    if len(modes) > 1 and len(modes) != len(found):
        raise ProfileError(
            f"--execution names {len(modes)} modes for {len(found)} framework(s); name one for "
            "all of them or one for each, in their order."
        )
    each = modes * len(found) if len(modes) == 1 else modes
    chosen = each or [framework.executions[0] for framework in found]
    for framework, mode in zip(found, chosen, strict=True):
        if mode not in framework.executions:
            alone = len(modes) == 1 < len(found)
            raise ProfileError(
                f"--execution {mode} is not known to {framework.name}; "
                f"use {' or '.join(framework.executions)}"
                + (", and name one mode for each framework." if alone else ".")
            )
    pairs = list(zip(found, chosen, strict=True))
    for number, (framework, mode) in enumerate(pairs):
        if (framework, mode) in pairs[:number]:
            raise ProfileError(
                f"{framework.name} {mode} is asked for twice; name each framework or mode once."
            )
    return pairs


def named_frameworks(asked: str | None, known: Mapping[str, Framework]) -> list[Framework]:
    """The frameworks asked for, or a ProfileError that names those there are."""
    choices = [*known, BOTH]
    if asked is None:
        raise ProfileError(f"say which framework to profile: --framework {' or '.join(choices)}.")
    names = PAIR if asked == BOTH else _parts(asked)
    for name in names:
        if name not in known:
            near = get_close_matches(name.lower(), [*choices, *ALIASES], 1)
            known_ones = f"known: {', '.join(choices)}."
            hint = f"did you mean {ALIASES.get(near[0], near[0])}?" if near else known_ones
            raise ProfileError(f'there is no framework "{name}" here; {hint}')
    return [known[name] for name in names]


def _parts(text: str) -> list[str]:
    """What stands between the commas of a list."""
    return [part.strip() for part in text.split(",")]
