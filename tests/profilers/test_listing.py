import pytest

from profilers.listing import print_list
from workloads.spec import WorkloadError


def test_everything_that_can_be_run_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_list(None)
    text = capsys.readouterr().out
    for name in ("mnist-mlp", "50,890", "cifar10-cnn3", "digits", "synthetic", "torch", "compile"):
        assert name in text
    assert "mnist          handwritten digits" in text
    assert "(DIR or --download, 170 MB)" in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_model_is_shown_layer_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    print_list("cifar10-cnn5")
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()[3:]}
    assert rows["conv2"] == ["Conv2d", "10×10×16", "2,416"]
    assert rows["flatten"] == ["Flatten", "400", "0"]
    assert "62,006" in rows


def test_an_unknown_model_is_said() -> None:
    with pytest.raises(WorkloadError, match="did you mean mnist-mlp"):
        print_list("mnist")
