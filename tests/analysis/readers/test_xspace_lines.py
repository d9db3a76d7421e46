from typing import Any

import pytest

from analysis.blocks import Kind, Strings
from analysis.readers.wire import Octets
from analysis.readers.xspace_damage import Damage
from analysis.readers.xspace_events import decode
from analysis.readers.xspace_kinds import Place, Programs
from analysis.readers.xspace_lines import LineReader, Vocabulary
from analysis.readers.xspace_planes import planes
from analysis.readers.xspace_proto import XSpace
from analysis.readers.xspace_scan import scan

STATS = ("step_num", "_r", "correlation_id", "hlo_op", "program_id", "tf_op", "name", "other")
PROGRAMS: Programs = {4: {"fusion.1": "phase_forward/model_1/fc1_1/"}}


def one_event(event_name: str, device: int, stats: dict[str, Any]) -> tuple[Any, ...]:
    """Kind, name, path and correlation that an event of such stats gets."""
    space = XSpace()
    plane = space.planes.add(name="plane")
    plane.event_metadata[1].name = event_name
    for number, stat_name in enumerate(STATS, start=1):
        plane.stat_metadata[number].name = stat_name
    event = plane.lines.add().events.add(metadata_id=1, duration_ps=1000)
    for key, value in stats.items():
        kind = "str_value" if isinstance(value, str) else "int64_value"
        event.stats.add(metadata_id=STATS.index(key) + 1, **{kind: value})
    data = space.SerializeToString()
    (plane_read,) = planes(data, Damage(len(data)))
    strings = Strings()
    place = Place(0, 1, device, 0)
    vocabulary = Vocabulary(plane_read)
    reader = LineReader(strings, vocabulary, place, "python", 10**18, PROGRAMS)
    octets = Octets(plane.lines[0].SerializeToString())
    block = reader.block(decode(octets, scan(octets), vocabulary.wanted), 5)
    assert block.event_id.tolist() == [5]
    texts = (strings[column[0]] for column in (block.name, block.path))
    return Kind(block.kind[0]), *texts, int(block.correlation[0])


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (("train", -1, {"step_num": 3, "_r": 1}), (Kind.STEP, "step:3", "", -1)),
        (("train", -1, {"step_num": 3}), (Kind.RUNTIME, "train", "", -1)),
        (("other", -1, {"step_num": 3, "_r": 1}), (Kind.RUNTIME, "other", "", -1)),
        (("a/b:Mul", -1, {"other": 1}), (Kind.OP, "Mul", "a/b", -1)),
        (
            ("fused", -1, {"hlo_op": "fusion.1", "program_id": 4}),
            (Kind.OP, "fusion.1", "phase_forward/model_1/fc1_1/", -1),
        ),
        (("dot", -1, {"hlo_op": "dot.1", "program_id": 4}), (Kind.OP, "dot.1", "", -1)),
        (
            ("cudaLaunchKernel", -1, {"correlation_id": 7, "tf_op": "phase_loss/Mean:Mean"}),
            (Kind.RUNTIME, "cudaLaunchKernel", "phase_loss/Mean", 7),
        ),
        (
            ("gemm", 0, {"correlation_id": 7, "tf_op": "a/MatMul:MatMul"}),
            (Kind.KERNEL, "gemm", "a/MatMul", 7),
        ),
        (
            ("fusion", 0, {"tf_op": "XlaModule:", "name": "jit(f)/conv", "hlo_op": "x"}),
            (Kind.KERNEL, "fusion", "jit(f)/conv", -1),
        ),
        (("train", -1, {"step_num": -3, "_r": 1}), (Kind.STEP, "step:-3", "", -1)),
        (("train", -1, {"step_num": 3, "_r": 0}), (Kind.RUNTIME, "train", "", -1)),
        (("cudaFree", -1, {"correlation_id": -7}), (Kind.RUNTIME, "cudaFree", "", -1)),
        (("x", 0, {"correlation_id": 2**62}), (Kind.KERNEL, "x", "", -1)),
        (("x", 0, {"correlation_id": 2**62 - 1}), (Kind.KERNEL, "x", "", 2**62 - 1)),
    ],
)
def test_what_an_event_becomes(
    event: tuple[str, int, dict[str, Any]], expected: tuple[Any, ...]
) -> None:
    assert one_event(*event) == expected
