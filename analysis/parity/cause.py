"""From all checks to the verdict and its reason: the first difference that explains the others."""

from collections.abc import Callable, Iterator, Sequence

from analysis import wording
from analysis.parity.binding_checks import REQUIRED
from analysis.parity.check import Check, Group, Verdict
from analysis.parity.phrases import (
    is_optimizer_kind,
    lowered,
    measured,
    setting_told,
    stock_name,
    told,
)

ESSENTIAL: tuple[Group, ...] = ("outputs", "loss", "losses")
"""What must have been compared for a model to be certified."""

DECISIVE: tuple[Group, ...] = (
    "workload",
    "weights",
    "samples",
    "batches",
    "structure",
    "asked",
    "setting",
)
"""What differs whatever numbers layers draw."""


def verdict(checks: Sequence[Check]) -> Verdict:
    """What the checks of arithmetic amount to."""
    apart = _differing(checks)
    if _draw_alike(checks) and not _differing(checks, *DECISIVE):
        return "not certifiable"
    if any(check.group != "stock" for check in apart):
        return "not comparable"
    if _unknown(checks):
        return "not certifiable"
    return "same model, stock optimizers differ" if apart else "same arithmetic"


def reason(checks: Sequence[Check]) -> str:
    """Why the verdict is what it is, in a sentence or two."""
    found = verdict(checks)
    if found == "not certifiable":
        return _why_not_certifiable(checks)
    if found == "not comparable":
        return next(text for cause in CAUSES for text in cause(checks))
    if found == "same arithmetic":
        return f"{agreed(checks)} agree."
    return " ".join(setting_told(check) for check in _differing(checks, "stock"))


def brief(checks: Sequence[Check]) -> str:
    """What stands behind the verdict in a summary: names, without their effects."""
    found = verdict(checks)
    if found == "same arithmetic":
        return f"; {agreed(checks)} agree"
    if found == "same model, stock optimizers differ":
        names = [stock_name(checks, check) for check in _differing(checks, "stock")]
        return f" ({wording.listed(names)}); {agreed(checks)} agree"
    return f": {lowered(reason(checks)).partition('. ')[0].rstrip('.')}"


def agreed(checks: Sequence[Check]) -> str:
    """What a reader wants to know to be alike, as far as it was compared."""
    names: dict[str, tuple[Group, ...]] = {
        "weights": ("weights",),
        "batches": ("samples", "batches"),
        "step 0": ("outputs", "loss", "gradient", "single", "single gradient"),
        "losses": ("losses", "matched"),
    }
    said = [name for name, groups in names.items() if _all_same(checks, groups)]
    return wording.listed(said) if said else "all checks"


def _all_same(checks: Sequence[Check], groups: Sequence[Group]) -> bool:
    found = [check.same for group in groups for check in _of(checks, group)]
    return bool(found) and all(found)


def _of(checks: Sequence[Check], *groups: Group) -> list[Check]:
    return [check for check in checks if check.group in groups]


def _differing(checks: Sequence[Check], *groups: Group) -> list[Check]:
    return [
        check
        for check in checks
        if check.kind == "arithmetic"
        and check.same is False
        and (not groups or check.group in groups)
    ]


def _draw_alike(checks: Sequence[Check]) -> bool:
    """Whether layers of both sides draw random numbers."""
    return any(check.same is None for check in _of(checks, "random"))


def _unknown(checks: Sequence[Check]) -> list[Check]:
    """Checks without which nothing is certified, and that could not be made."""
    return [
        check
        for check in checks
        if check.same is None and (check.group in ESSENTIAL or check.name in REQUIRED)
    ]


def _why_not_certifiable(checks: Sequence[Check]) -> str:
    for random in _of(checks, "random"):
        names = dict.fromkeys(str(each) for each in (random.left, random.right))
        return f"Layers draw random numbers: {wording.listed(names)}. {random.effect}"
    missing = _unknown(checks)[0]
    return f"Not compared: {missing.name}. {missing.effect}".rstrip()


def _workload(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "workload"):
        detail = next(
            (text for cause in (_layer, _settings) for text in cause(checks)), check.effect
        )
        yield f"The workloads differ. {detail}"


def _asked(checks: Sequence[Check]) -> Iterator[str]:
    """Another seed or batch size explains other weights, samples and batches."""
    asked = _differing(checks, "asked")
    optimizers = [each for each in _differing(checks, "setting") if is_optimizer_kind(each)]
    if asked:
        yield from (setting_told(each) for each in optimizers)
        yield told(asked[0])


