import pytest

from analysis import cli


def test_the_help_of_ops_says_what_its_options_need(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["ops", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "A and B too" in printed
    assert "parquet needs --output" in printed
    assert "no pipe" in printed


@pytest.mark.parametrize("option", ["--top", "--rank"])
@pytest.mark.parametrize("number", ["-1", "x", "1.5", "9" * 30])
def test_numbers_of_ops_are_whole(
    option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["ops", "x.json", f"{option}={number}"])
    assert ended.value.code == 2
    assert "is no whole number from 0 on" in capsys.readouterr().err
