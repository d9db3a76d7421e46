"""The fields of events of an XSpace file as columns, and the stats that XProf reads."""

import numpy as np
import numpy.typing as npt

from analysis.columns import Int64
from analysis.exporters.protobuf import varint
from analysis.exporters.xspace.plane import EVENT, Plane
from analysis.exporters.xspace.wire_columns import Messages, Octets

METADATA_ID, OFFSET, DURATION, STAT = b"\x08", b"\x10", b"\x18", b"\x22"
"""The tags of an event's fields."""

UNSIGNED, SIGNED, TEXT = b"\x18", b"\x20", b"\x38"
"""How a stat's value is written: the tags of uint64_value, int64_value and ref_value."""


class Fields:
    """Events of a plane in the making.

    Args:
        plane: what has their names.
        name: shape (events,); the numbers of their names.
        offset_ps: when each begins, since the profile's start.
        duration_ps: how long each lasts.
    """

    def __init__(self, plane: Plane, name: Int64, offset_ps: Int64, duration_ps: Int64) -> None:
        self._plane = plane
        self._messages = Messages(len(name))
        for tag, column in ((METADATA_ID, name), (OFFSET, offset_ps), (DURATION, duration_ps)):
            self._messages.number(tag, column)

    def stat(
        self,
        name: str,
        values: Int64,
        rows: npt.NDArray[np.bool_] | None = None,
        form: bytes = SIGNED,
    ) -> None:
        """Add a stat to the events that have it.

        Args:
            name: the stat.
            values: of all events, shape (events,); numbers, or those of texts.
            rows: the events that have it; None: those whose value is 0 or more.
            form: how the values are written.
        """
        places = np.flatnonzero(values >= 0 if rows is None else rows)
        if not len(places):
            return
        inner = b"\x08" + varint(self._plane.stat(name)) + form
        if len(places) == len(values):
            self._messages.wrapped(STAT, inner, values)
        else:
            self._messages.wrapped(STAT, inner, values[places], places)

    def flag(self, name: str, rows: npt.NDArray[np.bool_], value: int = 1) -> None:
        """Add a stat that is the same number, below 128, in all events that have it."""
        places = np.flatnonzero(rows)
        if len(places):
            inner = b"\x08" + varint(self._plane.stat(name)) + SIGNED + varint(value)
            self._messages.constant(STAT + varint(len(inner)) + inner, places)

    def encoded(self) -> tuple[Octets, Int64]:
        """The events as fields of a line, and where each ends."""
        return self._messages.framed(EVENT)
