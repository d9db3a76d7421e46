"""What of a damaged profile can still be read, and what is said about the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from analysis.readers.wire import BYTES, CutOff, Data, Field, WireError, field_head, fields, varint


@dataclass(slots=True)
class Damage:
    """What is wrong with a file of `size_bytes`.

    `truncated` says where it breaks off or is damaged first, None if it is whole; `repaired` counts
    texts that had to be mended.
    """

    size_bytes: int
    truncated: str | None = None
    repaired: int = 0

    def at(self, place: int) -> None:
        """Note that the file can't be read on from this byte."""
        if self.truncated is None:
            self.truncated = (
                f"it breaks off after {place:,} bytes"
                if place >= self.size_bytes
                else f"it is damaged at byte {place:,}"
            )


def readable_fields(data: Data, begin: int, end: int, damage: Damage) -> Iterator[Field]:
    """The fields of a message up to one that is damaged; one that is cut off ends where it does."""
    at = begin
    while at < end:
        try:
            found = field_head(data, at, end)
        except CutOff:
            damage.at(end)
            return
        except WireError:
            damage.at(at)
            return
        if found.end > end:
            damage.at(end)
            found = found._replace(end=end)
        yield found
        at = found.end


def merged(message_class: Any, parts: Sequence[bytes], damage: Damage) -> Any:
    """The message that these fields make; a field that can't be decoded is mended or left out."""
    try:
        return message_class.FromString(b"".join(parts))
    except DecodeError:
        message = message_class()
    for part in parts:
        try:
            message.MergeFromString(part)
        except DecodeError:
            try:
                message.MergeFromString(_mended(part, message_class.DESCRIPTOR, damage))
            except (DecodeError, WireError):
                continue
    return message


def _mended(data: bytes, descriptor: Any, damage: Damage) -> bytes:
    """The message with replacement characters where its texts are no UTF-8."""
    parts = []
    for found in fields(data, 0, len(data)):
        described = descriptor.fields_by_number.get(found.number)
        content = data[found.content : found.end]
        if described is None or found.form != BYTES:
            parts.append(data[found.begin : found.end])
            continue
        if described.type == FieldDescriptor.TYPE_STRING:
            mended = content.decode("utf-8", "replace").encode()
            damage.repaired += mended != content
            content = mended
        elif described.type == FieldDescriptor.TYPE_MESSAGE:
            content = _mended(content, described.message_type, damage)
        parts += [varint(found.number << 3 | BYTES), varint(len(content)), content]
    return b"".join(parts)
