"""The command that writes runs and traces for other tools."""

import argparse
from pathlib import Path

from analysis import wording
from analysis.commands.command import Command, add_align


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="RUN|TRACE",
        help="runs of profile.py, or traces of other tools; perfetto and tensorboard take several, "
        "and comparisons, which stand for their runs",
    )
    parser.add_argument(
        "--to",
        choices=("perfetto", "chrome", "tensorboard", "xspace", "parquet", "csv"),
        required=True,
        help="perfetto, chrome: a timeline; tensorboard: a folder for it; xspace: torch's profile "
        "as one .xplane.pb, for XProf; parquet, csv: a table of all events",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="PATH",
        help="the file, or TensorBoard's folder (default: in the current folder, named after what "
        "is exported)",
    )
    add_align(parser)


def _work(arguments: argparse.Namespace) -> int:
    from analysis.exporters import command as export

    request = export.Request(arguments.paths, arguments.to, arguments.output, arguments.align)
    print(wording.plain(export.run(request)))
    return 0


COMMAND = Command(
    "export",
    "runs and traces for other tools: Perfetto (on one clock), TensorBoard, Chrome, tables",
    _add_arguments,
    _work,
)
