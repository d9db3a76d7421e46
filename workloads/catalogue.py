"""Finds workloads and data sets by name: every module of the folder that defines one."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

import workloads
import workloads.data
from workloads import native, options
from workloads.data.dataset import DataSet
from workloads.native import AnyWorkload
from workloads.spec import Option, Workload, WorkloadError


def workload_list() -> list[Workload]:
    """Every shipped workload, by name."""
    return [module.WORKLOAD for module in _workload_modules()]


def dataset_list() -> list[DataSet]:
    """Every known data set, by name."""
    modules = _modules(workloads.data)
    return [module.DATASET for module in modules if hasattr(module, "DATASET")]


def find_workload(name: str, given: Mapping[str, Option] | None = None) -> AnyWorkload:
    """The workload of that name or in that file, with these options.

    Raises:
        WorkloadError: there is none; it says what there is.
    """
    if native.is_file(name):
        return native.load(Path(name), given)
    known = {module.WORKLOAD.name: module for module in _workload_modules()}
    if name not in known:
        raise WorkloadError(_unknown("workload", name, known))
    module = known[name]
    return options.made(module.WORKLOAD, getattr(module, "workload", None), given or {})


def find_dataset(name: str) -> DataSet:
    """The data set of that name, or a WorkloadError that names the nearest."""
    known = {dataset.name: dataset for dataset in dataset_list()}
    if name not in known:
        raise WorkloadError(_unknown("data set", name, known))
    return known[name]


def _workload_modules() -> list[ModuleType]:
    return [module for module in _modules(workloads) if hasattr(module, "WORKLOAD")]


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(entry.name for entry in pkgutil.iter_modules(package.__path__))
    return [
        importlib.import_module(f"{package.__name__}.{name}")
        for name in names
        if f"{package.__name__}.{name}" != __name__
    ]


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; known: {', '.join(known)}."
    return f'there is no {what} "{name}"{hint} --list shows all of them.'
