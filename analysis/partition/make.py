"""Parts the steps of a profile among what was active in them."""

from collections.abc import Callable, Sequence

from analysis import wording
from analysis.annotate import Counted, Folded, annotated
from analysis.blocks import Strings, Trace
from analysis.folds.steps import Steps
from analysis.partition.fold import Parting
from analysis.partition.parts import parts_of
from analysis.partition.record import ANY_LAYER, Part, Partition
from analysis.partition.spans import spans_of
from analysis.timeorder import TimeOrder


def partition_of(
    trace: Trace, progress: Callable[[], None] | None = None, order: TimeOrder | None = None
) -> Partition:
    """Part the steps of a trace while it is read to its end; memory follows its variety.

    Args:
        trace: what a reader made of a file; it should hold all that the host did, as time that is
            left out becomes a gap.
        progress: called after each block that was read.
        order: where the events wait until all have been read.

    Raises:
        ProfileError: it can't be read.
    """
    recorded = annotated(trace, order, progress)
    parting = _parting(trace.strings, recorded.steps, recorded.counted)
    for folded in recorded.windows():
        if parting is not None:
            parting.take(folded)
    return _partition(parting, trace.strings, _losses(trace))


def partition_of_folded(folded: Folded) -> Partition:
    """Part the steps of a trace that was folded as a whole."""
    counted = Counted()
    counted.take(folded.block)
    parting = _parting(folded.strings, folded.steps, counted)
    if parting is not None:
        parting.take(folded)
    return _partition(parting, folded.strings)


def _parting(strings: Strings, steps: Steps, counted: Counted) -> Parting | None:
    spans = spans_of(steps, counted)
    if spans is None:
        return None
    return Parting.empty(strings, spans, counted.devices)


def _partition(parting: Parting | None, strings: Strings, notes: Sequence[str] = ()) -> Partition:
    if parting is None:
        return Partition(steps=0, marked=False, steps_ns=0, parts=[], notes=[*notes])
    keys, sums = parting.sums.sums()
    parts = parts_of(keys.tolist(), sums.tolist(), strings)
    begin_ns, end_ns = parting.spans.median_ns
    outside = [*_outside(parting)]
    return Partition(
        steps=len(parting.spans.steps.start_ns),
        marked=parting.spans.marked,
        steps_ns=parting.spans.steps.total_ns,
        device_ns=parting.device_ns,
        devices=[*parting.devices.values()],
        busy_ns={name: parting.busy_ns[device] for device, name in parting.devices.items()},
        parts=parts,
        calls=parting.calls.calls(strings, bool(parting.devices)),
        stretches=parting.lanes.stretches(strings, begin_ns),
        median_step_ns=end_ns - begin_ns,
        phases_known=any(part.phase for part in parts),
        layers_known=any(_layers(part) for part in parts),
        notes=[*notes, *outside],
    )


def _losses(trace: Trace) -> list[str]:
    """What the reader tells of a trace, and what of it is missing."""
    found = [f"The file is not whole: {trace.truncated}."] if trace.truncated else []
    if trace.dropped:
        found.append(f"{wording.counted(trace.dropped, 'event')} could not be understood.")
    return [wording.well_formed(note) for note in (*found, *trace.notes)]


def _layers(part: Part) -> bool:
    return any(layer != ANY_LAYER for layer in part.layers)


def _outside(parting: Parting) -> list[str]:
    """What of the devices' work lies before the first step."""
    return [
        f"Device {name} had {parting.outside_ns[device] / 1e6:.3g} ms of work before the first "
        "step, which is no part of it."
        for device, name in parting.devices.items()
        if parting.outside_ns.get(device)
    ]
