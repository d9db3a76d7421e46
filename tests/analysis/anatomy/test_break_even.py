import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.anatomy.break_even import break_even

LABELS = ("PyTorch eager", "TensorFlow function")
times = st.floats(0.01, 1e6)


def test_a_dearer_first_step_is_made_up_for_by_shorter_ones() -> None:
    found = break_even(LABELS, (80.0, 452.0), (20.0, 13.6))
    assert found is not None
    assert (found.first_ms, found.steps) == ((80.0, 452.0), 59)
    assert found.sentence == (
        "TensorFlow function's first step takes 372 ms longer; "
        "at 6.40 ms less a step it has caught up after 59 steps."
    )


def test_the_baseline_can_be_the_one_with_the_dearer_first_step() -> None:
    found = break_even(LABELS, (12_000.0, 80.0), (1.0, 1.05))
    assert found is not None
    assert found.sentence == (
        "PyTorch eager's first step takes 11.9 s longer; "
        "at 50.0 µs less a step it has caught up after 238,000 steps."
    )


def test_it_may_take_a_single_step() -> None:
    found = break_even(LABELS, (80.0, 90.0), (10.0, 0.0001))
    assert found is not None
    assert found.sentence.endswith("has caught up after 2 steps.")
    found = break_even(LABELS, (80.0, 90.5), (10.4, 0.0001))
    assert found is not None
    assert found.steps == 2


def test_longer_steps_never_catch_up() -> None:
    found = break_even(LABELS, (80.0, 452.0), (13.6, 20.0))
    assert found is not None
    assert found.steps is None
    assert found.sentence == (
        "TensorFlow function's first step takes 372 ms longer; "
        "it never catches up: its steps are longer too."
    )


def test_equally_long_steps_never_catch_up() -> None:
    found = break_even(LABELS, (80.0, 452.0), (10.0, 9.91))
    assert found is not None
    assert found.steps is None
    assert "equally long on both sides" in found.sentence


@pytest.mark.parametrize(
    ("first_ms", "step_ms"),
    [
        ((80.0, 99.9), (20.0, 10.0)),
        ((80.0, 80.0), (20.0, 10.0)),
        ((0.0, 80.0), (20.0, 10.0)),
        ((math.nan, 80.0), (20.0, 10.0)),
        ((80.0, 400.0), (math.inf, 10.0)),
        ((80.0, 400.0), (20.0, -1.0)),
    ],
)
def test_nothing_to_say(first_ms: tuple[float, float], step_ms: tuple[float, float]) -> None:
    assert break_even(LABELS, first_ms, step_ms) is None


@given(times, times, times, times)
def test_after_that_many_steps_it_has_caught_up_and_not_before(
    first_left: float, first_right: float, step_left: float, step_right: float
) -> None:
    found = break_even(LABELS, (first_left, first_right), (step_left, step_right))
    turned = break_even(LABELS[::-1], (first_right, first_left), (step_right, step_left))
    assert (found is None) == (turned is None)
    if found is None or turned is None:
        return
    assert found.sentence == turned.sentence
    if found.steps is None:
        return
    extra_ms, gain_ms = abs(first_left - first_right), abs(step_left - step_right)
    assert found.steps * gain_ms >= extra_ms * (1 - 1e-12)
    assert (found.steps - 1) * gain_ms < extra_ms
