import pytest

from profilers import options
from profilers.backend import frameworks
from profilers.rundir import ProfileError, Settings
from workloads.catalogue import find_workload


def asked(*arguments: str) -> Settings:
    parsed = options.parser(frameworks()).parse_args(["--framework", "torch", *arguments])
    workload = find_workload(parsed.workload or options.DEFAULT_WORKLOAD)
    framework = options.framework(parsed, frameworks())
    return options.settings(parsed, framework, workload, threads=3)


def test_defaults_are_those_of_the_documentation() -> None:
    assert asked() == Settings(
        framework="torch",
        workload="mnist-mlp",
        data="digits",
        device="auto",
        execution="eager",
        batch_size=32,
        warmup=20,
        profile_steps=20,
        optimizer="adam",
        precision="fp32",
        threads=3,
        seed=0,
        sample_hz=10.0,
    )


def test_what_is_asked_is_what_is_set() -> None:
    changed = asked("--batch-size", "8", "--epochs", "2", "--threads", "1", "--device", "cuda:1")
    assert (changed.batch_size, changed.epochs, changed.threads) == (8, 2, 1)
    assert changed.device == "cuda:1"
    assert asked("--workload", "cifar10-cnn3").data == "synthetic"
    assert asked("--data", "some/folder").data == "some/folder"
    assert options.parser(frameworks()).parse_args(["--data", "mnist", "--download"]).download


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--batch-size", "0"], "0 is less than 1"),
        (["--epochs", "-3"], "-3 is less than 1"),
        (["--repeats", "0"], "0 is less than 1"),
        (["--steps", "x"], "'x' is not a whole number"),
        (["--epochs", "1", "--steps", "1"], "not allowed with"),
        (["--sample-hz", "100"], "not above 0 and at most 20"),
        (["--sample-hz", "nan"], "not above 0"),
        (["--timeout", "0"], "not above 0"),
        (["--device", "gpu"], "'gpu' is not auto, cpu"),
        (["--name", "../elsewhere"], "is not letters"),
        (["--execution", "graph"], "use eager or compile"),
        (["--frobnicate"], "unrecognized arguments"),
        (["--batch", "3"], "unrecognized arguments"),
        (["--precision", "fp8"], "invalid choice"),
    ],
)
def test_what_can_not_be_is_one_sentence(arguments: list[str], words: str) -> None:
    with pytest.raises(ProfileError, match=words) as caught:
        asked(*arguments)
    assert "\n" not in str(caught.value)


def test_a_framework_must_be_named_and_known() -> None:
    for arguments, words in (([], "say which framework"), (["--framework", "jax"], "no framework")):
        with pytest.raises(ProfileError, match=words):
            options.framework(options.parser(frameworks()).parse_args(arguments), frameworks())
