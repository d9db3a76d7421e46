"""The command line of profile.py: every option, and what it may be."""

import argparse
import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from profilers.backend import Framework
from profilers.rundir import ProfileError

DEFAULT_WORKLOAD = "mnist-mlp"
PRECISIONS = ("fp32", "tf32", "fp16", "bf16")
OPTIMIZERS = ("adam", "sgd")
PARITIES = ("stock", "matched")
MODES = ("train", "infer")
LOADERS = ("preloaded", "pipeline")
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
