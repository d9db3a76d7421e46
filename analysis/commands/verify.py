"""The command that tells whether two runs did the same arithmetic."""

import argparse
from pathlib import Path

from analysis.commands.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    help_text = "a run of profile.py that was made with --framework both or --parity"
    parser.add_argument("runs", nargs=2, type=Path, metavar="RUN", help=help_text)
    help_text = "how it is printed (default: table)"
    parser.add_argument("--format", choices=("table", "json"), default="table", help=help_text)


def _work(arguments: argparse.Namespace) -> int:
    from analysis.parity import command as parity

    left, right = arguments.runs
    return 0 if parity.write(left, right, arguments.format) else 1


COMMAND = Command(
    "verify",
    "whether two runs did the same arithmetic, and if not, why; exit code 1 then",
    _add_arguments,
    _work,
)
