import pytest

from profilers import asked_sides, options
from profilers.backend import frameworks
from profilers.records import Settings
from profilers.rundir import ProfileError
from workloads.catalogue import find_workload


def asked(*arguments: str) -> Settings:
    parsed = options.parser(frameworks()).parse_args(["--framework", "torch", *arguments])
    workload = find_workload(parsed.workload or options.DEFAULT_WORKLOAD)
    ((framework, execution),) = asked_sides.sides(parsed, frameworks())
    return asked_sides.settings(parsed, framework, execution, workload, cpus=3)


def sides(*arguments: str) -> list[tuple[str, str]]:
    found = asked_sides.sides(options.parser(frameworks()).parse_args(arguments), frameworks())
    return [(framework.name, execution) for framework, execution in found]


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


def test_several_frameworks_have_a_mode_each() -> None:
    both = [("torch", "eager"), ("tensorflow", "function")]
    assert sides("--framework", "both") == both
    assert sides("--framework", "tensorflow,torch") == both[::-1]
    assert sides("--framework", "torch, tensorflow") == both
    assert sides("--framework", "torch", "--execution", "compile, eager") == [
        ("torch", "compile"),
        ("torch", "eager"),
    ]
    assert sides("--framework", "both", "--execution", "eager") == [
        ("torch", "eager"),
        ("tensorflow", "eager"),
    ]
    assert sides("--framework", "both", "--execution", "compile,xla") == [
        ("torch", "compile"),
        ("tensorflow", "xla"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say which framework"),
        (["--framework", "jax"], 'no framework "jax" here; known: '),
        (["--framework", "PyTorch"], "did you mean torch"),
        (["--framework", "torch,tf"], "did you mean tensorflow"),
        (["--framework", "Both"], "did you mean both"),
        (["--framework", "torch,jax"], 'no framework "jax"'),
        (["--framework", "torch,"], 'no framework ""'),
        (["--framework", "torch,torch"], "torch eager is asked for twice"),
        (["--framework", "torch", "--execution", "eager,eager"], "torch eager is asked for twice"),
        (["--framework", "both", "--execution", "compile"], "name one mode for each framework"),
        (["--framework", "both", "--execution", "eager,xla,fit"], "names 3 modes for 2"),
        (["--framework", "torch", "--execution", "eager,xla"], "not known to torch"),
        (["--framework", "torch", "--execution", "graph"], "use eager or compile"),
    ],
)
def test_frameworks_and_modes_must_be_known(arguments: list[str], words: str) -> None:
    with pytest.raises(ProfileError, match=words) as caught:
        sides(*arguments)
    assert "\n" not in str(caught.value)


def test_options_of_the_workload_are_given_one_by_one() -> None:
    made = options.parser(frameworks()).parse_args(["--set", "size=8", "--set", "kind=a=b"])
    assert asked_sides.workload_options(made) == {"size": "8", "kind": "a=b"}
    assert asked("--workload", "matmul").options == {"size": 1024}
    twice = options.parser(frameworks()).parse_args(["--set", "size=8", "--set", "size=9"])
    with pytest.raises(ProfileError, match="--set gives size two values, 8 and 9"):
        asked_sides.workload_options(twice)


def test_a_pipeline_has_as_many_workers_as_there_are_threads() -> None:
    assert asked().loader_workers == 0
    assert asked("--loader", "pipeline").loader_workers == 3
    assert asked("--loader", "pipeline", "--threads", "2").loader_workers == 2
