"""The command that ends each command of profile.py: runs become traces, tables and a summary."""

import argparse
from pathlib import Path

from analysis import terminal
from analysis.commands.command import Command
from profilers.records import SCHEMA


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="a run of profile.py, or a comparison"
    )
    parser.add_argument("--quiet", action="store_true", help="write the files, print no summary")
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="json: one document with a row per run on stdout",
    )


def _work(arguments: argparse.Namespace) -> int:
    from analysis.comparison import finishing

    done = finishing.finish_all(arguments.runs)
    if not arguments.quiet:
        from analysis import run_text
        from analysis.comparison import text

        terminal.show(run_text.lines(done.alone))
        for compared in done.comparisons:
            terminal.show(text.lines(compared))
    for problem in done.problems:
        terminal.show_error(problem)
    if arguments.format == "json":
        rows = [row for each in done.comparisons for row in each.record.comparisons]
        content = {"runs": [each.summary for each in done.runs], "comparisons": rows}
        _print_json(content, done.problems)
    return 1 if done.problems else 0


def _print_json(content: dict[str, object], warnings: list[str]) -> None:
    """One document on stdout, in the form that all commands share."""
    import msgspec

    document = {"schema": SCHEMA, "warnings": warnings, **content}
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


COMMAND = Command(
    "finish",
    "what profile.py runs at the end: tables, trace, TensorBoard files and summary",
    _add_arguments,
    _work,
)
