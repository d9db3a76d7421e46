"""The command line of the programs that cut a recording down to an input of tests."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


def main(
    description: str,
    attempts: Callable[[bytes], Iterable[bytes]],
    argv: Sequence[str] | None = None,
) -> int:
    """Write the first attempt that is small enough, else the last one; the exit code, 1 then.

    `attempts` takes the recording and gives ever smaller parts of it.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("recording", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--kilobytes", type=float, default=100.0, help="how large it may be")
    options = parser.parse_args(argv)
    data = options.recording.read_bytes()
    limit_bytes = 1000 * options.kilobytes
    part = b""
    for part in attempts(data):
        if len(part) <= limit_bytes:
            break
    options.output.write_bytes(part)
    print(f"{options.output}: {len(part) / 1000:.0f} kB of {len(data) / 1000:.0f} kB")
    return 0 if len(part) <= limit_bytes else 1
