import shlex
from typing import Any

import msgspec

from profilers import options
from profilers.backend import frameworks


def arguments(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))


def test_the_command_asks_for_what_was_run(make_compared: Any, page_of: Any) -> None:
    [command] = page_of(make_compared()).repeat.commands
    words = arguments(command)
    assert words[:2] == ["python", "profile.py"]
    assert words[words.index("--framework") + 1] == "torch,tensorflow"
    assert words[words.index("--execution") + 1] == "eager,function"
    assert words[words.index("--repeats") + 1] == "3"
    assert all(len(line) <= 98 for line in command.split("\n"))
    options.parser(frameworks()).parse_args(words[2:])


def test_a_hostile_workload_is_quoted(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    sides = [
        msgspec.structs.replace(
            each, settings=msgspec.structs.replace(each.settings, workload="a b; rm -rf $HOME.py")
        )
        for each in compared.record.compared
    ]
    [command] = page_of(make_compared(compared=sides)).repeat.commands
    assert "a b; rm -rf $HOME.py" in arguments(command)


def test_sides_that_differ_in_more_have_a_command_each(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    other = compared.record.compared[1]
    other = msgspec.structs.replace(
        other, settings=msgspec.structs.replace(other.settings, batch_size=64)
    )
    commands = page_of(make_compared(compared=[compared.record.compared[0], other])).repeat.commands
    sizes = [arguments(each)[arguments(each).index("--batch-size") + 1] for each in commands]
    assert sizes == ["32", "64"]
