"""`python -m analysis verify`: writes the certificate of two runs to stdout."""

import sys
from pathlib import Path
from typing import Literal

import msgspec

from analysis import terminal
from analysis.parity import text
from analysis.parity.certificate import certificate
from profilers.records import SCHEMA


def write(left: Path, right: Path, form: Literal["table", "json"]) -> bool:
    """Print the certificate, and return whether times of both sides may be compared.

    Raises:
        ProfileError: a folder has no probe, or a file of it is damaged.
    """
    found = certificate(left, right)
    if form == "json":
        content = msgspec.to_builtins(found)
        document = {"schema": SCHEMA, "warnings": content.pop("warnings"), **content}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        terminal.show(text.lines(found, terminal.page(sys.stdout)), sys.stdout)
    return found.passed
