import json

import pytest

from analysis.folds.flops import work
from analysis.formulas.call import UnknownWorkError
from analysis.formulas.contractions import matmul


def flops(name: str, *shapes: tuple[int, ...]) -> int | None:
    return work(f"aten::{name}", json.dumps(shapes)).flops


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((2, 3), (3, 4), (48, 8)),
        ((3,), (3,), (6, 1)),
        ((2, 3), (3,), (12, 2)),
        ((3,), (3, 4), (24, 4)),
        ((5, 1, 2, 3), (6, 3, 4), (1440, 240)),
        ((0, 3), (3, 4), (0, 0)),
    ],
)
def test_products_of_matrices_vectors_and_batches(
    a: tuple[int, ...], b: tuple[int, ...], expected: tuple[int, int]
) -> None:
    assert matmul(a, b) == expected


@pytest.mark.parametrize(("a", "b"), [((2, 3), (4, 5)), ((), (3,)), ((2, 2, 3), (3, 3, 4))])
def test_shapes_that_do_not_fit_are_refused(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(UnknownWorkError):
        matmul(a, b)


def test_each_op_takes_its_own_arguments() -> None:
    assert flops("mm", (2, 3), (3, 4)) == 48
    assert flops("addmm", (4,), (2, 3), (3, 4)) == 48
    assert flops("addmm_", (2, 4), (2, 3), (3, 4)) == 48
    assert flops("baddbmm", (7, 2, 4), (7, 2, 3), (7, 3, 4)) == 7 * 48
    assert flops("linear", (7, 2, 3), (4, 3), (4,)) == 7 * 48
    assert flops("linear", (7, 2, 3), (3, 4)) is None
    assert flops("outer", (3,), (4,)) == 12
    assert flops("einsum", (2, 3), (3, 4)) is None


QUERY, KEY, VALUE = (2, 8, 5, 16), (2, 4, 7, 16), (2, 4, 7, 32)
GRADIENT = (2, 8, 5, 32)


def test_attention_is_two_products_forward_and_five_backward() -> None:
    forward = 2 * 2 * 8 * 5 * 7 * (16 + 32)
    for name in ("_flash_attention", "_efficient_attention", "_flash_attention_for_cpu"):
        assert flops(f"_scaled_dot_product{name}", QUERY, KEY, VALUE) == forward
    backward = 2 * 2 * 8 * 5 * 7 * (3 * 16 + 2 * 32)
    name = "_scaled_dot_product_flash_attention_backward"
    assert flops(name, GRADIENT, QUERY, KEY, VALUE) == backward
    swapped = [(b, length, heads, size) for b, heads, length, size in (QUERY, KEY, VALUE)]
    assert flops("_flash_attention_forward", *swapped) == forward


@pytest.mark.parametrize(
    "shapes",
    [(QUERY, KEY), (QUERY[1:], KEY[1:], VALUE[1:]), (KEY, QUERY, QUERY), (QUERY, KEY, QUERY)],
)
def test_attention_of_shapes_that_do_not_fit_is_not_known(
    shapes: tuple[tuple[int, ...], ...],
) -> None:
    assert flops("scaled_dot_product_attention", *shapes) is None


@pytest.mark.slow
def test_attention_counts_as_torch_does() -> None:
    from torch.utils import flop_counter

    for key, value in ((KEY, VALUE), ((2, 8, 7, 16), (2, 8, 7, 32))):
        forward = flop_counter.sdpa_flop_count(QUERY, key, value)
        assert flops("scaled_dot_product_attention", QUERY, key, value) == forward
        backward = flop_counter.sdpa_backward_flop_count(GRADIENT, QUERY, key, value)
        name = "_scaled_dot_product_efficient_attention_backward"
        assert flops(name, GRADIENT, QUERY, key, value) == backward
