import shutil
from pathlib import Path
from typing import Any

import msgspec

from analysis import measured, summary
from analysis.exporters.tensorboard import hparams, run
from tests.analysis.exporters.tensorboard.reading import plugin_context


def written(path: Path) -> None:
    found = measured.read(path)
    run.write(found, summary.write(found))


def groups(logdir: Path) -> tuple[Any, Any]:
    """The columns and the rows of the table, as TensorBoard's plugin makes them."""
    from tensorboard.context import RequestContext
    from tensorboard.data import provider
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    context, request = RequestContext(), api_pb2.ListSessionGroupsRequest()
    request.allowed_statuses.append(api_pb2.STATUS_UNKNOWN)
    request.slice_size = 100
    backend = backend_context.Context(plugin_context(logdir))
    found = backend.hparams_metadata(context, "")
    nothing = provider.ListHyperparametersResult(hyperparameters=[], session_groups=[])
    columns = backend.experiment_from_metadata(context, "", True, found, nothing)
    rows = list_session_groups.Handler(context, backend, "", request).run()
    return columns, rows.session_groups


def test_a_run_is_a_row_with_its_settings_and_figures(make_run: Any) -> None:
    settings = msgspec.structs.replace(make_run.settings, options={"width": 64}, loader_workers=2)
    path = make_run(settings=settings)
    written(path)
    columns, [row] = groups(path.parent)
    assert row.name == "torch eager 1, run-1"
    assert row.hparams["framework"].string_value == "torch"
    assert row.hparams["batch size"].number_value == 32
    assert row.hparams["options"].string_value == "width=64"
    assert row.hparams["loader"].string_value == "preloaded, 2 workers"
    assert row.hparams["version"].string_value == "2.13.0+cpu"
    figures = {each.name.tag: round(each.value, 6) for each in row.metric_values}
    assert figures["whole_run/step_ms"] == 0.4
    assert figures["whole_run/accuracy"] == 0.951
    assert "whole_run/vram_peak_mib" not in figures
    assert [each.name for each in columns.hparam_infos if each.differs] == [
        *("batch size", "device", "execution", "framework", "workload")
    ]
    assert columns.metric_infos[0].display_name == "step, ms"


def test_runs_stay_rows_of_their_own_and_none_is_left_out(make_run: Any) -> None:
    written(make_run("one"))
    precise = msgspec.structs.replace(make_run.settings, precision="bf16", batch_size=64)
    written(make_run("two", settings=precise))
    shutil.copytree(make_run.output / "one", make_run.output / "three")
    record = measured.read(make_run.output / "three").record
    (make_run.output / "three" / "run.json").write_bytes(
        msgspec.json.encode(msgspec.structs.replace(record, id="three"))
    )
    written(make_run.output / "three")
    _, rows = groups(make_run.output)
    assert sorted(row.name.rpartition(", ")[2] for row in rows) == ["one", "three", "two"]
    assert {row.hparams["precision"].string_value for row in rows} == {"fp32", "bf16"}


def test_every_column_has_a_value_and_figures_have_titles_of_their_own(make_run: Any) -> None:
    found = hparams.values(measured.read(make_run()))
    assert list(found) == [each.name for each in hparams.HPARAMS]
    assert len({each.title for each in hparams.METRICS}) == len(hparams.METRICS)
