"""The command line of profile.py: every option, what it may be, and what it becomes."""

import argparse
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from profilers.backend import Framework
from profilers.records import Settings
from profilers.rundir import ProfileError
from workloads.native import AnyWorkload, is_file
from workloads.own_file import file_sha256

DEFAULT_WORKLOAD = "mnist-mlp"
PRECISIONS = ("fp32", "tf32", "fp16", "bf16")
OPTIMIZERS = ("adam", "sgd")
PARITIES = ("stock", "matched")
MODES = ("train", "infer")
LOADERS = ("preloaded", "pipeline")
ALIASES = {"pytorch": "torch", "tf": "tensorflow", "keras": "tensorflow"}
BOTH, PAIR = "both", ("torch", "tensorflow")
COMPARED_REPEATS = 5
DEVICE_PATTERN = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
EPILOG = """\
examples:
  python profile.py --framework torch --device cpu
  python profile.py --framework torch --workload cifar10-cnn3 --epochs 5
  python profile.py --framework both --workload cifar10-cnn3 --repeats 3
  python profile.py --framework both --execution compile,xla
  python profile.py --framework both --workload matmul --set size=2048
  python profile.py --framework torch --data mnist --download
  python profile.py --framework tensorflow --mode infer --from torch
  python profile.py --list
  python profile.py --doctor
"""


class Parser(argparse.ArgumentParser):
    """Raises ProfileError in place of printing the usage and ending the process."""

    def error(self, message: str) -> NoReturn:
        """One sentence, as for every other mistake."""
        raise ProfileError(f"{message}; see python profile.py --help.")


def parser(known: Mapping[str, Framework]) -> Parser:
    """The options in the groups of the documentation, for the frameworks that there are."""
    made = Parser(
        prog="profile.py",
        description="Profile a shared workload and show where it spends time, memory and power.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_what(made.add_argument_group("what to run"), known)
    _add_data(made.add_argument_group("which data"))
    _add_how(made.add_argument_group("how to run it"), known)
    _add_where(made.add_argument_group("what to record, and where"))
    talk = made.add_argument_group("what to print")
    talk.add_argument("--quiet", action="store_true", help="nothing but errors")
    talk.add_argument("--json", action="store_true", help="the results as JSON on stdout")
    talk.add_argument(
        "--doctor",
        action="store_true",
        help="what can be run and measured here, and what would help with the rest, and end",
    )
    talk.add_argument("--version", action="store_true", help="the version, and end")
    return made


def _add_what(group: argparse._ArgumentGroup, known: Mapping[str, Framework]) -> None:
    group.add_argument(
        "--framework",
        metavar="NAME[,NAME]",
        help=f"what to profile: {', '.join(known)}; several are compared with the first one; "
        f"{BOTH}: {','.join(PAIR)}",
    )
    group.add_argument(
        "--device",
        type=_matching(DEVICE_PATTERN, "auto, cpu, cuda, cuda:N or mps"),
        default="auto",
        metavar="DEVICE",
        help="auto (default: the best there is), cpu, cuda, cuda:1, mps",
    )
    group.add_argument(
        "--workload",
        metavar="NAME|FILE.py",
        help=f"a workload of --list, or a file with a model of your own (docs/own-model.md); "
        f"default: {DEFAULT_WORKLOAD}",
    )
    group.add_argument(
        "--set",
        dest="options",
        action="append",
        type=_pair,
        default=[],
        metavar="KEY=VALUE",
        help="an option of the workload, as often as there are; --list shows them",
    )
    group.add_argument(
        "--mode",
        choices=MODES,
        default="train",
        help="train (default), or infer: only run the model forward, on the test samples",
    )
    group.add_argument(
        "--from",
        dest="weights_from",
        metavar="RUN|NAME",
        help="begin with the weights that a run was left with, or with those of a run of this "
        "framework that is made first, of as many --steps or --epochs; default: made from the seed",
    )
    group.add_argument(
        "--list", action="store_true", help="workloads (with --workload its layers) and data sets"
    )


def _add_data(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--data",
        metavar="NAME|DIR",
        help="a data set, or a folder with the files of one (./NAME where a data set has that "
        "name); default: what the workload names; never replaced unasked",
    )
    group.add_argument(
        "--download",
        action="store_true",
        help="with --data NAME: fetch its files into the cache, unless they are there",
    )
    group.add_argument(
        "--loader",
        choices=LOADERS,
        default="preloaded",
        help="preloaded (default: all samples lie on the device, with fit on the host), or "
        "pipeline: DataLoader and tf.data decode them, with as many workers as --threads",
    )


def _add_how(group: argparse._ArgumentGroup, known: Mapping[str, Framework]) -> None:
    modes = (f"{each.name}: {', '.join(each.executions)}" for each in known.values())
    group.add_argument(
        "--execution",
        metavar="MODE[,MODE]",
        help=f"{'; '.join(modes)} (the first is the default); one for all, or one for each",
    )
    group.add_argument("--batch-size", type=_at_least(1), metavar="N", help="default: 32")
    length = group.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_at_least(1), metavar="N", help="train so many epochs")
    length.add_argument("--steps", type=_at_least(1), metavar="N", help="time so many steps")
    group.add_argument("--warmup", type=_at_least(0), default=20, metavar="N", help="default: 20")
    group.add_argument(
        "--profile-steps", type=_at_least(1), default=20, metavar="N", help="default: 20"
    )
    group.add_argument(
        "--repeats",
        type=_at_least(1),
        metavar="N",
        help=f"fresh processes; default: 1, or {COMPARED_REPEATS} for several frameworks",
    )
    group.add_argument("--optimizer", choices=OPTIMIZERS, default="adam", help="default: adam")
    group.add_argument(
        "--optimizer-parity",
        choices=PARITIES,
        default="stock",
        help="stock (default: the framework's own), or matched: its constants made equal, so that "
        "frameworks learn the same",
    )
    group.add_argument("--precision", choices=PRECISIONS, default="fp32", help="default: fp32")
    group.add_argument(
        "--threads", type=_at_least(1), metavar="N", help="default: the physical cores allowed"
    )
    group.add_argument("--seed", type=_at_least(0), default=0, metavar="N", help="default: 0")
    group.add_argument(
        "--timeout", type=_number_above(0, 1e6), metavar="SECONDS", help="stop a run after so long"
    )


def _add_where(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--sample-hz",
        type=_number_above(0, 20),
        default=10.0,
        metavar="N",
        help="resource samples a second, at most 20; default: 10",
    )
    group.add_argument(
        "--parity",
        action="store_true",
        help="probe the model's arithmetic, so that this run can be verified against another "
        "(several frameworks are probed and verified anyway)",
    )
    group.add_argument("--output", default="traces", metavar="DIR", help="default: traces")
    group.add_argument(
        "--name",
        type=_matching(NAME_PATTERN, "at most 100 letters, digits and . _ -"),
        metavar="ID",
        help="the run's folder; default: made from time and settings",
    )
    group.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="FRAMEWORK=INTERPRETER",
        help="the Python that has this framework",
    )


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


def _at_least(minimum: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < minimum:
            raise argparse.ArgumentTypeError(f"{number} is less than {minimum}")
        return number

    return convert


def _number_above(minimum: float, maximum: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not minimum < number <= maximum:
            raise argparse.ArgumentTypeError(
                f"{text} is not above {minimum:g} and at most {maximum:g}"
            )
        return number

    return convert


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return name, value


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not pattern.fullmatch(text):
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
        return text

    return convert
