"""python profile.py --list: what can be run, and a model layer by layer."""

from collections.abc import Mapping

from profilers.backend import frameworks
from workloads.catalogue import dataset_list, find_workload, workload_list
from workloads.data.dataset import DataSet
from workloads.layers import Shape
from workloads.native import AnyWorkload, NativeWorkload
from workloads.options import written
from workloads.spec import Option, summary


def print_list(workload: str | None, options: Mapping[str, Option] | None = None) -> None:
    """Print all workloads, data sets and frameworks, or the layers of one workload."""
    found = _model(find_workload(workload, options)) if workload else _everything()
    print("\n".join(found), flush=True)


def _everything() -> list[str]:
    lines = ["workloads"]
    for w in workload_list():
        name = f"  {w.name:<16} {w.parameter_count:>10,} parameters  {w.data:<10}"
        lines.append(f"{name} {w.title}")
        lines += [f"  {'':<16} --set {written(w.options).replace(', ', ' ')}"] * bool(w.options)
    lines += ["", "data sets"]
    lines += [f"  {d.name:<16} {d.description}{_origin(d)}" for d in dataset_list()]
    lines += ["", "frameworks"]
    lines += [f"  {f.name:<16} {', '.join(f.executions)}" for f in frameworks().values()]
    return [*lines, "", "--list --workload NAME shows a model layer by layer, --set its options."]


def _origin(dataset: DataSet) -> str:
    """How its files are come by, if it has any."""
    megabytes = sum(file.size_bytes for file in dataset.downloads) / 1e6
    return f" (DIR or --download, {megabytes:,.0f} MB)" if dataset.downloads else ""


def _model(workload: AnyWorkload) -> list[str]:
    if isinstance(workload, NativeWorkload):
        return _native(workload)
    rows = [("layer", "kind", "output", "parameters")]
    rows.append(("input", "", _shape(workload.input_shape), ""))
    rows += [
        (row.name, row.kind, _shape(row.output_shape), f"{row.parameters:,}")
        for row in summary(workload)
    ]
    rows.append(("", "", "", f"{workload.parameter_count:,}"))
    name, kind, output, parameters = (max(map(len, column)) for column in zip(*rows, strict=True))
    title = f"{workload.name}: {workload.title}"
    options = [f"--set {written(workload.options).replace(', ', ' ')}"] * bool(workload.options)
    table = [
        f"  {row[0]:<{name}}  {row[1]:<{kind}}  {row[2]:>{output}}  {row[3]:>{parameters}}"
        for row in rows
    ]
    return [title, *options, "", *table]


def _native(workload: NativeWorkload) -> list[str]:
    """What a file with builders says; its layers are known when it is run."""
    lines = [f"{workload.name}: {workload.title}", ""]
    lines.append(f"  {'builders':<10} {', '.join(workload.builders)}")
    lines.append(f"  {'data':<10} {workload.data}")
    lines.append(f"  {'batch':<10} {workload.batch_size}")
    return lines


def _shape(shape: Shape) -> str:
    return "×".join(map(str, shape))
