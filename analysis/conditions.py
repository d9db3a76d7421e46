"""Under which conditions runs took place: device, threads, precision, processor and versions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.measured import Measured
from profilers.records import Environment, Settings

Known = Mapping[str, str | None]
"""The conditions of one run by name; None is one that it does not know."""

VERSIONS = {"driver": "driver", "CUDA": "cuda", "cuDNN": "cudnn"}
"""What each is called, and its key among an environment's versions."""


@dataclass(frozen=True)
class Condition:
    """A condition with the values of two sides; `same` is None where one of them has none."""

    name: str
    left: list[str]
    right: list[str]
    same: bool | None


def known(
    settings: Settings, environment: Environment | None, versions: Mapping[str, str]
) -> dict[str, str | None]:
    """The conditions that settings, environment and versions tell of.

    Framework and execution mode are what a comparison is of, so they are none of its conditions.
    Threads are those that the framework reports, else those asked for.
    """
    threads = environment.threads if environment else {}
    found: dict[str, str | None] = {
        "device": settings.device,
        "device name": _device_name(environment),
        "threads": str(threads.get("intra_op", settings.threads)),
        "precision": settings.precision,
        "batch size": str(settings.batch_size),
        "optimizer": settings.optimizer,
        "CPU model": environment.cpu_model if environment else None,
    }
    return found | {name: _version(versions, key) for name, key in VERSIONS.items()}


def of_run(run: Measured) -> dict[str, str | None]:
    """The conditions of a run."""
    versions = run.environment.versions if run.environment else {}
    return known(run.record.settings, run.environment, versions)


def between(left: Sequence[Known], right: Sequence[Known]) -> list[Condition]:
    """Each condition with the values that two sides have. What one does not know is not compared.

    Args:
        left: the conditions of each run of one side; there is one at least.
        right: those of the other side.
    """
    found = []
    for name in left[0]:
        values, others = _values(left, name), _values(right, name)
        same = not _differ(name, values, others) if values and others else None
        found.append(Condition(name, values, others, same))
    return found


def sentence(found: Iterable[Condition]) -> str:
    """What differs, or the word "same"."""
    differing = [
        f"{each.name} {'differ' if each.name == 'threads' else 'differs'}: "
        f"{' or '.join(each.left)} and {' or '.join(each.right)}"
        for each in found
        if each.same is False
    ]
    return "; ".join(differing) if differing else "same"


def _values(side: Sequence[Known], name: str) -> list[str]:
    """The values that a side has, each once and in order; without those that are not known."""
    return sorted({value for value in (run.get(name) for run in side) if value is not None})


def _differ(name: str, left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two sides have other values; versions are compared as far as both sides tell them."""
    if name not in VERSIONS:
        return left != right
    length = min(len(version.split(".")) for version in (*left, *right))
    cut = [{tuple(each.split(".")[:length]) for each in versions} for versions in (left, right)]
    return cut[0] != cut[1]


def _device_name(environment: Environment | None) -> str | None:
    names = [device.get("name") for device in environment.devices] if environment else []
    found = next(filter(None, names), None)
    return None if found is None else str(found)


def _version(versions: Mapping[str, str], key: str) -> str | None:
    found = versions.get(key)
    return _cudnn(found) if key == "cudnn" and found else found


def _cudnn(version: str) -> str | None:
    """9.10.2 for 91002 and 8.9.7 for 8907, as the library writes itself; what has dots stays."""
    if not version.isascii() or not version.isdigit() or len(version) < 4:
        return version if version[:1].isdigit() else None
    number, major = int(version), 10_000 if len(version) > 4 else 1000
    return f"{number // major}.{number % major // 100}.{number % 100}"
