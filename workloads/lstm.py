"""An LSTM that reads the rows of an image from top to bottom."""

from workloads.layers import Linear, Lstm, Rows
from workloads.spec import Workload


def workload(units: int = 128) -> Workload:
    """The network with a state of so many units."""
    return Workload(
        name="lstm",
        title="LSTM over the 28 rows of a digit",
        source="Hochreiter and Schmidhuber 1997; rows as a sequence, as both frameworks' tutorials",
        input_shape=(28, 28, 1),
        classes=10,
        layers=(Rows("rows"), Lstm("lstm", units), Linear("fc", 10)),
        data="digits",
        options={"units": units},
    )


WORKLOAD = workload()
