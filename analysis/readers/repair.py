"""Mends text that is nearly JSON, as profilers write it: bad UTF-8, bad escapes, NaN."""

import re
from collections.abc import Iterator

CONTROL = bytes.maketrans(bytes(range(32)), b" " * 32)
ESCAPE = re.compile(rb'\\(?:["\\/bfnrt]|u(?!0000)[0-9a-fA-F]{4})|\\')
NO_NUMBER = re.compile(rb'([:\[,]\s*)-?(?:NaN|nan|Infinity|inf)(?=\s*[,}\]])')
TRAILING_COMMA = re.compile(rb",(\s*[}\]])")
BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")


def repaired(text: bytes) -> tuple[bytes, int]:
    """The text with what no JSON reader takes replaced, and how many places that were.

    Bytes that are no UTF-8 become the replacement character, control characters in strings become
    spaces, a backslash that escapes nothing is kept as one, numbers that are none become null, and
    a comma before a closing bracket goes.
    """
    decoded = text.decode("utf-8", "replace")
    places = decoded.count("\ufffd") - text.count("\ufffd".encode())
    text = decoded.encode()

    def escape(found: re.Match[bytes]) -> bytes:
        nonlocal places
        if len(found[0]) > 1:
            return found[0]
        places += 1
        return b"\\\\"

    text = ESCAPE.sub(escape, text)
    text, count = NO_NUMBER.subn(rb"\1null", text)
    places += count
    text, count = TRAILING_COMMA.subn(rb"\1", text)
    places += count
    plain = text.translate(CONTROL)
    return plain, places + (1 if plain != text and not places else 0)


def elements(text: bytes) -> Iterator[bytes]:
    """What may be the elements of an array of objects, taken apart where one seems to end."""
    begin = 0
    for found in BETWEEN.finditer(text):
        yield text[begin : found.start() + 1]
        begin = found.end()
    yield text[begin:]
