"""The command line of the analysis: python -m analysis COMMAND ..."""

import argparse
import os
import sys
from collections.abc import Sequence

from analysis import heap, terminal
from analysis.commands import compare, export, finish, ops, report, verify, view
from profilers.rundir import ProfileError

UNMET, INTERRUPTED = 2, 130
COMMANDS = tuple(each.COMMAND for each in (ops, verify, compare, report, export, finish, view))


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
        terminal.show_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        terminal.show_error(
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
