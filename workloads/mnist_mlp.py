"""The perceptron of the MNIST labs: 784-64-10."""

from workloads.layers import Flatten, Linear, Relu
from workloads.spec import Workload

WORKLOAD = Workload(
    name="mnist-mlp",
    title="perceptron 784-64-10 for 28×28 digits",
    source="the first network of most introductions to either framework",
    input_shape=(28, 28, 1),
    classes=10,
    layers=(
        Flatten("flatten"),
        Linear("fc1", 64),
        Relu("relu1"),
        Linear("fc2", 10),
    ),
    data="digits",
)
