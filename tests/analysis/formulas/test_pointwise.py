import json

import pytest

from analysis.folds.flops import Work, work

X = [2, 4, 8, 8]
SIZE = 2 * 4 * 8 * 8
TENSOR, LIST = "float", "TensorList"


def of(
    name: str, shapes: list[object], texts: list[str] | None = None, kinds: list[str] | None = None
) -> Work:
    parts = (json.dumps(each) if each is not None else "" for each in (texts, kinds))
    return work(f"aten::{name}", json.dumps(shapes), *parts)


@pytest.mark.parametrize(
    ("name", "shapes", "expected"),
    [
        ("mul_", [X, []], SIZE),
        ("add", [[3, 1], [1, 4], []], 12),
        ("sqrt", [X], SIZE),
        ("exp", [X], SIZE),
        ("relu", [X], SIZE),
        ("threshold_backward", [X, X, []], SIZE),
        ("gelu_backward", [X, X], SIZE),
        ("lerp_", [X, X, []], 3 * SIZE),
        ("addcdiv_", [X, X, X, []], 3 * SIZE),
        ("_foreach_sqrt", [[[4, 3], [5]]], 17),
        ("_foreach_addcmul_", [[[4, 3], [5]], [[4, 3], [5]], [[4, 3], [5]], []], 51),
        ("_fused_adamw_", [[[4, 3], [5]], [[4, 3], [5]]], 13 * 17),
        ("_fused_sgd_", [[[4, 3], [5]]], 4 * 17),
        ("_log_softmax", [X, [], []], 5 * SIZE),
        ("_softmax_backward_data", [X, X, []], 4 * SIZE),
        ("native_batch_norm", [X, [4], [4]], 8 * SIZE),
        ("native_layer_norm_backward", [X, X], 11 * SIZE),
        ("sum", [X], SIZE),
        ("embedding_dense_backward", [[2, 2, 4], [2, 2]], 16),
        ("max_pool2d_with_indices_backward", [[2, 4, 4, 4], X], SIZE // 4),
        ("copy_", [X, X], 0),
        ("fill_", [X, []], 0),
        ("prelu", [X, [4]], None),
        ("view", [X], None),
        ("no_such_op", [X], None),
        ("add", [[2], [3]], None),
    ],
)
def test_operations_of_a_pass_over_elements(
    name: str, shapes: list[object], expected: int | None
) -> None:
    assert of(name, shapes) == Work(expected, None)


def test_pooling_compares_every_element_of_every_window() -> None:
    texts = ["", "[3, 2]", "[2]", "[1, 0]", "[1, 1]", "False"]
    assert of("max_pool2d", [X], texts).flops == 2 * 4 * 4 * 4 * 6
    whole = ["", "[2, 2]", "[]", "[0, 0]", "False", "True", ""]
    assert of("avg_pool2d", [X], whole).flops == SIZE
    assert of("avg_pool2d_backward", [[2, 4, 4, 4], X], ["", "", "[2, 2]"]).flops == SIZE
    assert of("max_pool2d", [X], [*texts[:-1], "True"]).flops is None
    assert of("max_pool2d", [X]).flops is None


@pytest.mark.parametrize(
    ("name", "shapes", "texts", "kinds", "expected"),
    [
        ("add", [X, [8], []], None, [TENSOR, TENSOR, "Scalar"], 4 * (SIZE + 8 + SIZE)),
        ("mul", [[], X], None, ["double", "c10::Half"], 8 + 2 * 2 * SIZE),
        ("gt", [X, []], None, [TENSOR, "Scalar"], 5 * SIZE),
        ("sum", [X, [], []], ["", "[1, -1]", "False"], [TENSOR, "", ""], 4 * (SIZE + 16)),
        ("sum", [X, []], ["", ""], [TENSOR, ""], 4 * SIZE + 4),
        ("copy_", [X, X], None, [TENSOR, "c10::BFloat16"], (4 + 2) * SIZE),
        ("fill_", [X, []], None, [TENSOR, "Scalar"], 4 * SIZE),
        ("embedding", [[10, 4], [2, 2]], None, [TENSOR, "long int"], 32 + 2 * 4 * 16),
        ("_foreach_sqrt", [[[4, 3], [5]]], None, [LIST], None),
        ("add", [X, X], None, ["SomeNewType", TENSOR], None),
        ("add", [X, X], None, None, None),
    ],
)
def test_bytes_are_inputs_and_outputs_once(
    name: str,
    shapes: list[object],
    texts: list[str] | None,
    kinds: list[str] | None,
    expected: int | None,
) -> None:
    assert of(name, shapes, texts, kinds).bytes == expected
