from pathlib import Path

import pytest

from analysis import cli
from analysis.comparison import command


def test_compare_is_asked_for_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[command.Request, str]] = []

    def run(request: command.Request, form: str) -> tuple[bool, list[str]]:
        asked.append((request, form))
        return True, []

    monkeypatch.setattr(command, "run", run)
    assert cli.main(["compare", "a", "b"]) == 0
    assert cli.main(["compare", "a", "--output", "c", "--exclude-dirty", "--format", "json"]) == 0
    assert asked == [
        (command.Request([Path("a"), Path("b")]), "table"),
        (command.Request([Path("a")], Path("c"), exclude_flagged=True), "json"),
    ]


@pytest.mark.parametrize(
    ("comparable", "problems", "code"),
    [(True, [], 0), (False, [], 1), (True, ["one\x1b", "two"], 1), (False, ["one"], 1)],
)
def test_compare_ends_with_1_where_sides_are_not_comparable_or_something_failed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    comparable: bool,
    problems: list[str],
    code: int,
) -> None:
    monkeypatch.setattr(command, "run", lambda *_: (comparable, problems))
    assert cli.main(["compare", "a", "b"]) == code
    told = [f"error: {problem}".replace("\x1b", "") for problem in problems]
    assert capsys.readouterr().err.splitlines() == told
