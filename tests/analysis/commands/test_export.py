from pathlib import Path

import pytest

from analysis import cli
from analysis.exporters import command as export


def test_export_is_asked_for_as_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[export.Request] = []

    def run(request: export.Request) -> str:
        asked.append(request)
        return "there\x1b[2J"

    monkeypatch.setattr(export, "run", run)
    assert cli.main(["export", "a", "b", "--to", "perfetto"]) == 0
    assert cli.main(["export", "a", "b", "--to", "perfetto", "--align", "wall"]) == 0
    assert cli.main(["export", "a", "--to", "csv", "--output", "c"]) == 0
    assert asked == [
        export.Request([Path("a"), Path("b")], "perfetto", None, None),
        export.Request([Path("a"), Path("b")], "perfetto", None, "wall"),
        export.Request([Path("a")], "csv", Path("c"), None),
    ]
    assert capsys.readouterr().out == "there[2J\n" * 3


@pytest.mark.parametrize(
    "arguments",
    [["a"], ["--to", "csv"], ["a", "--to", "pdf"], ["a", "--to", "perfetto", "--align", "x"]],
)
def test_what_export_does_not_know_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["export", *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_what_can_not_be_exported_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["export", str(tmp_path / "gone"), "--to", "perfetto"])
    assert code == 2
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith("error: ")
    assert str(tmp_path / "gone") in said
