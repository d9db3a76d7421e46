"""A network said once for every framework, as a list of neutral layers."""

from workloads.layers import Conv2d, Flatten, Linear, MaxPool2d, Relu
from workloads.spec import Workload

WORKLOAD = Workload(
    name="own_spec",
    title="one convolution for scans of digits",
    source="an example",
    input_shape=(28, 28, 1),
    classes=10,
    layers=(
        Conv2d("conv", 16, 5),
        Relu("relu"),
        MaxPool2d("pool", 2),
        Flatten("flatten"),
        Linear("classes", 10),
    ),
    data="digits",
)
