import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.exporters import protobuf
from tests.analysis.exporters import perfetto_decoding


@given(number=st.integers(0, 2**64 - 1))
@example(127)
@example(128)
@example(2**14 - 1)
@example(2**14)
@example(2**28)
def test_varints(number: int) -> None:
    data = protobuf.varint(number)
    assert perfetto_decoding.varint(data, 0) == (number, len(data))
    assert len(data) == max(1, -(-number.bit_length() // 7))


@pytest.mark.parametrize("field", [1, 15, 16, 117])
def test_fields(field: int) -> None:
    data = protobuf.number_field(field, -2) + protobuf.bytes_field(field + 1, b"x" * 300)
    data += protobuf.double_field(field + 2, 0.5) + protobuf.fixed_field(field + 3, 2**64 - 1)
    assert list(perfetto_decoding.fields(data)) == [
        (field, 2**64 - 2),
        (field + 1, b"x" * 300),
        (field + 2, struct.pack("<d", 0.5)),
        (field + 3, b"\xff" * 8),
    ]
