import json

import pytest

from analysis.formulas.call import UnknownWorkError, broadcast, parse_call, parse_numbers


def test_arguments_are_tensors_lists_of_tensors_or_values() -> None:
    call = parse_call(
        "[[2, 3], [[4], [5, 6]], [], [], []]",
        '["", "", "", "[1, 2]", "True"]',
        '["float", "TensorList", "double", "ScalarList", "Scalar"]',
    )
    assert call.shapes == (((2, 3),), ((4,), (5, 6)), ((),), (), ())
    assert call.tensors == (0, 1, 2)
    assert [call.elements(i) for i in call.tensors] == [6, 34, 1]
    assert call.numbers(3, 2) == (1, 2)
    assert call.flags(4) == (True,)
    assert call.element_bytes(2) == 8


def test_one_number_stands_for_every_axis() -> None:
    call = parse_call("[[1]]", '["[3]", "7", "[]"]', "")
    assert call.numbers(0, 2) == (3, 3)
    assert call.numbers(1, 1) == (7,)
    with pytest.raises(UnknownWorkError):
        call.numbers(2, 1)


@pytest.mark.parametrize(
    "shapes",
    [
        "",
        "{}",
        "[1]",
        "[[-1]]",
        "[[1.5]]",
        '[["a"]]',
        "[[1, [2]]]",
        "[[[[1]]]]",
        "[" * 100_000,
        f"[[{10**30}]]",
        "[[true]]",
        "\ud800",
    ],
)
def test_what_is_no_list_of_shapes_is_refused(shapes: str) -> None:
    with pytest.raises(UnknownWorkError):
        parse_call(shapes, "", "")


@pytest.mark.parametrize("position", [-1, 1, 9])
def test_an_argument_that_is_missing_or_no_tensor_is_refused(position: int) -> None:
    call = parse_call("[[1], []]", '["", ""]', '["float", "Scalar"]')
    for read in (call.shape, call.text, call.elements, call.element_bytes, call.flags):
        with pytest.raises(UnknownWorkError):
            read(position)


@pytest.mark.parametrize("text", ["", "[]", "x", "[1, x]", "9" * 20, "1.5", "-"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(UnknownWorkError):
        parse_numbers(text)


def test_shapes_are_broadcast_from_the_right() -> None:
    assert broadcast([(2, 1, 4), (3, 1), ()]) == (2, 3, 4)
    assert broadcast([(0,), (1,)]) == (0,)
    assert broadcast([]) == ()
    with pytest.raises(UnknownWorkError):
        broadcast([(2,), (3,)])


def test_values_that_are_no_texts_are_read_as_they_would_be_written() -> None:
    assert parse_call("[[1], []]", json.dumps(["", True]), "").flags(1) == (True,)
