"""Tries, before anything is made, whether an interpreter has the packages and the device asked."""

import importlib
import importlib.util
import json
import os
import shlex
import sys
from typing import Any


def main() -> int:
    """Answer the request in the only argument, on the pipe: ready, or an error."""
    request = json.loads(sys.argv[1])
    message = missing_packages(request["packages"])
    if message:
        # The protocol's own module needs a package that may be the missing one.
        line = json.dumps({"event": "error", "kind": "request", "message": message}) + "\n"
        os.write(int(os.environ["CROSSPROF_PIPE"]), line.encode())
        return 2
    from profilers.process import guarded

    return guarded(lambda channel: channel.send(_try_out(request["settings"])))


def missing_packages(packages: dict[str, str]) -> str | None:
    """A sentence with this interpreter's pip command, or None if every package is there."""
    missing = [pinned for name, pinned in packages.items() if not importlib.util.find_spec(name)]
    if not missing:
        return None
    command = shlex.join([sys.executable, "-m", "pip", "install", *missing])
    return (
        f"{sys.executable} lacks {', '.join(missing)}; install it with: {command}; "
        "or name another interpreter with --python FRAMEWORK=INTERPRETER."
    )


def _try_out(settings: dict[str, Any]) -> Any:
    import msgspec

    from profilers.backend import SUFFIX
    from profilers.protocol import Ready
    from profilers.records import Settings

    asked = msgspec.convert(settings, Settings)
    backend = importlib.import_module(f"profilers.{asked.framework}{SUFFIX}")
    device, warnings = backend.preflight(asked)
    return Ready(device, backend.versions(), warnings)


if __name__ == "__main__":
    sys.exit(main())
