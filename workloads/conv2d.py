"""One convolution with as many filters as channels."""

from workloads.layers import Conv2d, MeanPool
from workloads.spec import Workload


def workload(size: int = 32, channels: int = 64, kernel: int = 3) -> Workload:
    """Images of size x size; padded by half the kernel, so that an odd one keeps their size."""
    return Workload(
        name="conv2d",
        title="one convolution, then a mean",
        source="the operation that most of a convolutional network's time goes to",
        input_shape=(size, size, channels),
        classes=channels,
        layers=(
            Conv2d("conv", channels, kernel, padding=kernel // 2, bias=False),
            MeanPool("pool"),
        ),
        data="noise",
        options={"size": size, "channels": channels, "kernel": kernel},
    )


WORKLOAD = workload()
