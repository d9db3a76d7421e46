import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.parity.numbers import array_distance, band, loss_distance, number_distance
from profilers.parity_record import Curve

LOSSES = st.lists(st.none() | st.floats(-1e300, 1e300), max_size=6)


@pytest.mark.parametrize(
    ("left", "right", "least", "far"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0, 0.0),
        ([1.0, 2.0], [1.0, 1.0], 0.0, 0.5),
        ([0.0], [0.0], 0.0, 0.0),
        ([], [], 0.0, 0.0),
        ([1e-20], [-1e-20], 1.0, 2e-20),
        ([1.0], [1.0, 1.0], 0.0, math.inf),
        ([math.nan], [math.nan], 0.0, math.inf),
        ([math.inf], [math.inf], 0.0, math.inf),
        ([1.7e308], [-1.7e308], 0.0, math.inf),
    ],
)
def test_arrays(left: list[float], right: list[float], least: float, far: float) -> None:
    assert array_distance(np.array(left), np.array(right), least) == pytest.approx(far)


def test_numbers() -> None:
    assert number_distance(2.0, 1.0) == 0.5
    assert number_distance(0.2, 0.1, 1.0) == pytest.approx(0.1)
    assert number_distance(None, 1.0) == math.inf
    assert number_distance(0.0, 0.0) == 0.0


def test_curves_part_at_their_first_step_outside_the_band() -> None:
    found = loss_distance([1.0, 0.5, 0.4, 0.2], [1.0, 0.5, 0.3, 0.1], [0.01] * 4)
    assert (found.same, found.apart, found.worst, found.steps) == (False, 2, 2, 4)
    assert found.difference == pytest.approx(0.1)


def test_only_common_steps_are_compared() -> None:
    found = loss_distance([1.0, 0.5], [1.0, 0.5, 7.0], [0.0] * 2)
    assert (found.same, found.steps, found.difference) == (True, 2, 0.0)
    assert loss_distance([], [1.0], []).same is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ([1.0, None], [1.0, 0.5], False),
        ([1.0, None], [1.0, None], None),
        ([1.0, None], [2.0, None], False),
        ([1.0, None], [1.0], None),
        ([None], [1.0], False),
        ([None, None], [None], None),
    ],
)
def test_losses_that_break(
    left: list[float | None], right: list[float | None], same: bool | None
) -> None:
    assert loss_distance(left, right, [0.1] * 2).same is same
    assert loss_distance(right, left, [0.1] * 2).same is same


@given(LOSSES, LOSSES)
def test_any_curves_can_be_compared(left: list[float | None], right: list[float | None]) -> None:
    allowed = [1e-9] * 6
    found, turned = loss_distance(left, right, allowed), loss_distance(right, left, allowed)
    assert (found.same, found.worst, found.steps) == (turned.same, turned.worst, turned.steps)
    assert loss_distance(left, left, allowed).same is (None if None in left or not left else True)


def test_the_band_is_ten_times_what_the_control_moved() -> None:
    losses: list[float | None] = [2.0, 2.0, 2.0, None]
    curve = Curve(losses=losses, control=[2.0, 2.002, 2.0, 2.0])
    assert band(1e-5, curve) == pytest.approx([1e-5, 0.01, 0.01, 0.01], rel=0.01)
    other = Curve(losses=[1.0, 1.0, 1.0, 1.0, 1.0])
    assert len(band(1e-5, curve, other)) == 5
    assert band(1e-5, Curve(losses=[])) == []
