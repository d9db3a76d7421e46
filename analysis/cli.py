"""The command line of the analysis: python -m analysis COMMAND ..."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import heap, wording
from profilers.records import SCHEMA
from profilers.rundir import ProfileError

UNMET, INTERRUPTED = 2, 130
LONGEST_NUMBER = 18


@dataclass(frozen=True)
class Command:
    """One subcommand: its arguments, and what does the work and returns the exit code.

    Both import what they need when they are called, so that `--help` answers at once.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    work: Callable[[argparse.Namespace], int]


def _finish_arguments(parser: argparse.ArgumentParser) -> None:
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


def _finish(arguments: argparse.Namespace) -> int:
    from analysis.comparison import finishing

    done = finishing.finish_all(arguments.runs)
    if not arguments.quiet:
        from analysis import run_text, terminal
        from analysis.comparison import text

        terminal.show(run_text.lines(done.alone))
        for compared in done.comparisons:
            terminal.show(text.lines(compared))
    for problem in done.problems:
        _say_error(problem)
    if arguments.format == "json":
        rows = [row for each in done.comparisons for row in each.record.comparisons]
        content = {"runs": [each.summary for each in done.runs], "comparisons": rows}
        _print_json(content, done.problems)
    return 1 if done.problems else 0


def _view_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN|TRACE",
        help="a run of profile.py, a comparison, a trace (.json, .json.gz, .pftrace, .pftrace.gz, "
        ".xplane.pb), or several runs and traces, which are shown on one time axis",
    )
    _align_argument(parser)
    parser.add_argument(
        "--ui",
        metavar="ORIGIN",
        help="hand the trace to another Perfetto in the browser: ui.perfetto.dev, https://HOST or "
        "http://127.0.0.1:PORT",
    )
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="in TensorBoard: curves, tables, charts, profiles",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, open no browser"
    )


def _view(arguments: argparse.Namespace) -> int:
    from analysis.view import perfetto, tensorboard

    browser = not arguments.no_browser
    if not arguments.tensorboard:
        perfetto.show(arguments.runs, browser=browser, ui=arguments.ui, align=arguments.align)
    elif arguments.ui is not None or arguments.align is not None:
        raise ProfileError("--ui and --align are for Perfetto; leave out --tensorboard, or them.")
    else:
        tensorboard.show(arguments.runs, browser=browser)
    return 0


def _ops_arguments(parser: argparse.ArgumentParser) -> None:
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


def _ops(arguments: argparse.Namespace) -> int:
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


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    help_text = "a run of profile.py that was made with --framework both or --parity"
    parser.add_argument("runs", nargs=2, type=Path, metavar="RUN", help=help_text)
    help_text = "how it is printed (default: table)"
    parser.add_argument("--format", choices=("table", "json"), default="table", help=help_text)


def _verify(arguments: argparse.Namespace) -> int:
    from analysis.parity import command as parity

    left, right = arguments.runs
    return 0 if parity.write(left, right, arguments.format) else 1


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
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


def _compare(arguments: argparse.Namespace) -> int:
    from analysis.comparison import command as comparison

    request = comparison.Request(arguments.paths, arguments.output, arguments.exclude_dirty)
    comparable, problems = comparison.run(request, arguments.format)
    for problem in problems:
        _say_error(problem)
    return 0 if comparable and not problems else 1


def _report_arguments(parser: argparse.ArgumentParser) -> None:
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


def _report(arguments: argparse.Namespace) -> int:
    from analysis.comparison import command as comparison

    path, problems = comparison.report(arguments.paths, arguments.output)
    for problem in problems:
        _say_error(problem)
    print(path)
    return 1 if problems else 0


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="RUN|TRACE",
        help="runs of profile.py, or traces of other tools; perfetto and tensorboard take several",
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
    _align_argument(parser)


def _align_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--align",
        choices=("step", "run", "wall"),
        help="of several runs: each common step begins at one time (step, the default), only the "
        "first one does (run), or all is where it was (wall)",
    )


def _export(arguments: argparse.Namespace) -> int:
    from analysis.exporters import command as export

    request = export.Request(arguments.paths, arguments.to, arguments.output, arguments.align)
    print(wording.plain(export.run(request)))
    return 0


def _print_json(content: dict[str, object], warnings: list[str]) -> None:
    """One document on stdout, in the form that all commands share."""
    import msgspec

    document = {"schema": SCHEMA, "warnings": warnings, **content}
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def _say_error(sentence: str) -> None:
    """Names in it may come from files, and a terminal would obey their control characters."""
    print(f"error: {wording.plain(sentence)}", file=sys.stderr)


COMMANDS = (
    Command(
        "ops",
        "where the time of a run or of any trace went: by operation, layer, phase, kernel ...",
        _ops_arguments,
        _ops,
    ),
    Command(
        "verify",
        "whether two runs did the same arithmetic, and if not, why; exit code 1 then",
        _verify_arguments,
        _verify,
    ),
    Command(
        "compare",
        "where the time of runs or traces differs, and whether it does: text, charts, report.html",
        _compare_arguments,
        _compare,
    ),
    Command(
        "report",
        "one page about a run or a comparison, with its tables and charts beside it",
        _report_arguments,
        _report,
    ),
    Command(
        "export",
        "runs and traces for other tools: Perfetto (on one clock), TensorBoard, Chrome, tables",
        _export_arguments,
        _export,
    ),
    Command(
        "finish",
        "what profile.py runs at the end: tables, trace, TensorBoard files and summary",
        _finish_arguments,
        _finish,
    ),
    Command(
        "view",
        "traces of runs in Perfetto, or their curves in TensorBoard, served from this machine",
        _view_arguments,
        _view,
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0 done, 1 a run or check failed, 2 a request that can't be met."""
    # numpy starts a pool of threads for linear algebra, of which there is none here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = _parser()
    arguments = parser.parse_args(argv)
    heap.keep()
    try:
        code: int = arguments.work(arguments)
        sys.stdout.flush()
        return code
    except ProfileError as error:
        _say_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _say_error(
            f"{error.filename or 'a file'} can't be read or written ({error.strerror}); name "
            "another place, or change its rights."
        )
        return UNMET


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis", description="Read runs and traces: tables, charts, exports."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(subparser)
        subparser.set_defaults(work=command.work)
    return parser
