from pathlib import Path

import pytest

from benchmarks import trimming


@pytest.mark.parametrize(("kilobytes", "size", "code"), [(4, 4000, 0), (3, 2000, 0), (1, 2000, 1)])
def test_the_first_attempt_that_is_small_enough_is_written_else_the_last(
    tmp_path: Path, kilobytes: int, size: int, code: int
) -> None:
    source, place = tmp_path / "source", tmp_path / "part"
    source.write_bytes(bytes(8000))
    arguments = [str(source), str(place), "--kilobytes", str(kilobytes)]

    def attempts(data: bytes) -> list[bytes]:
        return [data[: len(data) // 2], data[: len(data) // 4]]

    assert trimming.main("", attempts, arguments) == code
    assert place.stat().st_size == size
