import pytest

from analysis.categories import jax_ops


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dot_general", ("matmul", "matmul", "")),
        ("conv_general_dilated", ("convolution", "convolution", "")),
        ("reduce_window_max", ("pooling", "max_pool", "")),
        ("psum", ("communication", "all_reduce", "")),
        ("convert_element_type", ("layout", "cast", "")),
        ("PjitFunction(train_step)", ("runtime", "call", "")),
        ("jit_train_step", ("runtime", "call", "")),
        ("integer_pow", ("elementwise", "power", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = jax_ops.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert jax_ops.find(name) is None
