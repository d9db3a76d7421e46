"""Which Python runs which framework: one asked for, one beside the project, or our own."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from profilers.rundir import ProfileError

ROOT = Path(__file__).resolve().parent.parent


def find(framework: str, asked: Mapping[str, str]) -> str:
    """Path of the interpreter for a framework; ProfileError if the one asked for isn't there.

    In this order: --python, CROSSPROF_PYTHON_<FRAMEWORK>, .venv-<framework> beside profile.py,
    the interpreter that runs this.
    """
    variable = f"CROSSPROF_PYTHON_{framework.upper()}"
    for source, value in (("--python", asked.get(framework)), (variable, os.environ.get(variable))):
        if value:
            found = shutil.which(value)
            if found is None:
                raise ProfileError(
                    f"{source} names {value} for {framework}, which is not an executable file; "
                    "name a Python interpreter."
                )
            return str(Path(found).absolute())
    beside = ROOT / f".venv-{framework}" / "bin" / "python"
    return str(beside) if beside.exists() else sys.executable


def parse(pairs: list[str]) -> dict[str, str]:
    """["torch=/path/python", ...] -> {"torch": "/path/python"}."""
    found = {}
    for pair in pairs:
        framework, separator, interpreter = pair.partition("=")
        if not (framework and separator and interpreter):
            raise ProfileError(
                f"--python takes FRAMEWORK=INTERPRETER, as in torch=.venv-torch/bin/python, "
                f"not {pair!r}."
            )
        found[framework] = interpreter
    return found