def _structure(checks: Sequence[Check]) -> Iterator[str]:
    """A setting of a layer says more than a number of parameters."""
    apart = _differing(checks, "structure")
    if apart:
        settings = [each for each in _differing(checks, "setting") if each.of_layer]
        yield from (setting_told(each) for each in settings[:1])
        yield told(apart[0])


def _inputs(checks: Sequence[Check]) -> Iterator[str]:
    apart = _differing(checks, "samples", "batches")
    for check in _differing(checks, "weights"):
        layers = _differing(checks, "layer") if not apart else []
        part = (
            f' The outputs part at layer "{layers[0].subject}", with its weights.' if layers else ""
        )
        yield f"The initial weights differ.{part} {check.effect}"
    for check in apart:
        yield f"The {check.name} differ. {check.effect}"


def _form(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "form"):
        yield check.effect


def _random(checks: Sequence[Check]) -> Iterator[str]:
    """Random numbers explain all that is computed, so of the rest only settings are told first."""
    if _of(checks, "random"):
        yield from _settings(checks)
    for check in _differing(checks, "random"):
        names = check.left or check.right
        yield f"Layers of one side alone draw random numbers: {names}. {check.effect}"


def _layer(checks: Sequence[Check]) -> Iterator[str]:
    """The first layer whose outputs part, with its settings that differ.

    Without one, the cause may also be anything after the last layer that was compared and agrees.
    """
    for check in _differing(checks, "layer")[:1]:
        alias = f", {check.alias}" if check.alias else ""
        where = f'The outputs part at layer "{check.subject}"{alias}{measured(check)}.'
        settings = [
            setting_told(each)
            for each in _differing(checks, "setting")
            if each.subject == (check.subject if each.of_layer else "precision")
        ]
        compared = [each for each in _of(checks, "layer") if each.same is not None]
        agreeing = compared[: compared.index(check)]
        between = (
            f'Those of "{agreeing[-1].subject}" agree, so the cause is in "{check.subject}", or in '
            "what stands between the two."
            if agreeing
            else check.effect
        )
        yield " ".join([where, *(settings or [between])])


def _settings(checks: Sequence[Check]) -> Iterator[str]:
    """Settings explain losses, gradients and steps, where the outputs agree."""
    apart = _differing(checks, "setting")
    if apart:
        yield " ".join(setting_told(each) for each in apart[:2])


def _outputs(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "outputs"):
        yield f"The outputs of the model part after its last layer{measured(check)}."


def _loss(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "loss"):
        if check.difference is None:
            yield f"The loss of step 0 is broken. {check.effect}"
        agree = (
            f"All outputs agree and the loss of step 0 does not{measured(check)}"
            if _all_same(checks, ("outputs",))
            else f"The loss of step 0 does not agree{measured(check)}"
        )
        yield f"{agree}: the labels or the loss are not the same."


def _gradients(checks: Sequence[Check]) -> Iterator[str]:
    """Backward, the last parameter has its gradient first."""
    for check in _differing(checks, "gradient")[-1:]:
        yield (
            f'Outputs and loss agree, and the gradients part at "{check.subject}", the first of '
            f"them on the way back{measured(check)}."
        )


def _updates(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "losses"):
        yield f"The {check.name} do not agree{measured(check)}. {check.effect}"


def _single(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "single", "single gradient"):
        name = check.name.removesuffix(", float32")
        several = name.startswith("outputs")
        if check.difference is None:
            yield f"The {name} {'are' if several else 'is'} broken in float32. {check.effect}"
        yield (
            f"In float64 all agree, and in float32 the {name} {'do' if several else 'does'} "
            f"not{measured(check)}: one side rounds more, as TF32 does."
        )


def _matched(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "matched"):
        yield (
            "Outputs and gradients agree, and the optimizers do not, even with equal constants"
            f"{measured(check)}. {check.effect}"
        )


def _binding(checks: Sequence[Check]) -> Iterator[str]:
    for check in _differing(checks, "binding"):
        yield f"The models agree, but not the runs{measured(check)}. {check.effect}"


CAUSES: tuple[Callable[[Sequence[Check]], Iterator[str]], ...] = (
    _workload,
    _asked,
    _structure,
    _inputs,
    _form,
    _random,
    _layer,
    _settings,
    _outputs,
    _loss,
    _gradients,
    _updates,
    _single,
    _matched,
    _binding,
)
"""Most telling first."""
