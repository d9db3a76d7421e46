"""Builds the fake libnvidia-ml, and gives a process what it needs to load it by pynvml."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.fake_nvml.script import Script

SOURCES = sorted(map(str, Path(__file__).parent.glob("*.c")))
NAME = "libnvidia-ml.so.1"
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
NEEDED = "needs a C compiler (cc, gcc or clang) for the fake libnvidia-ml"


def build(folder: Path) -> Path:
    """Compile it; the folder then stands for the one that the driver's libraries lie in."""
    assert COMPILER is not None
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-pthread", "-Wall", "-Wextra"]
    output = [f"-Wl,-soname,{NAME}", "-o", str(folder / NAME)]
    subprocess.run([COMPILER, *flags, "-Werror", *output, *SOURCES, "-lm"], check=True)
    return folder


def variables(library: Path, script: Script, folder: Path) -> dict[str, str]:
    """The environment of a process for which this script is what the GPUs do.

    Args:
        library: The folder that `build` has filled.
        script: What they do.
        folder: Where the script is written; a later one replaces it.
    """
    path = folder / "nvml.script"
    path.write_text(script.text())
    return {**os.environ, "LD_LIBRARY_PATH": str(library), "FAKE_NVML_SCRIPT": str(path)}


def variables_without(folder: Path) -> dict[str, str]:
    """The environment of a process that finds no driver's library, also where there is one."""
    hidden = folder / "no-driver"
    hidden.mkdir()
    (hidden / NAME).touch()  # an empty file is found first, and can't be loaded
    return {**os.environ, "LD_LIBRARY_PATH": str(hidden)}
