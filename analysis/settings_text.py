"""What stands beside every number: workload, data, batch, precision, device and versions."""

from collections.abc import Iterable
from pathlib import Path

from analysis import wording
from analysis.layout import tied
from profilers.records import DataRecord, Environment, Settings


def sentence(
    settings: Settings, data: DataRecord, environments: Iterable[Environment | None]
) -> str:
    """The settings of runs, whose parts are not torn at a line's end.

    Args:
        settings: what was asked for.
        data: which data that was.
        environments: what each side of it ran on; the first one that is known names the device.
    """
    known = [environment for environment in environments if environment is not None]
    parts = [
        _workload(settings),
        f"{data.name} ({data.description})",
        f"batch {settings.batch_size}",
        settings.optimizer if settings.mode == "train" else "",
        wording.PRECISIONS.get(settings.precision, settings.precision),
        _device(settings.device, known[:1]),
        wording.counted(settings.threads, "thread"),
        _loader(settings),
        f"weights of {Path(settings.weights_from).name}" if settings.weights_from else "",
    ]
    asked = ", ".join(tied(part) for part in parts if part)
    return "; ".join(filter(None, [asked, _versions(known)]))


def _workload(settings: Settings) -> str:
    """The workload with its options, as matmul (size 1024)."""
    options = ", ".join(f"{name} {value}" for name, value in settings.options.items())
    return f"{settings.workload_name} ({options})" if options else settings.workload_name


def _loader(settings: Settings) -> str:
    """The pipeline with the number of its workers; samples that are preloaded are the rule."""
    if settings.loader == "preloaded":
        return ""
    return f"{settings.loader} of {wording.counted(settings.loader_workers, 'worker')}"


def _device(device: str, environments: list[Environment]) -> str:
    written = "CPU" if device == "cpu" else device
    found = [each["name"] for known in environments for each in known.devices if each.get("name")]
    return f"{found[0]} ({written})" if found else written


def _versions(environments: list[Environment]) -> str:
    """Each package with its version, or with all that there are of it."""
    found: dict[str, list[str]] = {}
    for environment in environments:
        for name, version in environment.versions.items():
            found.setdefault(name, []).append(version)
    texts = (f"{name} {wording.listed(dict.fromkeys(each))}" for name, each in found.items())
    return ", ".join(map(tied, texts))
