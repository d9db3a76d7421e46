"""Checks of what two probes computed: layers, losses and gradients in float64, and in float32."""

from collections.abc import Iterator, Sequence

import msgspec

from analysis import wording
from analysis.parity import forms, tolerances
from analysis.parity.check import Check, Group
from analysis.parity.numbers import band, largest, loss_distance
from analysis.parity.reader import Pair, Probed
from analysis.parity.value_checks import array_check, loss_check, with_effect
from profilers.parity_record import ArrayRecord, ParameterRecord

FROM_HERE = "All that follows in the model is computed from other values."
OTHER_TRAINING = "The two do not learn the same, so their accuracies can't be compared either."
OTHER_UPDATE = "Its weights are moved otherwise in each step."
ROUNDING = "One side rounds more than float32 does, as TF32 would."
AS_DOUBLE = "They part in float64 too, so this is not rounding."


def checks(pair: Pair) -> Iterator[Check]:
    """Float64 layer by layer, with its losses and gradients; then float32; then the optimizer."""
    yield from _layers(pair)
    outputs = _unless_of_two_forms(pair, _outputs(pair))
    yield outputs
    yield from _form(pair)
    yield from _losses(pair)
    yield from _gradients(pair, single=False)
    effect = AS_DOUBLE if outputs.same is False else ROUNDING
    yield _unless_of_two_forms(pair, _single_outputs(pair, effect))
    yield _single_loss(pair, effect)
    yield from _gradients(pair, single=True)
    yield _matched(pair)


def _layers(pair: Pair) -> Iterator[Check]:
    """Outputs layer by layer, in the order in which the left side has them."""
    others = {layer.name: layer.output for layer in pair.right.record.layers}
    aliases = _aliases(pair)
    first = None
    for layer in pair.left.record.layers:
        check = _layer(pair, layer.name, layer.output, others.pop(layer.name, None))
        check = msgspec.structs.replace(check, alias=aliases.get(layer.name, ""))
        if check.same is False and first is not None:
            check = with_effect(check, f'It comes after "{first}", where the outputs part.')
        elif check.same is False:
            first = layer.name
        yield check
    for name, output in others.items():
        yield _layer(pair, name, None, output)


def _aliases(pair: Pair) -> dict[str, str]:
    """What a side calls a layer whose shared name is another one."""
    return {
        layer.name: wording.plain(f"{layer.native} in {name}")
        for name, side in pair.both
        for layer in side.record.layers
        if layer.native != layer.name
    }


def _layer(pair: Pair, name: str, left: ArrayRecord | None, right: ArrayRecord | None) -> Check:
    check = array_check(
        pair,
        f"output of {name}, float64",
        "layer",
        (left, right),
        tolerances.DOUBLE_OUTPUT,
        subject=name,
        effect=FROM_HERE,
    )
    last = forms.is_given(pair.left, left) and forms.is_given(pair.right, right)
    return _unless_of_two_forms(pair, check) if last else check


def _outputs(pair: Pair) -> Check:
    return array_check(
        pair,
        "outputs of the model, float64",
        "outputs",
        (pair.left.record.outputs, pair.right.record.outputs),
        tolerances.DOUBLE_OUTPUT,
        effect="The same samples are given other scores.",
    )


def _form(pair: Pair) -> Iterator[Check]:
    """Whether one side gives probabilities to a loss that takes logits."""
    given = [forms.gives_probabilities(side) for _, side in pair.both]
    who = [
        name
        for (name, side), probabilities in zip(pair.both, given, strict=True)
        if probabilities and not forms.takes_probabilities(side)
    ]
    if not any(given):
        return
    named = ["probabilities" if probabilities else "logits" for probabilities in given]
    yield Check(
        name="what the outputs are",
        group="form",
        left=named[0],
        right=named[1],
        same=None if forms.one_takes_probabilities(pair) else given[0] == given[1],
        effect=f"A softmax stands before the cross-entropy of {wording.listed(who)}, which takes "
        "logits: the loss is flatter and gradients are smaller. Leave it out of the model."
        if who
        else _right_form(pair),
    )


