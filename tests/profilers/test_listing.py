import pytest

from profilers.listing import print_list
from workloads.spec import WorkloadError


def test_everything_that_can_be_run_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_list(None)
    text = capsys.readouterr().out
    for name in ("mnist-mlp", "50,890", "cifar10-cnn3", "digits", "synthetic", "torch", "compile"):
        assert name in text
    assert "mnist            handwritten digits" in text
    assert "(DIR or --download, 170 MB)" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_model_is_shown_layer_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    print_list("cifar10-cnn5")
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()[3:]}
    assert rows["conv2"] == ["Conv2d", "10×10×16", "2,416"]
    assert rows["flatten"] == ["Flatten", "400", "0"]
    assert "62,006" in rows


def test_options_are_shown_as_they_are_set(capsys: pytest.CaptureFixture[str]) -> None:
    print_list(None)
    assert "--set size=32 channels=64 kernel=3" in capsys.readouterr().out
    print_list("matmul", {"size": "16"})
    text = capsys.readouterr().out
    assert "--set size=16\n" in text
    assert text.splitlines()[-1].split() == ["256"]


def test_the_columns_of_a_model_are_as_wide_as_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    print_list("resnet18")
    lines = capsys.readouterr().out.splitlines()[2:]
    assert len({len(line) for line in lines}) == 1
    assert max(map(len, lines)) <= 100


def test_an_unknown_model_is_said() -> None:
    with pytest.raises(WorkloadError, match="did you mean mnist-mlp"):
        print_list("mnist")
