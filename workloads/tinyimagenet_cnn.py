"""A network of six convolutions for Tiny ImageNet, as courses on the data set have it."""

from workloads.layers import Conv2d, Flatten, Linear, MaxPool2d, Relu
from workloads.spec import Workload

WORKLOAD = Workload(
    name="tinyimagenet-cnn",
    title="six convolutions for 64×64 colour images",
    source="a network of course projects on Tiny ImageNet",
    input_shape=(64, 64, 3),
    classes=200,
    layers=(
        Conv2d("conv1", 32, kernel=5),
        Relu("relu1"),
        Conv2d("conv2", 32, kernel=5),
        Relu("relu2"),
        MaxPool2d("pool1", 2),
        Conv2d("conv3", 64, kernel=3),
        Relu("relu3"),
        Conv2d("conv4", 64, kernel=3),
        Relu("relu4"),
        MaxPool2d("pool2", 2),
        Conv2d("conv5", 64, kernel=3),
        Relu("relu5"),
        Conv2d("conv6", 128, kernel=3),
        Relu("relu6"),
        MaxPool2d("pool3", 2),
        Flatten("flatten"),
        Linear("fc1", 256),
        Relu("relu7"),
        Linear("fc2", 200),
    ),
    data="synthetic",
)