def _right_form(pair: Pair) -> str:
    """Why outputs can't be compared though each loss takes them; nothing where they can."""
    if not forms.one_takes_probabilities(pair):
        return ""
    gives = forms.gives_probabilities(pair.left)
    one, other = pair.names if gives else pair.names[::-1]
    return (
        f"{one} gives probabilities, which its own loss takes, and {other} gives logits: losses "
        "and gradients decide."
    )


def _unless_of_two_forms(pair: Pair, check: Check) -> Check:
    """The check of a model's outputs, not made where they are probabilities on one side alone."""
    if not forms.one_takes_probabilities(pair):
        return check
    return msgspec.structs.replace(
        check, group="form", same=None, effect=_right_form(pair), difference=None, tolerance=None
    )


def _losses(pair: Pair) -> Iterator[Check]:
    left, right = pair.left.record.double.losses, pair.right.record.double.losses
    steps = min(len(left), len(right))
    rows: tuple[tuple[str, Group, int], ...] = (
        ("loss of step 0, float64", "loss", 1),
        (f"losses of {steps} steps of SGD, float64", "losses", steps),
    )
    for name, group, count in rows:
        curves = left[:count], right[:count]
        distance = loss_distance(*curves, [tolerances.DOUBLE_LOSS] * steps)
        yield loss_check(pair, name, group, curves, distance, OTHER_TRAINING)


def _gradients(pair: Pair, *, single: bool) -> Iterator[Check]:
    """Gradients parameter by parameter, in the order of the model."""
    precision = "float32" if single else "float64"
    group: Group = "single gradient" if single else "gradient"
    others = {parameter.name: parameter for parameter in pair.right.record.parameters}
    least = tolerances.LEAST_GRADIENT * max(_largest(side, single) for _, side in pair.both)
    for parameter in pair.left.record.parameters:
        if parameter.name in others:
            yield array_check(
                pair,
                f"gradient of {parameter.name}, {precision}",
                group,
                (_gradient(parameter, single), _gradient(others[parameter.name], single)),
                tolerances.SINGLE_GRADIENT if single else tolerances.DOUBLE_GRADIENT,
                subject=parameter.name,
                least_scale=least,
                effect=OTHER_UPDATE,
            )


def _gradient(parameter: ParameterRecord, single: bool) -> ArrayRecord:
    return parameter.single if single else parameter.gradient


def _largest(side: Probed, single: bool) -> float:
    """The largest gradient of a side; 0 where there is none that is finite."""
    found = (largest(side.array(_gradient(each, single))) for each in side.record.parameters)
    return max((value for value in found if value < float("inf")), default=0.0)


def _single_outputs(pair: Pair, effect: str) -> Check:
    return array_check(
        pair,
        "outputs of the model, float32",
        "single",
        (pair.left.record.single_outputs, pair.right.record.single_outputs),
        tolerances.SINGLE_OUTPUT,
        effect=effect,
    )


def _single_loss(pair: Pair, effect: str) -> Check:
    curves = [pair.left.record.single_loss], [pair.right.record.single_loss]
    distance = loss_distance(*curves, [tolerances.SINGLE_LOSS])
    return loss_check(pair, "loss of step 0, float32", "single", curves, distance, effect)


def _matched(pair: Pair) -> Check:
    """Losses of the optimizer with its constants made equal, within what rounding does to them."""
    curves = pair.left.record.matched, pair.right.record.matched
    losses = curves[0].losses, curves[1].losses
    allowed: Sequence[float] = band(tolerances.least_band("fp32"), *curves)
    distance = loss_distance(*losses, allowed)
    name = f"losses of {min(map(len, losses))} steps, optimizer matched"
    effect = "The optimizers differ in more than their constants, or the precision does."
    return loss_check(pair, name, "matched", losses, distance, effect)
