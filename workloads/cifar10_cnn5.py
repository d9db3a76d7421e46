"""A CIFAR-10 network of two 5x5 convolutions."""

from workloads.layers import Conv2d, Flatten, Linear, MaxPool2d, Relu
from workloads.spec import Workload

WORKLOAD = Workload(
    name="cifar10-cnn5",
    title="two 5×5 convolutions for 32×32 colour images",
    source="the network of PyTorch's tutorial on training a classifier",
    input_shape=(32, 32, 3),
    classes=10,
    layers=(
        Conv2d("conv1", 6, kernel=5),
        Relu("relu1"),
        MaxPool2d("pool1", 2),
        Conv2d("conv2", 16, kernel=5),
        Relu("relu2"),
        MaxPool2d("pool2", 2),
        Flatten("flatten"),
        Linear("fc1", 120),
        Relu("relu3"),
        Linear("fc2", 84),
        Relu("relu4"),
        Linear("fc3", 10),
    ),
    data="synthetic",
)
