import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters.xspace import names as xspace_names
from analysis.exporters.xspace.names import OpNames

# What XProf takes for the name of an op, of input, of a copy, of a step.
JAX_OP = re.compile(r"[^:]*:(?:[a-z_][a-z0-9_]*(?:\[.*\])?)?", re.DOTALL)
TF_OP = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*:[A-Z_][a-zA-Z0-9_]*")
DATA = re.compile(r"Iterator:")
COPY = re.compile(r"memcpy(?:htod|dtoh|dtod|htoh)", re.IGNORECASE)
STEP = re.compile(r"(?:train|test|TraceContext)[^/]*$")
NAMES = st.text(st.sampled_from("abAB_:/ #1[]()."), max_size=12) | st.sampled_from(
    ["train", "test:x", "Iterator::a", "MemcpyHtoD", "phase:data", "a:", "TraceContext", "x: y"]
)


def is_op(name: str) -> bool:
    copy = ":" not in name and COPY.match(name)
    return bool(JAX_OP.fullmatch(name) or TF_OP.fullmatch(name) or DATA.match(name) or copy)


@given(st.lists(NAMES, max_size=8))
def test_each_op_has_a_name_of_its_own_that_is_an_op(ops: list[str]) -> None:
    names = OpNames()
    found = {op: names.of(op) for op in ops}
    assert [names.of(op) for op in ops] == [found[op] for op in ops]
    paths = [name.rpartition(":")[0] for name in found.values()]
    assert len({*paths}) == len(found)
    for name in found.values():
        assert JAX_OP.fullmatch(name)
        assert not name.endswith(":")
        assert not STEP.match(name)
        assert not DATA.match(name)


@pytest.mark.parametrize(
    ("op", "name"),
    [
        ("aten::addmm", "aten/addmm:addmm"),
        ("AddmmBackward0", "AddmmBackward0:addmmbackward0"),
        (
            "autograd::engine::evaluate_function: AddmmBackward0",
            "autograd/engine/evaluate_function/AddmmBackward0:addmmbackward0",
        ),
        ("aten::2d", "aten/2d:_2d"),
        ("train", "op/train:train"),
    ],
)
def test_names_of_ops(op: str, name: str) -> None:
    assert OpNames().of(op) == name


@given(NAMES)
def test_nothing_else_is_taken_for_an_op_or_a_step(text: str) -> None:
    for name in (
        xspace_names.range_name(text),
        xspace_names.call_name(text),
        xspace_names.python_name(text),
    ):
        assert not is_op(name)
        assert not STEP.match(name)
        assert text in name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Memcpy HtoD (Pageable -> Device)", "MemcpyHtoD (Pageable -> Device)"),
        ("Memcpy DtoD (Device -> Device)", "MemcpyDtoD (Device -> Device)"),
        ("Memset (Device)", "Memset (Device)"),
        ("CopyDeviceToHost", "CopyDeviceToHost"),
    ],
)
def test_copies_begin_with_their_direction(text: str, name: str) -> None:
    assert xspace_names.copy_name(text) == name
