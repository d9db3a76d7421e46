"""Makes a run on the CPU one on a scripted GPU, for what the analysis then says of it."""

from pathlib import Path

import msgspec

from profilers import rundir
from profilers.records import Environment, RunRecord


def use(run: Path, device: str, uuid: str) -> None:
    """As if the run had computed on this device, and named it by its UUID."""
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    settings = msgspec.structs.replace(record.settings, device=device)
    rundir.write_json(run / rundir.RUN, msgspec.structs.replace(record, settings=settings))
    environment = rundir.read_json(run / rundir.ENVIRONMENT, Environment)
    devices: list[dict[str, str | int | None]] = [{"device": device, "name": "x", "uuid": uuid}]
    rundir.write_json(
        run / rundir.ENVIRONMENT, msgspec.structs.replace(environment, devices=devices)
    )
