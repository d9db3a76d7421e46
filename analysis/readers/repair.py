"""Mends text that is nearly JSON, as profilers write it: bad UTF-8, bad escapes, NaN."""

import re
from collections.abc import Iterator

CONTROL = bytes.maketrans(bytes(range(32)), b" " * 32)
TOKEN = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*"|,(?=\s*[}\]])|-?\b(?:NaN|nan|Infinity|inf)\b', re.DOTALL
)
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb'|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\'
)
BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")


def repaired(text: bytes) -> tuple[bytes, int]:
    """The text with what no JSON reader takes replaced, and how many places that were.

    Bytes that are no UTF-8 become the replacement character, control characters in strings become
    spaces, a backslash that escapes nothing is kept as one, half of a pair of surrogates becomes
    the replacement character, numbers that are none become null, and a comma before a closing
    bracket goes.
    """
    decoded = text.decode("utf-8", "replace")
    places = decoded.count("\ufffd") - text.count("\ufffd".encode())
    text = decoded.encode()

    def escape(found: re.Match[bytes]) -> bytes:
        nonlocal places
        is_half = SURROGATE.fullmatch(found[0]) is not None
        if len(found[0]) > 1 and not is_half:
            return found[0]
        places += 1
        return b"\\ufffd" if is_half else b"\\\\"

    def token(found: re.Match[bytes]) -> bytes:
        nonlocal places
        if found[0].startswith(b'"'):
            plain = found[0].translate(CONTROL)
            places += plain != found[0]
            return ESCAPE.sub(escape, plain) if b"\\" in plain else plain
        places += 1
        return b"" if found[0] == b"," else b"null"

    return TOKEN.sub(token, text), places


def elements(text: bytes) -> Iterator[tuple[int, bytes]]:
    """What may be the elements of an array of objects, taken apart where one seems to end.

    Each with the place where it begins.
    """
    begin = 0
    for found in BETWEEN.finditer(text):
        yield begin, text[begin : found.start() + 1]
        begin = found.end()
    yield begin, text[begin:]
