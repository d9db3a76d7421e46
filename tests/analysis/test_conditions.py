from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from analysis import conditions, measured
from analysis.measured import Measured


class Runs:
    """Makes runs that differ in their settings."""

    def __init__(self, make_run: Any) -> None:
        self.make_run, self.count = make_run, 0

    def __call__(self, **settings: Any) -> Measured:
        self.count += 1
        changed = msgspec.structs.replace(self.make_run.settings, **settings)
        return measured.read(self.make_run(f"run-{self.count}", settings=changed))


@pytest.fixture
def run(make_run: Any) -> Runs:
    return Runs(make_run)


def said(left: Sequence[Measured], right: Sequence[Measured]) -> str:
    known = [[conditions.of_run(run) for run in side] for side in (left, right)]
    return conditions.sentence(conditions.between(*known))


def test_the_same_conditions(run: Runs) -> None:
    assert said([run()], [run(), run()]) == "same"


def test_conditions_that_differ_are_named_with_their_values(run: Runs) -> None:
    other = run(precision="bf16", batch_size=64, optimizer="sgd")
    assert said([run()], [other]) == (
        "precision differs: fp32 and bf16; batch size differs: 32 and 64; "
        "optimizer differs: adam and sgd"
    )


def test_machines_that_differ_are_named(make_run: Any) -> None:
    settings = msgspec.structs.replace(make_run.settings, device="cuda:0")
    card = make_run.environment("GPU-1", "A card")
    machine = msgspec.structs.replace(card, cpu_model="Other", threads={"intra_op": 8})
    left, right, third = (
        measured.read(each)
        for each in (
            make_run("a"),
            make_run("b", settings=settings, machine=machine),
            make_run("c", settings=settings, machine=card),
        )
    )
    assert said([left], [right]) == (
        "device differs: cpu and cuda:0; threads differ: 2 and 8; "
        "CPU model differs: A processor and Other"
    )
    assert "threads differ: 2 and 2 or 8" in said([left], [right, third])


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ({"driver": "550.54"}, {"driver": "560.28"}, "driver differs: 550.54 and 560.28"),
        ({"cuda": "12.5.1"}, {"cuda": "13.0"}, "CUDA differs: 12.5.1 and 13.0"),
        ({"cuda": "12.5.1"}, {"cuda": "12.5"}, "same"),
        ({"cudnn": "9"}, {"cudnn": "91002"}, "same"),
        ({"cudnn": "9.11.0"}, {"cudnn": "91002"}, "cuDNN differs: 9.11.0 and 9.10.2"),
        ({"cudnn": "8907"}, {"cudnn": "9"}, "cuDNN differs: 8.9.7 and 9"),
        ({"cuda": "12.5"}, {}, "same"),
        ({"cudnn": "None"}, {"cudnn": "9"}, "same"),
    ],
)
def test_versions_are_compared_as_far_as_both_sides_tell_them(
    make_run: Any, left: dict[str, str], right: dict[str, str], words: str
) -> None:
    runs = [
        measured.read(
            make_run(name, machine=msgspec.structs.replace(make_run.environment(), versions=found))
        )
        for name, found in {"a": left, "b": right}.items()
    ]
    assert said(runs[:1], runs[1:]) == words


def test_execution_is_what_is_compared_and_no_condition(run: Runs) -> None:
    other = run(execution="compile", framework="tensorflow")
    assert said([run()], [other]) == "same"
