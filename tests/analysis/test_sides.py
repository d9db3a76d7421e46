from pathlib import Path
from typing import Any

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


def test_traces_are_called_by_their_files_and_numbered_where_two_are_called_the_same() -> None:
    paths = [Path(name) for name in ("a/x.pt.trace.json.gz", "b/x.json", "c/x.xplane.pb")]
    assert sides.titles(paths) == ["x", "x (2)", "x (3)"]
    assert sides.titles([Path("a/.json"), Path("a\n\x1b[2J.json")]) == ["trace", "a[2J"]
    assert len(sides.titles([Path("x" * 100)])[0]) == sides.LONGEST_TITLE


def test_runs_are_called_by_what_was_run(make_run: Any) -> None:
    run = make_run()
    assert sides.of_run(run) == Side("torch", "eager")
    assert sides.of_run(run / "raw") is None
    assert sides.titles([run, run, run / "raw"]) == ["PyTorch eager", "PyTorch eager (2)", "raw"]
