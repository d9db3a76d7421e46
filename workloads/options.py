"""The options of a workload, as --set gives them: their types, and what a model may need."""

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches

import msgspec

from workloads.layers import Attention
from workloads.spec import Option, Planted, Workload, WorkloadError

MOST = 2**24
MOST_BYTES = 64e9
FLOAT_BYTES = 4
PLANTED: dict[str, Option] = {"burden_layer": "", "burden_ms": 0.0, "wait_ms": 0.0}
"""Options of every workload that only tests of the analysis give (CONTRIBUTING.md)."""


def made(
    default: Workload, make: Callable[..., Workload] | None, given: Mapping[str, Option]
) -> Workload:
    """The workload with these options.

    Args:
        default: the workload as it is without options.
        make: its function, whose keywords are `default.options`; None where there are none.
        given: values by name, as texts or of the type that they are to have.

    Raises:
        WorkloadError: an option is unknown or of a wrong type, or no model can be made of them.
    """
    if not given:
        return default
    options = default.options if make else {}
    try:
        known = {**options, **PLANTED}
        values = {name: _value(name, value, known, options) for name, value in given.items()}
        planted = {name: values.pop(name) for name in PLANTED if name in values}
        workload = make(**{**options, **values}) if make else default
        _check_size(workload)
        return _with(workload, planted) if planted else workload
    except WorkloadError as error:
        problem = str(error).removesuffix(".").removeprefix(f"{default.name}: ")
        raise WorkloadError(f"{default.name}: {problem}; {_known(options)}.") from None


def _with(workload: Workload, planted: dict[str, Option]) -> Workload:
    """The workload with what is planted in its runs, which its options tell too."""
    name = planted.get("burden_layer")
    if ("burden_ms" in planted) != (name is not None):
        raise WorkloadError("burden_layer and burden_ms go together")
    names = [layer.name for layer in workload.layers]
    if name is not None and name not in names:
        raise WorkloadError(f"burden_layer is none of its layers: {', '.join(names)}")
    return msgspec.structs.replace(
        workload,
        options=workload.options | planted,
        planted=msgspec.convert(planted, Planted),
    )


def written(options: Mapping[str, Option]) -> str:
    """Options as --set takes them, each after a comma."""
    return ", ".join(f"{name}={value}" for name, value in options.items())


def _known(options: Mapping[str, Option]) -> str:
    return f"its options and defaults are {written(options)}" if options else "it has no options"


def _value(
    name: str, value: Option, known: Mapping[str, Option], options: Mapping[str, Option]
) -> Option:
    """The value, of its default's type; numbers are positive, and finite.

    `options` are those of the known ones that are told.
    """
    if name not in known:
        near = get_close_matches(name, options, 1)
        raise WorkloadError(f'it has no option "{name}"' + "".join(f" (is it {n}?)" for n in near))
    kind = type(known[name])
    try:
        converted = kind(value)
    except (ValueError, OverflowError):
        converted = None
    if isinstance(converted, str):
        return converted
    rounded = not isinstance(value, str) and converted != value
    if converted is None or rounded or not 0 < converted <= MOST:
        whole = "whole " if kind is int else ""
        raise WorkloadError(f"{name} is a {whole}number above 0 and at most {MOST:,}, not {value}")
    return converted


def _check_size(workload: Workload) -> None:
    """Refuse what no machine that this is for can hold."""
    weights = sum(math.prod(shape) for shape in workload.parameter_shapes().values())
    sample = math.prod(workload.input_shape)
    for placed in workload.placed():
        sample += math.prod(placed.output)
        if isinstance(placed.layer, Attention):
            sample += placed.layer.heads * placed.shape[0] ** 2
    needs = {"its weights": weights, "the values of a batch": sample * workload.batch_size}
    for what, numbers in needs.items():
        if numbers * FLOAT_BYTES > MOST_BYTES:
            raise WorkloadError(
                f"{what} would take {numbers * FLOAT_BYTES / 1e9:,.0f} GB, over "
                f"{MOST_BYTES / 1e9:.0f} GB"
            )
