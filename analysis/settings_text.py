"""What stands beside every number: workload, data, batch, precision, device and versions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from analysis import wording
from analysis.layout import tied
from profilers.records import DataRecord, Environment, Settings

UNTOLD = ("numpy",)
"""Packages whose versions a short sentence leaves out."""


def sentence(
    settings: Settings,
    data: DataRecord,
    environments: Iterable[Environment | None],
    *,
    short: bool = False,
) -> str:
    """The settings of runs, whose parts are not torn at a line's end.

    Args:
        settings: what was asked for.
        data: which data that was.
        environments: what each side of it ran on; the first one that is known names the device.
        short: whether what the data are, and versions of no consequence, are left out.
    """
    known = [environment for environment in environments if environment is not None]
    parts = [
        _workload(settings),
        data.name if short else f"{data.name} ({data.description})",
        f"batch {settings.batch_size}",
        settings.optimizer if settings.mode == "train" else "",
        wording.PRECISIONS.get(settings.precision, settings.precision),
        _device(settings.device, known[:1]),
        wording.counted(settings.threads, "thread"),
        _loader(settings),
        f"weights of {Path(settings.weights_from).name}" if settings.weights_from else "",
    ]
    asked = ", ".join(tied(part) for part in parts if part)
    return "; ".join(filter(None, [asked, _versions(known, UNTOLD if short else ())]))


def _workload(settings: Settings) -> str:
    """The workload with its options, as matmul (size 1024)."""
    options = _options(settings.options)
    return f"{settings.workload_name} ({options})" if options else settings.workload_name


def _options(options: Mapping[str, int | float | str]) -> str:
    texts = (f"{value:g}" if isinstance(value, float) else value for value in options.values())
    return ", ".join(f"{name} {text}" for name, text in zip(options, texts, strict=True))


def _loader(settings: Settings) -> str:
    """The pipeline with the number of its workers; samples that are preloaded are the rule."""
    if settings.loader == "preloaded":
        return ""
    return f"{settings.loader} of {wording.counted(settings.loader_workers, 'worker')}"


def _device(device: str, environments: list[Environment]) -> str:
    written = "CPU" if device == "cpu" else device
    found = [each["name"] for known in environments for each in known.devices if each.get("name")]
    return f"{found[0]} ({written})" if found else written


def _versions(environments: list[Environment], untold: Sequence[str]) -> str:
    """Each package with its version, or with all that there are of it."""
    found: dict[str, list[str]] = {}
    for environment in environments:
        for name, version in environment.versions.items():
            if name not in untold:
                found.setdefault(name, []).append(version)
    texts = (f"{name} {wording.listed(dict.fromkeys(each))}" for name, each in found.items())
    return ", ".join(map(tied, texts))


def differing(settings: Sequence[Settings]) -> list[str]:
    """For each of several settings what sets it apart from the others, as "batch 64, bf16".

    Framework and execution are left out, as these name a side by themselves.
    """
    options = [each.options for each in settings]
    unlike = {name for each in options for name in each if len({o.get(name) for o in options}) > 1}
    parts: dict[str, Callable[[Settings], str]] = {
        "workload": lambda s: s.workload_name,
        "options": lambda s: _options({k: v for k, v in s.options.items() if k in unlike}),
        "data": lambda s: s.data,
        "mode": lambda s: s.mode,
        "device": lambda s: s.device,
        "precision": lambda s: wording.PRECISIONS.get(s.precision, s.precision),
        "batch": lambda s: f"batch {s.batch_size}",
        "optimizer": lambda s: f"{s.optimizer_parity} {s.optimizer}",
        "threads": lambda s: wording.counted(s.threads, "thread"),
        "loader": lambda s: _loader(s) or s.loader,
        "seed": lambda s: f"seed {s.seed}",
    }
    written = [{name: part(each) for name, part in parts.items()} for each in settings]
    apart = [name for name in parts if len({each[name] for each in written}) > 1]
    return [", ".join(filter(None, (each[name] for name in apart))) for each in written]
