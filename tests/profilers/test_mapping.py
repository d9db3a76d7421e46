from typing import Any

import pytest

from profilers import mapping
from profilers.description import Description, Slot, Unit
from workloads.spec import WorkloadError


def unit(owner: str, family: str, order: int | None = 0, **changes: Any) -> Unit:
    """A unit whose arrays are given as role=shape."""
    facts = {
        name: changes.pop(name)
        for name in ("image", "output", "activation", "kind")
        if name in changes
    }
    trainable = changes.pop("trainable", True)
    slots = tuple(
        Slot(role=role, native=f"{owner}/{role}", shape=shape, trainable=trainable)
        for role, shape in changes.items()
    )
    return Unit(owner=owner, family=family, order=order, slots=slots, **{"kind": family, **facts})


def model(framework: str, *units: Unit, output: tuple[int, ...] = (2, 10)) -> Description:
    return Description(framework=framework, units=units, output_shape=output)


def agreed(torch: Description, keras: Description, given: Any = None) -> dict[str, str]:
    made = mapping.agree(torch, keras, given or {}, "m.py")
    return {array.name: array.keras_name for array in made.arrays}


def test_units_of_one_shape_are_paired_in_the_order_in_which_they_run() -> None:
    torch = model(
        "torch", unit("a", "linear", 2, weight=(4, 4)), unit("b", "linear", 1, weight=(4, 4))
    )
    keras = model(
        "tf", unit("x", "linear", 5, weight=(4, 4)), unit("y", "linear", 9, weight=(4, 4))
    )
    assert agreed(torch, keras) == {"a.weight": "y/weight", "b.weight": "x/weight"}


def test_equal_names_go_before_the_order() -> None:
    torch = model(
        "torch", unit("n.a", "linear", 1, weight=(4, 4)), unit("n.b", "linear", 2, weight=(4, 4))
    )
    keras = model(
        "tf", unit("m/b", "linear", 1, weight=(4, 4)), unit("m/a", "linear", 2, weight=(4, 4))
    )
    assert agreed(torch, keras) == {"n.a.weight": "m/a/weight", "n.b.weight": "m/b/weight"}


def test_weight_and_bias_stay_together_and_statistics_too() -> None:
    parts = {"weight": (8,), "bias": (8,), "running_mean": (8,), "running_variance": (8,)}
    torch = model("torch", unit("n", "norm", **parts))
    keras = model("tf", unit("bn", "norm", **dict(reversed(parts.items()))))
    assert agreed(torch, keras) == {f"n.{role}": f"bn/{role}" for role in parts}


def test_layers_of_one_recurrent_module_are_paired_with_several() -> None:
    parts = {"input_weight": (3, 8), "hidden_weight": (2, 8), "bias": (8,)}
    second = {f"{role}_l1": shape for role, shape in parts.items()}
    torch = model("torch", unit("lstm", "lstm", 0, **parts), unit("lstm", "lstm", 0, **second))
    keras = model("tf", unit("one", "lstm", 1, **parts), unit("two", "lstm", 2, **parts))
    found = agreed(torch, keras)
    assert found["lstm.bias"] == "one/bias"
    assert found["lstm.bias_l1"] == "two/bias"


def test_arrays_of_no_known_layer_are_paired_by_shape() -> None:
    torch = model("torch", unit("", "other", 0, token=(1, 8), place=(5, 8)))
    keras = model("tf", unit("a", "other", 1, kernel=(5, 8)), unit("b", "other", 2, kernel=(1, 8)))
    assert agreed(torch, keras) == {"place": "a/kernel", "token": "b/kernel"}


def test_what_the_user_says_goes_first() -> None:
    torch = model(
        "torch", unit("a", "linear", 1, weight=(4, 4)), unit("b", "linear", 2, weight=(4, 4))
    )
    keras = model(
        "tf", unit("m/x", "linear", 1, weight=(4, 4)), unit("m/y", "linear", 2, weight=(4, 4))
    )
    found = agreed(torch, keras, {"a/weight": ("y/weight", None)})
    assert found == {"a.weight": "m/y/weight", "b.weight": "m/x/weight"}


