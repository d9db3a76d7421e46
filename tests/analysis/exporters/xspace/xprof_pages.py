"""XProf's own converter as a command: what its pages hold for a profile.

python -m tests.analysis.exporters.xspace.xprof_pages FILE ...: prints JSON, for each file the
content of its pages by name. Each file is copied to a folder of its own, as XProf keeps what it
made of one.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PAGES = ("trace_viewer", "framework_op_stats", "overview_page", "memory_profile", "kernel_stats")


class Pages:
    """The pages of one profile."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    @property
    def ops(self) -> dict[str, tuple[int, float]]:
        """Of the host's operations by name: occurrences, and self time in microseconds."""
        rows = self._rows("framework_op_stats", 1)
        return {
            row["operation"]: (int(row["occurrences"]), row["total_self_time"])
            for row in rows
            if row["host_or_device"] == "Host"
        }

    @property
    def device_ops(self) -> dict[str, float]:
        """Microseconds that a device worked for each operation."""
        rows = self._rows("framework_op_stats", 1)
        return {
            row["operation"]: row["total_time"] for row in rows if row["host_or_device"] == "Device"
        }

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps that count as complete; of more than five the first and the last do not."""
        [table] = [
            each for each in self._content["overview_page"] if _first_column(each) == "stepnum"
        ]
        return _rows_of(table)

    @property
    def kernels(self) -> list[dict[str, Any]]:
        """Kernels, by name, configuration and op."""
        return self._rows("kernel_stats", 0)

    @property
    def peaks_bytes(self) -> dict[str, int]:
        """The most that each allocator held."""
        found = (self._content["memory_profile"] or {}).get("memoryProfilePerAllocator", {})
        return {
            name: int(each["profileSummary"]["peakStats"]["peakBytesInUse"])
            for name, each in found.items()
        }

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that the trace viewer shows."""
        found = self._content["trace_viewer"]["traceEvents"]
        return [event for event in found if event.get("ph") == "X"]

    def _rows(self, page: str, place: int) -> list[dict[str, Any]]:
        tables = self._content[page]
        return _rows_of(tables[place] if isinstance(tables, list) else tables)


def _first_column(table: dict[str, Any]) -> str | None:
    return table["cols"][0]["id"] if table.get("cols") else None


def _rows_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    names = [column["id"] for column in table["cols"]]
    cells = ([cell["v"] for cell in row["c"]] for row in table.get("rows", []))
    return [dict(zip(names, row, strict=True)) for row in cells]


def pages(*files: Path) -> list[Pages]:
    """The pages of each file, made in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return [Pages(content) for content in json.loads(done.stdout.splitlines()[-1])]


def _content(file: Path, folder: Path) -> dict[str, Any]:
    from xprof.convert.raw_to_tool_data import (  # type: ignore[import-not-found]
        xspace_to_tool_data,
    )

    session = folder / "plugins" / "profile" / "session"
    session.mkdir(parents=True)
    shutil.copyfile(file, copy := session / "host.xplane.pb")
    found = {page: xspace_to_tool_data([str(copy)], page, {})[0] for page in PAGES}
    return {page: json.loads(text) if text else None for page, text in found.items()}


def main() -> None:
    """Print the pages of the files that are named."""
    found = []
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            found.append(_content(Path(name), Path(folder)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
