"""What the parity probe found out about one framework's model: parity.json beside parity.npz."""

import msgspec

from profilers.records import SCHEMA, Settings

PARITY = "parity.json"
PARITY_ARRAYS = "parity.npz"
WHOLE_ELEMENTS, SAMPLED_ELEMENTS = 65_536, 4096

SettingValue = bool | int | float | str | None


class ArrayRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One array of parity.npz, in canonical layout.

    `name` is its key there. Of more than 65,536 elements only 4,096 are kept, at positions that
    follow from the name; `norm` is the Euclidean norm of all, None where one is no finite number.
    `kept` is how many there are where the file would have been too large with as many.
    """

    name: str
    shape: tuple[int, ...]
    norm: float | None
    kept: int | None = None


class LayerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A layer by the name that both sides share, and what the framework itself calls it.

    `output` is the array "output/<name>", None where its layout can't be compared.
    """

    name: str
    kind: str
    native: str
    output: ArrayRecord | None


class ParameterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter by the name that both sides share; its layer, and what the framework calls it.

    `gradient` is the array "gradient/<name>" in float64 and `single` "single/<name>" in float32.
    """

    name: str
    layer: str
    native: str
    gradient: ArrayRecord
    single: ArrayRecord


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Losses of steps that followed each other; None is one that is no finite number.

    `control` is the same again by the same framework, begun with each weight moved by one unit in
    the last place; empty where there is none.
    """

    losses: list[float | None]
    control: list[float | None] = []


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as the framework's own objects have it.

    `group` says what it belongs to: "optimizer", "loss", "precision", "layout" or a layer's name.
    """

    group: str
    name: str
    value: SettingValue


class RandomLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that draws random numbers in training, so that no two runs are alike."""

    name: str
    kind: str
    remedy: str


class ParityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """parity.json: the arithmetic of one framework's model in one configuration.

    `settings` are those of the run that it was made for, in plain execution; `batch_size` is the
    probe's own. `batches_sha256` is over the sample numbers of the first ten batches of such a run.
    `double` are the losses of plain SGD in float64, `single_loss` the first one in float32,
    `matched` those of the optimizer asked for with its constants made equal, in float32.
    `reference` are the first losses of training as `settings` have it, at their batch size and
    precision, run as plainly as the framework can: a timed run must give the same.
    """

    schema: int = SCHEMA
    key: str
    created_ns: int
    framework: str
    versions: dict[str, str]
    device: str
    settings: Settings
    workload_sha256: str
    weights_sha256: str
    data_sha256: str | None = None
    samples_sha256: str
    batches_sha256: str
    batch_size: int
    classes: int | None
    output_shape: tuple[int, ...]
    layers: list[LayerRecord]
    parameters: list[ParameterRecord]
    outputs: ArrayRecord
    single_outputs: ArrayRecord
    double: Curve
    single_loss: float | None
    matched: Curve
    reference: Curve
    audit: list[Setting]
    random: list[RandomLayer] = []
    notes: list[str] = []
    seconds: dict[str, float] = {}
