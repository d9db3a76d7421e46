"""The command that sets runs or traces side by side."""

import argparse
from pathlib import Path

from analysis import terminal
from analysis.commands.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="RUN|TRACE",
        help="runs of profile.py, a comparison, folders of runs (each is a side), or traces of "
        "other tools; the first one is the baseline",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="the comparison's folder (default: a new one)"
    )
    parser.add_argument(
        "--exclude-dirty", action="store_true", help="leave out rounds in which a run is flagged"
    )
    help_text = "how it is printed (default: table)"
    parser.add_argument("--format", choices=("table", "json"), default="table", help=help_text)


def _work(arguments: argparse.Namespace) -> int:
    from analysis.comparison import command as comparison

    request = comparison.Request(arguments.paths, arguments.output, arguments.exclude_dirty)
    comparable, problems = comparison.run(request, arguments.format)
    for problem in problems:
        terminal.show_error(problem)
    return 0 if comparable and not problems else 1


COMMAND = Command(
    "compare",
    "where the time of runs or traces differs, and whether it does: text, charts, report.html",
    _add_arguments,
    _work,
)
