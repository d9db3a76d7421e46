from pathlib import Path

import pytest

from analysis import cli
from analysis.comparison import command


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["one"], 1)])
def test_report_is_asked_for_as_typed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problems: list[str],
    code: int,
) -> None:
    asked: list[tuple[list[Path], Path | None]] = []

    def report(paths: list[Path], output: Path | None) -> tuple[Path, list[str]]:
        asked.append((paths, output))
        return Path("there"), problems

    monkeypatch.setattr(command, "report", report)
    assert cli.main(["report", "a"]) == code
    assert cli.main(["report", "a", "b", "--output", "page.html"]) == code
    assert asked == [([Path("a")], None), ([Path("a"), Path("b")], Path("page.html"))]
    printed = capsys.readouterr()
    assert printed.out == "there\nthere\n"
    assert printed.err == "".join(f"error: {problem}\n" for problem in problems * 2)
