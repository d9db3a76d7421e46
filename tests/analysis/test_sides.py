import pytest

from analysis import sides
from profilers.records import Side


@pytest.mark.parametrize(
    ("side", "label"),
    [
        (Side("torch", "eager"), "PyTorch eager"),
        (Side("tensorflow", "function"), "TensorFlow function"),
        (Side("new", "x"), "new x"),
    ],
)
def test_a_side_is_named_by_framework_and_execution(side: Side, label: str) -> None:
    assert sides.label(side) == label


def test_names_cannot_steer_the_terminal() -> None:
    assert sides.label(Side("torch", "\x1b[1m")) == "PyTorch [1m"


def test_every_side_has_a_mark_of_its_own() -> None:
    assert sides.marks(["tensorflow", "torch"]) == ["◆", "●"]
    found = sides.marks(["torch"] * 4 + ["tensorflow", "new"] * 5)
    assert len(set(found)) == len(found)
    assert found[0] == "●"
