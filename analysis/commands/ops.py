"""The command that tells where the time of a run or trace went."""

import argparse
import sys
from pathlib import Path

from analysis.commands.command import Command

LONGEST_NUMBER = 18


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        type=Path,
        metavar="RUN|TRACE|DIR",
        help="a run of profile.py; the file of a trace (.json, .json.gz, .xplane.pb), no pipe; a "
        "folder with one a rank",
    )
    parser.add_argument(
        "--by",
        choices=("op", "native", "category", "layer", "phase", "kernel", "copy", "shape", "step"),
        default="op",
        help="what makes a row (default: op)",
    )
    parser.add_argument(
        "--steps", metavar="A:B", help="count the steps A to B alone, A and B too; also A:, :B or A"
    )
    parser.add_argument("--rank", type=_whole, metavar="N", help="count the events of rank N alone")
    parser.add_argument(
        "--format",
        choices=("table", "csv", "json", "parquet"),
        default="table",
        help="how it is printed (default: table); parquet needs --output",
    )
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="write to a file, not to stdout"
    )
    parser.add_argument(
        "--top",
        type=_whole,
        default=25,
        metavar="N",
        help="rows of a table, 0 for all (default: 25)",
    )
    parser.add_argument(
        "--no-limits",
        action="store_true",
        help="read a packed file however much it unpacks to",
    )
    parser.add_argument(
        "--cache", action="store_true", help="keep the sums beside a trace that is no run's"
    )


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def _work(arguments: argparse.Namespace) -> int:
    from analysis.ops import command as ops_command
    from analysis.ops.source import Request

    request = Request(
        path=arguments.path,
        steps=arguments.steps,
        rank=arguments.rank,
        limited=not arguments.no_limits,
        cached=arguments.cache,
    )
    ops_command.write(
        request, arguments.by, arguments.format, arguments.output, arguments.top or sys.maxsize
    )
    return 0


COMMAND = Command(
    "ops",
    "where the time of a run or of any trace went: by operation, layer, phase, kernel ...",
    _add_arguments,
    _work,
)
