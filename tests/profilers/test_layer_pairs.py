from typing import Any

import pytest

from profilers import layer_pairs
from tests.profilers.test_mapping import model, unit
from workloads.native_model import MappedLayer

PAIRS = {(0, 0): (0, 0), (1, 0): (1, 0)}


def plain(owner: str, family: str, order: int | None, **facts: Any) -> Any:
    return unit(owner, family, order, **{"output": (2, 8), **facts})


def made(ours: list[Any], theirs: list[Any]) -> dict[str, MappedLayer]:
    """Two layers with arrays, first and last, with others that run between or after them."""
    ends = (unit("a", "linear", 0, weight=(8, 8)), unit("z", "linear", 9, weight=(8, 8)))
    others = (unit("m/a", "linear", 0, weight=(8, 8)), unit("m/z", "linear", 9, weight=(8, 8)))
    found = layer_pairs.layers(model("torch", *ends, *ours), model("tf", *others, *theirs), PAIRS)
    return {layer.name: layer for layer in found}


def partners(ours: list[Any], theirs: list[Any]) -> dict[str, str]:
    found = made(ours, theirs).items()
    return {name: each.keras_name for name, each in found if name not in ("a", "z")}


def test_layers_without_arrays_are_paired_between_two_that_have_some() -> None:
    ours = [plain("1", "activation", 1), plain("2", "pool", 2), plain("3", "activation", 10)]
    theirs = [plain("p", "pool", 4), plain("r", "activation", 3), plain("s", "activation", 12)]
    assert partners(ours, theirs) == {"1": "r", "2": "p", "3": "s"}
    names = list(made(ours, theirs))
    assert names == ["a", "1", "2", "z", "3"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([plain("1", "activation", 1)], [plain("r", "activation", 11)]),
        ([plain("1", "activation", 1)], [plain("r", "pool", 1)]),
        ([plain("1", "activation", None)], [plain("r", "activation", 1)]),
        (
            [plain("1", "activation", 1), plain("2", "activation", 2)],
            [plain("r", "activation", 1), plain("s", "activation", 2)],
        ),
        (
            [plain("1", "activation", 1), plain("2", "pool", 2)],
            [plain("r", "activation", 2), plain("s", "pool", 1)],
        ),
    ],
)
def test_what_may_be_another_layer_is_not_paired(ours: list[Any], theirs: list[Any]) -> None:
    assert partners(ours, theirs) == {}


def test_a_function_in_one_model_leaves_its_neighbours_paired() -> None:
    ours = [plain("1", "activation", 1), plain("2", "pool", 2)]
    assert partners(ours, [plain("p", "pool", 1)]) == {"2": "p"}


def test_dropout_has_its_own_name_on_each_side_even_alone() -> None:
    found = made([plain("d", "dropout", 1)], [plain("m/e", "dropout", 11)])
    assert (found["d"].torch, found["d"].keras) == (2, None)
    assert (found["m/e"].torch, found["m/e"].keras) == (None, 2)


def test_values_of_a_flattened_image_are_in_another_order() -> None:
    theirs = [plain("r", "dropout", 1)]
    flat = made([plain("1", "dropout", 1, image=(2, 2, 2))], theirs)["1"]
    assert (flat.keras_name, flat.turn) == ("r", None)
    assert made([plain("1", "dropout", 1)], theirs)["1"].turn == "same"


@pytest.mark.parametrize(
    ("inside", "turn", "applied"),
    [
        (None, "same", None),
        ("gelu", "same", "gelu"),
        ("softmax", None, None),
        ("own gelu", None, None),
    ],
)
def test_an_activation_inside_is_applied_or_outputs_are_not_compared(
    inside: str | None, turn: str | None, applied: str | None
) -> None:
    torch = model("torch", unit("a", "linear", weight=(8, 8), output=(2, 8)))
    keras = model("tf", unit("b", "linear", weight=(8, 8), output=(2, 8), activation=inside))
    (layer,) = layer_pairs.layers(torch, keras, {(0, 0): (0, 0)})
    assert (layer.turn, layer.activation) == (turn, applied)


@pytest.mark.parametrize(
    ("family", "one", "other", "turn"),
    [
        ("pool", (2, 8, 5, 6), (2, 5, 6, 8), "images"),
        ("pool", (2, 8, 8), (2, 8, 8), "channels"),
        ("activation", (2, 5, 6, 8), (2, 5, 6, 8), "same"),
        ("activation", (2, 8, 8), (2, 8, 8), None),  # either axis may be that of the channels
        ("linear", (2, 8, 8), (2, 8, 8), "same"),
    ],
)
def test_how_outputs_are_turned(family: str, one: Any, other: Any, turn: str | None) -> None:
    ours, theirs = plain("1", family, 1, output=one), plain("r", family, 1, output=other)
    if family == "linear":
        torch = model("torch", unit("1", family, weight=(8, 8), output=one))
        keras = model("tf", unit("r", family, weight=(8, 8), output=other))
        (layer,) = layer_pairs.layers(torch, keras, {(0, 0): (0, 0)})
        assert layer.turn == turn
    else:
        assert made([ours], [theirs])["1"].turn == turn
