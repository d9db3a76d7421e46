"""What the parent asks a probe for, in a file of the folder that the probe writes to."""

import msgspec

from profilers.records import DataRecord, Settings

REQUEST = "request.json"


class ProbeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """request.json: which model to probe; `settings` are a run's, in its plainest execution."""

    key: str
    settings: Settings
    data: DataRecord
