from analysis import sides
from profilers.rundir import Side


def test_a_side_is_named_by_framework_and_execution() -> None:
    found = sides.labels([Side("torch", "eager"), Side("tensorflow", "function"), Side("new", "x")])
    assert found == ["PyTorch eager", "TensorFlow function", "new x"]


def test_the_same_side_again_is_told_apart() -> None:
    assert sides.labels([Side("torch", "eager")] * 3) == [
        "PyTorch eager",
        "PyTorch eager (2)",
        "PyTorch eager (3)",
    ]


def test_names_cannot_steer_the_terminal() -> None:
    assert sides.labels([Side("torch", "\x1b[1m")]) == ["PyTorch [1m"]


def test_every_side_has_a_mark_of_its_own() -> None:
    assert sides.marks(["tensorflow", "torch"]) == ["◆", "●"]
    found = sides.marks(["torch"] * 4 + ["tensorflow", "new"] * 5)
    assert len(set(found)) == len(found)
    assert found[0] == "●"
