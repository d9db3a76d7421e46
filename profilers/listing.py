"""python profile.py --list: what can be run, and a model layer by layer."""

from profilers.backend import frameworks
from workloads.catalogue import dataset_list, find_workload, workload_list
from workloads.data.dataset import DataSet
from workloads.layers import Shape
from workloads.native import NativeWorkload
from workloads.spec import summary


def print_list(workload: str | None) -> None:
    """Print all workloads, data sets and frameworks, or the layers of one workload."""
    print("\n".join(_model(workload) if workload else _everything()), flush=True)


def _everything() -> list[str]:
    lines = ["workloads"]
    lines += [
        f"  {w.name:<14} {w.parameter_count:>9,} parameters  {w.data:<10} {w.title}"
        for w in workload_list()
    ]
    lines += ["", "data sets"]
    lines += [f"  {d.name:<14} {d.description}{_origin(d)}" for d in dataset_list()]
    lines += ["", "frameworks"]
    lines += [f"  {f.name:<14} {', '.join(f.executions)}" for f in frameworks().values()]
    return [*lines, "", "--list --workload NAME shows a model layer by layer."]


def _origin(dataset: DataSet) -> str:
    """How its files are come by, if it has any."""
    megabytes = sum(file.size_bytes for file in dataset.downloads) / 1e6
    return f" (DIR or --download, {megabytes:,.0f} MB)" if dataset.downloads else ""


def _model(name: str) -> list[str]:
    workload = find_workload(name)
    if isinstance(workload, NativeWorkload):
        return _native(workload)
    lines = [f"{workload.name}: {workload.title}", ""]
    lines.append(f"  {'layer':<10} {'kind':<10} {'output':>12} {'parameters':>11}")
    lines.append(f"  {'input':<10} {'':<10} {_shape(workload.input_shape):>12} {'':>11}")
    lines += [
        f"  {row.name:<10} {row.kind:<10} {_shape(row.output_shape):>12} {row.parameters:>11,}"
        for row in summary(workload)
    ]
    return [*lines, f"  {'':<10} {'':<10} {'':>12} {workload.parameter_count:>11,}"]


def _native(workload: NativeWorkload) -> list[str]:
    """What a file with builders says; its layers are known when it is run."""
    lines = [f"{workload.name}: {workload.title}", ""]
    lines.append(f"  {'builders':<10} {', '.join(workload.builders)}")
    lines.append(f"  {'data':<10} {workload.data}")
    lines.append(f"  {'batch':<10} {workload.batch_size}")
    return lines


def _shape(shape: Shape) -> str:
    return "×".join(map(str, shape))
