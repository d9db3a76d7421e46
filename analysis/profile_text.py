"""What a profile says, as lines of text: phases of a step, layers, operations and kernels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.derived import Profile, TableRow
from analysis.ops.table import GAPS, NO_LAYER
from analysis.terminal import HEADING, MUTED, Line, line

ROWS = 5
BAR_WIDTH = 28
NAME_WIDTH = 44
FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True)
class Scale:
    """The unit of all times of one profile; `decimals` show three digits of the longest."""

    unit: str
    ns: float

    def column(
        self, times_ns: Sequence[float | None], longest_ns: float | None = None
    ) -> list[str]:
        """Times as numbers with as many decimals as the longest one needs, or `longest_ns`."""
        if longest_ns is None:
            longest_ns = max((time_ns for time_ns in times_ns if time_ns is not None), default=0)
        decimals = wording.decimals_for(longest_ns / self.ns)
        return [
            wording.number(None if time_ns is None else time_ns / self.ns, decimals)
            for time_ns in times_ns
        ]


def lines(profile: Profile, colour: str) -> Iterator[Line]:
    """Where the profiled step goes; the bars are drawn in `colour`."""
    coverage = profile.coverage
    yield line()
    if not coverage.steps_ns:
        yield line(("Where", HEADING), "    the profile marks no steps: no times of a step")
        return
    step_ns = coverage.steps_ns / coverage.steps
    scale = Scale(*wording.time_unit(step_ns))
    yield from _where(profile, scale, step_ns, colour)
    yield line()
    yield from _layers(profile.layers, scale)
    yield line()
    yield from _operations("Top operations, by self time", profile.ops, scale)
    kernels = [row for row in profile.kernels if row.count]
    if kernels:
        yield line()
        yield from _operations("Top work on the GPU", kernels, scale)


def _where(profile: Profile, scale: Scale, step_ns: float, colour: str) -> Iterator[Line]:
    rows = sorted(profile.phases, key=lambda row: (row.key == GAPS, -(row.total_ns_per_step or 0)))
    [length] = scale.column([step_ns])
    title = f"a profiled step takes {length} {scale.unit}, mean of {profile.coverage.steps}"
    yield line(("Where", HEADING), f"    {title:<47}{_host(profile) + scale.unit:>14}")
    longest_ns = max((row.total_ns_per_step or 0 for row in rows), default=0) or 1
    times = scale.column([row.total_ns_per_step for row in rows])
    for row, time in zip(rows, times, strict=True):
        style = MUTED if row.key == GAPS else colour
        bar = _bar((row.total_ns_per_step or 0) / longest_ns)
        yield line(
            f"  {wording.shortened(row.key, 15):<16}",
            (f"{bar:<{BAR_WIDTH + 8}}", style),
            f"{time:>16}   ",
            (_note(row, profile.layers, scale), MUTED),
        )
    for device, busy_ns in profile.busy_ns.items():
        busy = wording.percent(busy_ns / profile.coverage.steps_ns)
        yield line((f"  GPU {device} had work for {busy} of the profiled steps", MUTED))


def _host(profile: Profile) -> str:
    """Beside an accelerator it must be said whose time the phases are."""
    return "host, " if profile.busy_ns else ""


def _bar(ratio: float) -> str:
    return "█" * max(round(BAR_WIDTH * ratio), 1 if ratio > 0 else 0)


def _note(row: TableRow, layers: list[TableRow], scale: Scale) -> str:
    """The layer that takes most of a phase; for the gaps their share of the step."""
    if row.key == GAPS:
        return f"outside the phases, {wording.percent(row.share_ratio)}"
    own = [each for each in layers if each.phase == row.key and each.key != NO_LAYER]
    if not own:
        return ""
    largest = max(own, key=lambda each: each.self_ns_per_step or 0)
    time = wording.number((largest.self_ns_per_step or 0) / scale.ns)
    number = "layer " if largest.key[:1].isdigit() else ""
    return f"{number}{wording.shortened(largest.key, 18)} {time}"


def _layers(rows: list[TableRow], scale: Scale) -> Iterator[Line]:
    """The layers with the most self time of operations; what they leave are rows of their own."""
    names = list(dict.fromkeys(row.key for row in rows))
    layers = sorted(
        (name for name in names if name != NO_LAYER), key=lambda name: -_time(rows, [name])
    )
    if not layers:
        yield line(("Layers", HEADING), "   none: code run this way is recorded without its layers")
        return
    groups = {wording.shortened(name, 34): [name] for name in layers[:ROWS]}
    if layers[ROWS:]:
        groups[wording.counted(len(layers) - ROWS, "other layer")] = layers[ROWS:]
    if NO_LAYER in names:
        groups["no layer"] = [NO_LAYER]
    yield line(
        ("Layers", HEADING),
        f"{', self time of their operations':<32}{FORWARD:>10}{BACKWARD:>10}"
        f"{'all, ' + scale.unit:>12}{'share':>8}",
    )
    whole_ns = _time(rows, names) or 1
    longest_ns = max(_time(rows, members) for members in groups.values())
    columns = [
        scale.column([_time(rows, members, phase) for members in groups.values()], longest_ns)
        for phase in (FORWARD, BACKWARD, None)
    ]
    for (title, members), *times in zip(groups.items(), *columns, strict=True):
        share = wording.percent(_time(rows, members) / whole_ns)
        text = f"  {title:<36}{times[0]:>10}{times[1]:>10}{times[2]:>12}{share:>8}"
        yield line((text, MUTED if members != [title] else ""))


def _time(rows: list[TableRow], names: list[str], phase: str | None = None) -> float:
    return sum(
        row.self_ns_per_step or 0 for row in rows if row.key in names and phase in (None, row.phase)
    )


def _calls(count: float | None) -> str:
    """How often an operation runs in a step: mostly a whole number."""
    whole = count is not None and count >= 1 and count == int(count)
    return wording.count(int(count)) if whole and count is not None else wording.number(count)


def _operations(title: str, rows: list[TableRow], scale: Scale) -> Iterator[Line]:
    top = sorted(rows, key=lambda row: -row.self_ns)[:ROWS]
    yield line((title, HEADING), f"{'calls':>{58 - len(title)}}{scale.unit:>12}{'share':>8}")
    times = scale.column([row.self_ns_per_step for row in top])
    for row, time in zip(top, times, strict=True):
        calls = _calls(row.count_per_step)
        yield line(
            f"  {wording.shortened(row.key, NAME_WIDTH):<46}{calls:>10}{time:>12}"
            f"{wording.percent(row.share_ratio):>8}"
        )
