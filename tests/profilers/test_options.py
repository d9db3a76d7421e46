import pytest

from profilers import options
from profilers.backend import frameworks
from profilers.rundir import ProfileError


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
        (["--name", "../elsewhere"], "is not at most 100 letters"),
        (["--name", "n" * 101], "is not at most 100 letters"),
        (["--frobnicate"], "unrecognized arguments"),
        (["--batch", "3"], "unrecognized arguments"),
        (["--precision", "fp8"], "invalid choice"),
        (["--set", "size"], "'size' is not KEY=VALUE"),
        (["--set", "=3"], "'=3' is not KEY=VALUE"),
        (["--set", "size="], "'size=' is not KEY=VALUE"),
    ],
)
def test_what_can_not_be_is_one_sentence(arguments: list[str], words: str) -> None:
    with pytest.raises(ProfileError, match=words) as caught:
        options.parser(frameworks()).parse_args(arguments)
    assert "\n" not in str(caught.value)
