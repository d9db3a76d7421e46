"""The plane of an accelerator in an XSpace file: kernels and copies by stream, and ranges."""

import re
from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind, Strings, TextTable
from analysis.columns import Int64
from analysis.exporters.xspace import names as xspace_names
from analysis.exporters.xspace.fields import TEXT, UNSIGNED, Fields
from analysis.exporters.xspace.host import correlations
from analysis.exporters.xspace.lines import LineKey, Lines, in_lines, times
from analysis.exporters.xspace.names import OpNames
from analysis.exporters.xspace.places import RANGE, WORK, Places
from analysis.exporters.xspace.plane import Plane
from analysis.readers.xspace_names import DEVICE_RANGES

Rows = npt.NDArray[np.intp]

NOT_RECORDED = "not recorded"
PROPERTIES = {
    "numSms": "core_count",
    "totalGlobalMem": "memory_size",
    "computeMajor": "compute_cap_major",
    "computeMinor": "compute_cap_minor",
}
"""What Kineto calls a device's properties, and what XProf does."""

DETAILS = {
    "registers per thread": "regs",
    "shared memory": "static_shared",
    "grid": "grid",
    "block": "block",
    "est. achieved occupancy %": "occ_pct",
}
"""The same for the launch configuration of kernels. Kineto adds up both kinds of shared memory."""

VENDORS = {
    "AMD": re.compile("amd|radeon|instinct", re.IGNORECASE),
    "Nvidia": re.compile("nvidia|tesla|geforce|quadro|titan", re.IGNORECASE),
}


class DevicePlane:
    """Takes the events of one accelerator, window by window.

    Args:
        strings: the trace's texts.
        plane: what they are written to.
        op_names: the names of operations, which the planes share.
        properties: what the trace says of the accelerator.
    """

    def __init__(
        self,
        strings: Strings,
        plane: Plane,
        op_names: OpNames,
        properties: Mapping[str, object],
    ) -> None:
        self._plane = plane
        self._lines = Lines(plane, _line_name)
        self._kernels = TextTable(strings, plane.event)
        self._copies = TextTable(strings, self._copy)
        self._ranges = TextTable(strings, plane.event)
        self._launches = TextTable(strings, lambda text: plane.text(kernel_details(text)))
        self._ops = TextTable(strings, lambda text: plane.text(op_names.of(text)))
        self._texts = TextTable(strings, plane.text)
        plane.stats |= device_stats(properties)

    def _copy(self, text: str) -> int:
        name = xspace_names.copy_name(text)
        return self._plane.event(name, text if name != text else "")

    def take(self, folded: Folded, places: Places, rows: Rows, start_ns: int) -> None:
        """Write these rows, which are events of the accelerator."""
        rows = in_lines(places, rows)
        block = folded.block
        when = times(block, places, rows, start_ns)
        side, kind = places.side[rows], block.kind[rows]
        kernels, copies = kind == Kind.KERNEL, kind == Kind.MEMCPY
        number = np.full(len(rows), NONE, dtype=np.int64)
        for table, chosen in (
            (self._kernels, (side == WORK) & ~copies),
            (self._copies, copies),
            (self._ranges, side == RANGE),
        ):
            number[chosen] = table.of(block.name[rows[chosen]])
        fields = Fields(self._plane, number, when.offset_ps, when.duration_ps)
        work = side == WORK
        known = work & (block.correlation[rows] >= 0)
        fields.stat("correlation_id", correlations(folded, rows), known, UNSIGNED)
        op = np.where(work, folded.op[rows], NONE)
        fields.stat("tf_op", self._ops.of(op), form=TEXT)
        self._details(fields, folded, rows, kernels)
        self._moved(fields, block.bytes[rows], copies, kind == Kind.MEMSET)
        fields.stat("bytes_accessed", np.where(work, block.bytes[rows], NONE))
        fields.stat("model_flops", np.where(work, block.flops[rows], NONE))
        for stat, column in (("phase", folded.phase), ("layer", folded.layer)):
            fields.stat(stat, self._texts.of(np.where(work, column[rows], NONE)), form=TEXT)
        self._lines.add(fields, block, places, rows, when.end_ps)

    def finish(self) -> None:
        """Put the streams in order."""
        self._lines.sort()

    def _details(
        self, fields: Fields, folded: Folded, rows: Rows, kernels: npt.NDArray[np.bool_]
    ) -> None:
        """The launch configuration of kernels; XProf counts as one what has this stat."""
        found = self._launches.of(np.where(kernels, folded.block.args[rows], NONE))
        found = np.where(kernels & (found < 0), self._plane.text(NOT_RECORDED), found)
        fields.stat("kernel_details", found, kernels, TEXT)

    def _moved(
        self,
        fields: Fields,
        moved_bytes: Int64,
        copies: npt.NDArray[np.bool_],
        sets: npt.NDArray[np.bool_],
    ) -> None:
        """How much copies move and memsets set, as XProf reads it."""
        for chosen, stat in ((copies, "memcpy_details"), (sets, "memset_details")):
            if chosen.any():
                sizes, place = np.unique(moved_bytes[chosen], return_inverse=True)
                texts = [self._plane.text(_size(size)) for size in sizes.tolist()]
                column = np.full(len(chosen), NONE, dtype=np.int64)
                column[chosen] = np.array(texts)[place]
                fields.stat(stat, column, chosen, TEXT)


def _size(moved_bytes: int) -> str:
    return f"num_bytes:{moved_bytes}" if moved_bytes >= 0 else NOT_RECORDED


def _line_name(key: LineKey) -> str:
    stream = f"Stream #{key.stream}" if key.side == WORK else f"{DEVICE_RANGES}{key.stream}"
    return f"{stream} ({key.lane + 1})" if key.lane else stream


def kernel_details(launch: str) -> str:
    """A kernel's launch configuration as XProf reads it: `regs:40 grid:8,1,1 block:128,1,1`."""
    try:
        found = msgspec.json.decode(launch)
    except msgspec.DecodeError:
        return NOT_RECORDED
    words = []
    for key, value in found.items() if isinstance(found, dict) else ():
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        if key in DETAILS and re.fullmatch(r"[-0-9.,e]+", text):
            words.append(f"{DETAILS[key]}:{text}")
    return " ".join(words) or NOT_RECORDED


def device_stats(properties: Mapping[str, object]) -> dict[str, int | str]:
    """What a trace says of an accelerator, in XProf's words."""
    stats: dict[str, int | str] = {}
    for key, name in PROPERTIES.items():
        value = properties.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
            stats[name] = value
    model = properties.get("name")
    if isinstance(model, str) and model:
        stats["gpu_device_name"] = model
        vendor = next((each for each, pattern in VENDORS.items() if pattern.search(model)), "")
        stats |= {"device_vendor": vendor} if vendor else {}
    return stats
