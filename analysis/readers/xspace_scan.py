"""Finds where the events of a line lie, many at a time where they are written as usual."""

from dataclasses import dataclass, field

import numpy as np

from analysis.readers.wire import BYTES, CutOff, Field, Octets, Places, WireError, field_at

LINE_EVENTS = 4
FOLLOWED = 64
EVENT, METADATA_ID, OFFSET = LINE_EVENTS << 3 | 2, 1 << 3, 2 << 3
"""The first bytes of an event, of its first and of its second field, as profilers write them."""


@dataclass(slots=True)
class Scan:
    """The fields of some bytes of a line, as far as they are whole.

    The contents of the events lie from `begins` to `ends`. `others` are the other fields. `stop`
    is where the last whole field ends; `is_damaged` says that no field begins there, rather than
    one that is cut off.
    """

    begins: Places
    ends: Places
    others: list[Field]
    stop: int
    is_damaged: bool = False

    def __len__(self) -> int:
        return len(self.begins)


def scan(octets: Octets) -> Scan:
    """Find the events in the bytes of a line, which begin where a field does.

    Each place where an event could begin says where the next one does. Where these agree there are
    events; where they don't, fields are followed one by one.
    """
    heads, begins, ends = _candidates(octets)
    breaks = np.append(np.flatnonzero(heads[1:] != ends[:-1]) + 1, len(heads))
    found = _Found(octets)
    at, size = 0, len(octets)
    try:
        while at < size:
            first = int(heads.searchsorted(at))
            if first < len(heads) and heads[first] == at:
                last = int(breaks[breaks.searchsorted(first, side="right")])
                found.take(begins[first:last], ends[first:last])
                at = int(ends[last - 1])
            else:
                at = found.follow(at)
    except CutOff:
        return found.scan(at)
    except WireError:
        return found.scan(at, is_damaged=True)
    return found.scan(at)


def _candidates(octets: Octets) -> tuple[Places, Places, Places]:
    """Places that look like whole events: of the field, of its content, and of the end."""
    values, size = octets.values, len(octets)
    is_id, is_offset = values[: size + 8] == METADATA_ID, values[: size + 8] == OFFSET
    likely = values[:size] == EVENT
    likely &= is_id[2 : size + 2] | is_id[3 : size + 3]
    likely &= (
        is_offset[4 : size + 4]
        | is_offset[5 : size + 5]
        | is_offset[6 : size + 6]
        | is_offset[7 : size + 7]
    )
    heads = np.flatnonzero(likely)
    length = values[heads + 1].astype(np.intp)
    long = length >> 7
    upper = values[heads + 2].astype(np.intp)
    begins = heads + 2 + long
    ends = begins + np.where(long > 0, (length & 127) | upper << 7, length)
    good = is_id[begins] & (ends <= size) & ((long == 0) | (upper < 128))
    second = begins + 2
    for _ in range(2):  # a metadata id of up to three bytes
        second += values[second - 1] >> 7
    good &= is_offset[second]
    return heads[good], begins[good], ends[good]


@dataclass(slots=True)
class _Found:
    """What was found of a line's fields, in their order."""

    octets: Octets
    begins: list[Places] = field(default_factory=list)
    ends: list[Places] = field(default_factory=list)
    others: list[Field] = field(default_factory=list)

    def take(self, begins: Places | list[int], ends: Places | list[int]) -> None:
        self.begins.append(np.asarray(begins, dtype=np.intp))
        self.ends.append(np.asarray(ends, dtype=np.intp))

    def follow(self, at: int) -> int:
        """Take some events one by one, or one other field; where the next field begins."""
        data, size = self.octets.padded, len(self.octets)
        begins: list[int] = []
        ends: list[int] = []
        while data[at] == EVENT and len(ends) < FOLLOWED:
            begin, length = at + 2, data[at + 1]
            if length > 127:
                begin, length = at + 3, length & 127 | data[at + 2] << 7
            if begin + length > size or length >> 14:
                break
            at = begin + length
            begins.append(begin)
            ends.append(at)
        if ends:
            self.take(begins, ends)
            return at
        found = field_at(data, at, size)
        if found.number == LINE_EVENTS and found.form == BYTES:
            self.take([found.content], [found.end])
        else:
            self.others.append(found)
        return found.end

    def scan(self, stop: int, is_damaged: bool = False) -> Scan:
        none = [np.zeros(0, dtype=np.intp)]
        return Scan(
            np.concatenate(self.begins or none),
            np.concatenate(self.ends or none),
            self.others,
            stop,
            is_damaged,
        )
