import pytest

from profilers.plan import run_names
from profilers.records import Side

EAGER, COMPILED = Side("torch", "eager"), Side("torch", "compile")
TENSORFLOW = Side("tensorflow", "function")


@pytest.mark.parametrize(
    ("sides", "repeats", "names"),
    [
        ([EAGER], 1, ["x"]),
        ([EAGER], 2, ["x-1", "x-2"]),
        ([EAGER, TENSORFLOW], 1, ["x-torch", "x-tensorflow"]),
        ([EAGER, COMPILED], 1, ["x-torch-eager", "x-torch-compile"]),
        ([TENSORFLOW, EAGER], 2, ["x-tensorflow-1", "x-tensorflow-2", "x-torch-1", "x-torch-2"]),
    ],
)
def test_names_say_no_more_than_tells_the_runs_apart(
    sides: list[Side], repeats: int, names: list[str]
) -> None:
    found = run_names("x", sides, repeats)
    assert found.pop((None, 1)) == "x-trained"
    assert list(found.values()) == names
