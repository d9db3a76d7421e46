import sys
from pathlib import Path

import pytest

from profilers import interpreters
from profilers.rundir import ProfileError


def test_the_one_asked_for_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSPROF_PYTHON_TORCH", "/nowhere/python")
    assert interpreters.find("torch", {"torch": sys.executable}) == sys.executable


def test_then_the_environment_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".venv-torch" / "bin").mkdir(parents=True)
    (tmp_path / ".venv-torch" / "bin" / "python").touch()
    monkeypatch.setattr(interpreters, "ROOT", tmp_path)
    monkeypatch.setenv("CROSSPROF_PYTHON_TORCH", sys.executable)
    assert interpreters.find("torch", {}) == sys.executable
    monkeypatch.delenv("CROSSPROF_PYTHON_TORCH")
    assert interpreters.find("torch", {}) == str(tmp_path / ".venv-torch" / "bin" / "python")
    assert interpreters.find("tensorflow", {}) == sys.executable


def test_the_link_in_an_environment_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert interpreters.find("torch", {"torch": str(link)}) == str(link)


def test_an_interpreter_that_is_not_there_is_said() -> None:
    with pytest.raises(ProfileError, match="--python names /nowhere/python for torch"):
        interpreters.find("torch", {"torch": "/nowhere/python"})


@pytest.mark.parametrize("pair", ["torch", "torch=", "=python", ""])
def test_a_pair_that_is_none_is_said(pair: str) -> None:
    with pytest.raises(ProfileError, match="FRAMEWORK=INTERPRETER"):
        interpreters.parse([pair])


def test_pairs_are_taken_apart_at_the_first_equals_sign() -> None:
    assert interpreters.parse(["torch=/a=b/python"]) == {"torch": "/a=b/python"}
