import itertools
import math

import numpy as np
import pytest

from profilers import probe_curves
from profilers.probe_curves import Share, curve, moved, taken, trouble


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the module sees, in the only element."""
    now = [0.0]
    monkeypatch.setattr(probe_curves.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("first", "others", "steps"),
    [
        (0.1, 0.1, 50),
        (1.0, 1.0, 10),  # the eleventh would end after the ten seconds
        (99.0, 0.001, 50),  # compiled in the first one: the others cost next to nothing
        (30.0, 30.0, 5),
    ],
)
def test_as_many_steps_are_taken_as_fit(
    clock: list[float], first: float, others: float, steps: int
) -> None:
    def losses():
        for number in itertools.count():
            clock[0] += others if number else first
            yield 1.0

    assert len(taken(losses(), Share(5, 50, 10.0))) == steps


def test_each_weight_is_moved_by_one_unit_in_the_last_place() -> None:
    weights = {"a": np.array([1.0, -1.0, 0.0, 3e-5], np.float32)}
    up = moved(weights, "fp32")["a"]
    assert up.dtype == np.float32
    assert np.array_equal(up, np.nextafter(weights["a"], np.float32(np.inf)))
    assert moved(weights, "bf16")["a"][:2].tolist() == [1 + 2**-7, -1 + 2**-7]
    assert moved(weights, "fp16")["a"][0] == moved(weights, "tf32")["a"][0] == 1 + 2**-10


def test_losses_that_are_no_numbers_are_none_and_named() -> None:
    found = curve([1.0, math.nan, math.inf], [1.0, 2.0])
    assert found.losses == [1.0, None, None]
    assert trouble("matched curve", found) == "The matched curve has no finite loss in step 1."
    control = curve([1.0], [math.nan])
    said = trouble("reference curve", control)
    assert said == "The control of the reference curve has no finite loss in step 0."
    assert trouble("float64 curve", curve([1.0])) is None
