"""The command that shows traces in Perfetto and curves in TensorBoard."""

import argparse
from pathlib import Path

from analysis.commands.command import Command, add_align
from profilers.rundir import ProfileError


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN|TRACE",
        help="a run of profile.py, a comparison, a trace (.json, .json.gz, .pftrace, .pftrace.gz, "
        ".xplane.pb), or several runs and traces, which are shown on one time axis",
    )
    add_align(parser)
    parser.add_argument(
        "--ui",
        metavar="ORIGIN",
        help="hand the trace to another Perfetto in the browser: ui.perfetto.dev, https://HOST or "
        "http://127.0.0.1:PORT",
    )
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="in TensorBoard: curves, tables, charts, profiles; of folders of `export`, too",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, open no browser"
    )


def _work(arguments: argparse.Namespace) -> int:
    from analysis.view import perfetto, tensorboard

    browser = not arguments.no_browser
    if not arguments.tensorboard:
        perfetto.show(arguments.runs, browser=browser, ui=arguments.ui, align=arguments.align)
    elif arguments.ui is not None or arguments.align is not None:
        raise ProfileError("--ui and --align are for Perfetto; leave out --tensorboard, or them.")
    else:
        tensorboard.show(arguments.runs, browser=browser)
    return 0


COMMAND = Command(
    "view",
    "traces of runs in Perfetto, or their curves in TensorBoard, served from this machine",
    _add_arguments,
    _work,
)
