"""The options -> what will be run: every check that can be made before anything is measured."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from profilers import asked_sides, interpreters, launch, native, options, records, rundir
from profilers.backend import Framework, frameworks
from profilers.plan import Plan, Side, run_names
from profilers.records import DataRecord, MissingSide, RunRecord, Settings
from profilers.rundir import ProfileError
from workloads import weights
from workloads.catalogue import find_workload
from workloads.native import BUILDERS, AnyWorkload, NativeWorkload
from workloads.options import written

if TYPE_CHECKING:
    from workloads.data.cache import CachedData


def make(asked: argparse.Namespace) -> Plan:
    """Check the request; data are fetched and made last.

    Raises:
        ProfileError, WorkloadError: it can't be met, by no framework of those asked for.
    """
    from profilers.asked_data import AskedData
    from profilers.sampling.cgroup import physical_cores

    known = frameworks()
    pairs = asked_sides.sides(asked, known)
    workload = find_workload(
        asked.workload or options.DEFAULT_WORKLOAD, asked_sides.workload_options(asked)
    )
    cpus = physical_cores()
    wanted = [asked_sides.settings(asked, *pair, workload, cpus) for pair in pairs]
    sides = [records.Side(s.framework, s.execution) for s in wanted]
    trains_first = asked.weights_from in known
    if isinstance(workload, NativeWorkload):
        teachers = [asked.weights_from] if trains_first else []
        native.check_builders(workload, [*(s.framework for s in wanted), *teachers])
    samples = AskedData(wanted[0].data, asked.download, workload)
    output = Path(asked.output)
    repeats = asked.repeats or (options.COMPARED_REPEATS if len(pairs) > 1 else 1)
    _check_output(output, asked.name, sides, repeats, trains_first)
    if asked.weights_from is not None and not trains_first:
        source = _weights_source(asked.weights_from, output, workload)
        wanted = [msgspec.structs.replace(s, weights_from=source) for s in wanted]
    programs = interpreters.parse(asked.python)
    for framework, _ in pairs:
        interpreters.find(framework.name, programs)
    ready, missing = _ready_sides(wanted, known, programs)
    teacher = None
    if trains_first:
        teacher = _teacher(asked, known[asked.weights_from], workload, ready[0], programs)
    data = _data(wanted[0], samples.prepare(asked.quiet))
    notes: list[str] = []
    if isinstance(workload, NativeWorkload):
        described = [*ready, teacher] if teacher is not None else ready
        used = _programs(described, workload, known, programs)
        made = native.prepare(workload, used, data)
        notes = made.notes
        for begun_with in {side.settings.weights_from for side in ready} - {None}:
            weights.load(Path(str(begun_with)) / rundir.WEIGHTS, made.workload)
        ready = [_knowing(side, made) for side in ready]
        teacher = None if teacher is None else _knowing(teacher, made)
    return Plan(
        asked=sides,
        missing=missing,
        sides=ready,
        teacher=teacher,
        data=data,
        output=output,
        name=asked.name,
        repeats=repeats,
        probes=asked.parity or len(ready) > 1,
        notes=notes,
    )


def _programs(
    sides: list[Side],
    workload: NativeWorkload,
    known: dict[str, Framework],
    programs: dict[str, str],
) -> list[native.Program]:
    """One for each framework, and for the one that trained the weights that sides begin with."""
    names = [side.framework.name for side in sides]
    found = [
        native.Program(side.framework, side.interpreter, side.settings)
        for side in (sides[names.index(name)] for name in dict.fromkeys(names))
    ]
    source = sides[0].settings.weights_from
    if source is not None:
        trained_by = rundir.read_json(Path(source) / rundir.RUN, RunRecord).settings.framework
        if trained_by not in names and BUILDERS.get(trained_by, "") in workload.builders:
            settings = msgspec.structs.replace(sides[0].settings, framework=trained_by)
            interpreter = interpreters.find(trained_by, programs)
            found.append(native.Program(known[trained_by], interpreter, settings))
    return found


def _knowing(side: Side, made: native.Prepared) -> Side:
    """The side with the model that was found out."""
    settings = msgspec.structs.replace(side.settings, model=made.workload.model_key)
    return replace(side, settings=settings, warnings=[*side.warnings, *made.warnings])


def _ready_sides(
    wanted: list[Settings], known: dict[str, Framework], programs: dict[str, str]
) -> tuple[list[Side], list[MissingSide]]:
    """The sides that can be run, and why the others can't; at least one can be."""
    sides: list[Side] = []
    missing: list[MissingSide] = []
    for number, settings in enumerate(wanted):
        try:
            sides.append(_ready(number, known[settings.framework], settings, programs))
        except ProfileError as error:
            if len(wanted) == 1:
                raise
            missing.append(MissingSide(number, str(error)))
    if not sides:
        titles = (known[wanted[each.side].framework].title for each in missing)
        reasons = dict(zip(titles, (each.reason for each in missing), strict=True))
        raise ProfileError(" ".join(f"{title}: {reason}" for title, reason in reasons.items()))
    _check_devices(sides)
    return sides, missing


