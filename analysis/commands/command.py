"""What a subcommand of the analysis is, and arguments that several of them take."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One subcommand: its arguments, and what does the work and returns the exit code.

    What does the work imports what it needs when it is called, so that `--help` answers at once.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    work: Callable[[argparse.Namespace], int]


def add_align(parser: argparse.ArgumentParser) -> None:
    """Add --align: how the times of several runs are put on one axis."""
    parser.add_argument(
        "--align",
        choices=("step", "run", "wall"),
        help="of several runs: each common step begins at one time (step, the default), only the "
        "first one does (run), or all is where it was (wall)",
    )
