import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.folds import flops
from analysis.folds.flops import FORMULAS, LARGEST, NO_TEXT, Work, needs, work

NAMES = st.sampled_from([*FORMULAS, "add", "gelu_backward", "_foreach_mul_", "where"])
SIZES = st.integers(-2, 6) | st.integers(-(2**70), 2**70)
ARGUMENTS = st.lists(SIZES, max_size=5) | st.lists(st.lists(SIZES, max_size=4), max_size=3)
SHAPES = st.lists(ARGUMENTS, max_size=11).map(json.dumps) | st.text()
VALUES = st.sampled_from(
    ["", "[1, 1]", "[2]", "0", "-1", "True", "False", "[True, False, True]", "[]", "1e9", "nan"]
) | st.text(max_size=5)
TEXTS = st.lists(VALUES, max_size=11).map(json.dumps) | st.text()
TYPES = st.lists(
    st.sampled_from(["float", "long int", "bool", "Scalar", "TensorList", "", "x"]), max_size=11
).map(json.dumps)


@given(NAMES, SHAPES, TEXTS, TYPES | st.text())
@example("mm", "[[4294967296, 4294967296], [4294967296, 4294967296]]", "", "")
@example("mm", "[[9223372036854775807, 2], [2, 1]]", "", '["float", "float"]')
def test_any_text_is_answered_within_64_bits(
    name: str, shapes: str, texts: str, types: str
) -> None:
    for number in work(f"aten::{name}", shapes, texts, types):
        assert number is None or 0 <= number <= LARGEST


def test_what_does_not_fit_into_64_bits_is_not_known() -> None:
    side = 2**21
    assert work("aten::mm", f"[[{side}, {side // 2}], [{side // 2}, {side}]]").flops is None
    assert work("aten::mm", f"[[{side}, {side // 4}], [{side // 4}, {side}]]").flops == 2**62


def test_names_of_others_and_missing_shapes_give_nothing() -> None:
    assert work("MatMul", "[[2, 3], [3, 4]]") == Work(None, None)
    assert work("aten::mm", "") == Work(None, None)
    assert work("", "") == Work(None, None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aten::convolution", flops.VALUES),
        ("aten::max_pool2d", flops.VALUES),
        ("aten::sum", flops.VALUES),
        ("aten::mm", flops.TYPES),
        ("aten::add_", flops.TYPES),
        ("aten::convert", NO_TEXT),
        ("aten::view", NO_TEXT),
        ("Conv2D", NO_TEXT),
        ("mm", NO_TEXT),
    ],
)
def test_which_ops_need_more_than_the_shapes_of_their_inputs(name: str, expected: int) -> None:
    assert needs(name) == expected