def _ready(
    number: int | None, framework: Framework, settings: Settings, programs: dict[str, str]
) -> Side:
    """The side, once its interpreter has tried packages and device."""
    interpreter = interpreters.find(framework.name, programs)
    ready = launch.preflight(interpreter, framework, settings)
    settings = msgspec.structs.replace(settings, device=ready.device)
    return Side(number, framework, interpreter, settings, ready.warnings, ready.versions)


def _check_devices(sides: list[Side]) -> None:
    """Only `auto` can find a device for each side that is another one than the others'."""
    devices = {side.settings.device: side.framework.title for side in sides}
    if len(devices) > 1:
        found = " and ".join(f"{title} on {device}" for device, title in devices.items())
        reasons = " ".join(warning for side in sides for warning in side.warnings)
        raise ProfileError(
            f"--device auto would run {found}, which compares devices and not frameworks; "
            f"say --device cpu, or make the GPU visible to both. {reasons}".rstrip()
        )


def _teacher(
    asked: argparse.Namespace,
    framework: Framework,
    workload: AnyWorkload,
    side: Side,
    programs: dict[str, str],
) -> Side:
    """The run that trains the weights for the others, as plainly as its framework can."""
    threads = side.settings.threads
    settings = asked_sides.settings(asked, framework, framework.executions[0], workload, threads)
    settings = msgspec.structs.replace(settings, mode="train", device=side.settings.device)
    return _ready(None, framework, settings, programs)


def _weights_source(asked: str, output: Path, workload: AnyWorkload) -> str:
    """The run whose weights are asked for, by its path or its name; they must fit the workload."""
    places = (Path(asked), output / asked)
    found = next((place for place in places if os.path.exists(place / rundir.RUN)), None)
    if found is None:
        raise ProfileError(
            f"--from {asked} is neither a run nor a framework; name a run's folder, or "
            f"{' or '.join(frameworks())} to train there first."
        )
    record = rundir.read_json(found / rundir.RUN, RunRecord)
    if record.settings.workload_name != workload.name:
        raise ProfileError(
            f"--from {asked} trained {record.settings.workload}, not {workload.name}; "
            f"add --workload {record.settings.workload}, or take another run."
        )
    if not (found / rundir.WEIGHTS).exists():
        raise ProfileError(
            f"{found} holds no {rundir.WEIGHTS} (its mode is {record.settings.mode}, its status "
            f"{record.status}); take a run that trained to its end."
        )
    if record.settings.options != workload.options:
        options_then = written(record.settings.options) or "no options"
        raise ProfileError(
            f"--from {asked} trained {workload.name} with {options_then}, not with "
            f"{written(workload.options)}; give the same to --set, or take another run."
        )
    if not isinstance(workload, NativeWorkload):  # whose arrays are known when it was built
        weights.load(found / rundir.WEIGHTS, workload)
    return str(found)


def _check_output(
    output: Path, name: str | None, sides: list[records.Side], repeats: int, trains_first: bool
) -> None:
    """Find out now, and not after a minute, that results could not be written."""
    if name is not None:
        names = run_names(name, sides, repeats)
        if not trains_first:
            del names[None, 1]
        wanted = [*names.values(), *([f"compare-{name}"] if len(sides) > 1 else [])]
        for taken in (output / each for each in wanted if os.path.exists(output / each)):
            raise ProfileError(f"{taken} exists already; choose another --name or remove it.")
    nearest = next(
        path for path in (output.absolute(), *output.absolute().parents) if os.path.exists(path)
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ProfileError(f"{output} can't be written to; choose a folder with --output.")


def _data(settings: Settings, made: "CachedData") -> DataRecord:
    from workloads.batches import BatchOrder

    count = made.train_count if settings.mode == "train" else made.test_count
    BatchOrder(count, settings.batch_size, settings.seed)
    return DataRecord(
        name=made.name,
        description=made.description,
        cache_key=made.key,
        sha256=made.sha256,
        train_count=made.train_count,
        test_count=made.test_count,
        input_shape=made.input_shape,
        classes=made.classes,
    )
