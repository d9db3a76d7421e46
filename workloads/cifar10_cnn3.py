"""A CIFAR-10 network of three 3x3 convolutions."""

from workloads.layers import Conv2d, Flatten, Linear, MaxPool2d, Relu
from workloads.spec import Workload

WORKLOAD = Workload(
    name="cifar10-cnn3",
    title="three 3×3 convolutions for 32×32 colour images",
    source="the network of TensorFlow's tutorial on convolutions",
    input_shape=(32, 32, 3),
    classes=10,
    layers=(
        Conv2d("conv1", 32, kernel=3),
        Relu("relu1"),
        MaxPool2d("pool1", 2),
        Conv2d("conv2", 64, kernel=3),
        Relu("relu2"),
        MaxPool2d("pool2", 2),
        Conv2d("conv3", 64, kernel=3),
        Relu("relu3"),
        Flatten("flatten"),
        Linear("fc1", 64),
        Relu("relu4"),
        Linear("fc2", 10),
    ),
    data="synthetic",
)
