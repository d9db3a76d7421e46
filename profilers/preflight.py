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
    missing = missing_packages(request["packages"])
    if missing:
        # The protocol's own module needs a package that may be the missing one.
        install = install_command(missing)
        message = {"event": "error", "kind": "request", "message": lacks(missing, install)}
        line = json.dumps({**message, "install": install}) + "\n"
        os.write(int(os.environ["CROSSPROF_PIPE"]), line.encode())
        return 2
    from profilers.process import guarded

    return guarded(lambda channel: channel.send(_try_out(request["settings"])))


def missing_packages(packages: dict[str, str]) -> list[str]:
    """What would have to be installed, of the packages by what is imported of them."""
    return [pinned for name, pinned in packages.items() if not importlib.util.find_spec(name)]


def install_command(missing: list[str]) -> str:
    """The command that installs them for this interpreter."""
    return shlex.join([sys.executable, "-m", "pip", "install", *missing])


def lacks(missing: list[str], install: str) -> str:
    """A sentence on missing packages with the command that installs them."""
    return (
        f"{sys.executable} lacks {', '.join(missing)}; install it with: {install}; "
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
