import json

import pytest

from analysis.folds.flops import Work, work

X, WEIGHT = [2, 6, 9, 11], [8, 3, 3, 5]
PLACES = 5 * 9


def convolution(*values: str, name: str = "convolution", weight: list[int] = WEIGHT) -> Work:
    shapes = [X, weight, [], *([] for _ in values)]
    types = ["float", "float", "", *("Scalar" for _ in values)]
    texts = ["", "", "", *values]
    return work(f"aten::{name}", json.dumps(shapes), json.dumps(texts), json.dumps(types))


def test_each_weight_is_used_at_each_output_position() -> None:
    expected = 2 * 2 * PLACES * 8 * 3 * 3 * 5
    read = 4 * (2 * 6 * 9 * 11 + 8 * 3 * 3 * 5)
    found = convolution("[2, 1]", "[1, 1]", "[1, 1]", "False", "[0, 0]", "2")
    assert found == Work(expected, read + 4 * 2 * 8 * PLACES)
    assert convolution("[2, 1]", "[1, 1]", "[1]", "2", name="conv2d") == found
    assert convolution("[1, 1]", "[2, 1]", "1", "2", name="mkldnn_convolution") == found


def test_a_dilated_kernel_has_fewer_places() -> None:
    found = convolution("1", "0", "[2, 2]", "False", "0", "2")
    assert found.flops == 2 * 2 * (5 * 3) * 8 * 3 * 3 * 5


def test_a_transposed_one_uses_each_weight_at_each_input_position() -> None:
    found = convolution("2", "1", "1", "True", "1", "2", weight=[6, 4, 3, 3])
    assert found.flops == 2 * 2 * 9 * 11 * 6 * 4 * 3 * 3
    assert found.bytes == 4 * (2 * 6 * 99 + 6 * 4 * 9 + 2 * 8 * 18 * 22)
    same = convolution("2", "1", "1", "2", "1", name="conv_transpose2d", weight=[6, 4, 3, 3])
    assert same == found


@pytest.mark.parametrize(
    ("mask", "gradients", "outputs"),
    [
        ("[True, True, True]", 2, 2 * 6 * 99 + 8 * 45 + 8),
        ("[False, True, False]", 1, 8 * 45),
        ("[True, False, False]", 1, 2 * 6 * 99),
    ],
)
def test_each_gradient_takes_as_much_as_the_forward(
    mask: str, gradients: int, outputs: int
) -> None:
    gradient = [2, 8, 5, 9]
    shapes = [gradient, X, WEIGHT, *([] for _ in range(8))]
    texts = ["", "", "", "[8]", "[2, 1]", "[1, 1]", "[1, 1]", "False", "[0, 0]", "2", mask]
    types = ["float"] * 3 + [""] * 8
    found = work("aten::convolution_backward", *map(json.dumps, (shapes, texts, types)))
    forward = 2 * 2 * PLACES * 8 * 3 * 3 * 5
    assert found.flops == gradients * forward
    assert found.bytes == 4 * (2 * 8 * PLACES + 2 * 6 * 99 + 8 * 45 + outputs)


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("0", "1", "1", "False", "0", "2"),
        ("1", "-1", "1", "False", "0", "2"),
        ("[1, 1, 1]", "1", "1", "False", "0", "2"),
        ("1", "same", "1", "False", "0", "2"),
        ("1", "0", "9", "False", "0", "2"),
        ("1", "1", "1", "maybe", "0", "2"),
    ],
)
def test_arguments_that_are_missing_or_impossible_give_nothing(values: tuple[str, ...]) -> None:
    assert convolution(*values) == Work(None, None)
