"""The command that makes a page of a run or comparison."""

import argparse
from pathlib import Path

from analysis import terminal
from analysis.commands.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="RUN|DIR",
        help="a run, a comparison, or what `compare` takes",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the page (default: report.html in the folder of the run or comparison); tables and "
        "charts lie beside it",
    )


def _work(arguments: argparse.Namespace) -> int:
    from analysis.comparison import command as comparison

    path, problems = comparison.report(arguments.paths, arguments.output)
    for problem in problems:
        terminal.show_error(problem)
    print(path)
    return 1 if problems else 0


COMMAND = Command(
    "report",
    "one page about a run or a comparison, with its tables and charts beside it",
    _add_arguments,
    _work,
)