@pytest.mark.parametrize(
    ("theirs", "ours", "said", "image"),
    [
        ((2, 3, 4), None, None, (2, 3, 4)),
        ((2, 3, 4), (4, 2, 3), None, (2, 3, 4)),
        (None, (4, 2, 3), None, (2, 3, 4)),
        ((2, 3, 4), (2, 3, 4), None, None),  # torch has turned it before
        ((2, 3, 4), (4, 2, 3), (), None),
        (None, None, (2, 3, 4), (2, 3, 4)),
        ((6, 4, 1), (1, 6, 4), None, None),
        (None, None, None, None),
    ],
)
def test_rows_after_a_flattened_image(theirs: Any, ours: Any, said: Any, image: Any) -> None:
    torch = model("torch", unit("fc", "linear", weight=(24, 5), bias=(5,), image=ours))
    keras = model("tf", unit("dense", "linear", weight=(24, 5), bias=(5,), image=theirs))
    given = (
        {}
        if said is None
        else {"fc/weight": ("dense/weight", said), "fc/bias": ("dense/bias", None)}
    )
    made = mapping.agree(torch, keras, given, "m.py")
    images = {array.name: array.image for array in made.arrays}
    assert images == {"fc.weight": image, "fc.bias": None}
    assert bool(made.notes) == (image is not None and said is None)


@pytest.mark.parametrize(
    ("family", "one", "other", "turn"),
    [
        ("conv", (2, 8, 5, 6), (2, 5, 6, 8), "images"),
        ("conv", (2, 8, 5), (2, 5, 8), "channels"),
        ("linear", (2, 5, 8), (2, 5, 8), "same"),
        ("linear", (2, 5, 8), (2, 8, 5), None),
        ("lstm", None, (2, 8), None),
    ],
)
def test_how_outputs_of_layers_are_turned(family: str, one: Any, other: Any, turn: Any) -> None:
    torch = model("torch", unit("a", family, weight=(3, 8), output=one))
    keras = model("tf", unit("b", family, weight=(3, 8), output=other, activation="relu"))
    (layer,) = mapping.agree(torch, keras, {}, "m.py").layers
    assert (layer.name, layer.keras_name, layer.turn) == ("a", "b", turn)
    assert layer.activation == "relu"


LINEAR = unit("fc", "linear", weight=(784, 10))


@pytest.mark.parametrize(
    ("keras", "given", "message"),
    [
        (model("tf", LINEAR, output=(2, 12)), {}, r"gives 2×10 and build_keras's 2×12"),
        (
            model("tf", unit("d", "linear", weight=(784, 10), bias=(10,))),
            {},
            r"torch: fc/weight \(linear\) 784×10; Keras: d/weight \(linear\) 784×10, d/bias",
        ),
        (model("tf", LINEAR), {"fc/weigth": ("x", None)}, r'"fc/weigth", which the torch model'),
        (model("tf", LINEAR), {"fc/weight": ("x", None)}, r'"x", which the Keras model has not'),
        (
            model("tf", unit("d", "linear", weight=(10, 10))),
            {"fc/weight": ("d/weight", None)},
            r"784×10 in Keras' layout\) with d/weight \(10×10\)",
        ),
    ],
)
def test_what_can_not_be_paired_is_one_sentence(keras: Any, given: Any, message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        mapping.agree(model("torch", LINEAR), keras, given, "m.py")


def test_classes_in_the_wrong_place_have_a_remedy() -> None:
    torch = model("torch", LINEAR, output=(2, 3, 8, 7))
    with pytest.raises(WorkloadError, match=r"permute\(0, 2, 3, 1\)"):
        mapping.agree(torch, model("tf", LINEAR, output=(2, 8, 7, 3)), {}, "m.py")


def test_what_is_frozen_on_one_side_is_a_warning() -> None:
    frozen = unit("fc", "linear", weight=(784, 10), trainable=False)
    (warning,) = mapping.agree(model("torch", frozen), model("tf", LINEAR), {}, "m.py").warnings
    assert "is trained in Keras and frozen in torch" in warning


def test_one_model_alone_has_its_own_names() -> None:
    made = mapping.alone(model("tensorflow", unit("m/d", "linear", weight=(4, 4))))
    assert [(a.name, a.keras, a.torch) for a in made.arrays] == [("m/d.weight", (0, 0), None)]
    assert [(layer.name, layer.keras) for layer in made.layers] == [("m/d", 0)]
