"""Texts in the regular expressions that the pages of Perfetto and TensorBoard take."""

import re

SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")
"""All that a regular expression of JavaScript takes for more than a letter, and may be escaped."""


def literal(text: str) -> str:
    """A text as a regular expression of JavaScript that matches nothing else."""
    return SPECIAL.sub(r"\\\g<0>", text)
