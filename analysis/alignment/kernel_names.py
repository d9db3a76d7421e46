"""What a kernel is called without what a compiler added: return type, templates, arguments."""

import re

PAIRS = {"<": ">", "(": ")"}
ANONYMOUS = re.compile(r"\(anonymous namespace\)::|\{anonymous\}::")
BEFORE = re.compile(r"^(?:void|static|__global__)\s+")


def cut(name: str) -> str:
    """The name up to its templates and arguments; what has nothing before these stays whole."""
    plain = BEFORE.sub("", ANONYMOUS.sub("", name.strip()))
    end = next((at for at, letter in enumerate(plain) if letter in PAIRS), len(plain))
    return plain[:end].strip() or name
