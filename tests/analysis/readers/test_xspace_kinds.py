import pytest

from analysis.blocks import Kind
from analysis.readers.xspace_kinds import dispensable
from analysis.readers.xspace_planes import Plane

FRAME, OP, CALL = "$train.py:3 step", "model/fc1_1/MatMul:MatMul", "ExecuteSharded"


def host(*names: str, stats: tuple[str, ...] = ()) -> Plane:
    named = (dict(enumerate(texts, start=1)) for texts in (names, stats))
    return Plane(0, "/host:CPU", *named, {}, {}, [])


@pytest.mark.parametrize(
    ("hosts", "runtime_too"),
    [
        ([host(FRAME, CALL)], True),
        ([host(FRAME, CALL, OP)], True),
        ([host(FRAME, CALL, stats=("step_num",))], True),
        ([host(FRAME, OP, stats=("step_num",))], False),
        ([host(OP), host(FRAME, stats=("step_num",))], False),
        ([host(FRAME, stats=("step_num", "hlo_op"))], False),
        ([host(FRAME, "phase:forward")], False),
        ([], True),
    ],
)
def test_frames_and_calls_are_needed_where_phases_of_steps_are(
    hosts: list[Plane], runtime_too: bool
) -> None:
    found = dispensable(hosts)
    assert Kind.MEMORY in found
    assert (Kind.PYTHON in found, Kind.RUNTIME in found) == (runtime_too, runtime_too)
