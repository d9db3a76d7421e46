"""ResNet-18 for images of 32x32."""

from collections.abc import Iterator

from workloads.layers import Add, AnyLayer, BatchNorm, Conv2d, Linear, MeanPool, Relu
from workloads.spec import Workload

STAGES = (64, 128, 256, 512)
BLOCKS = 2


def _layers() -> Iterator[AnyLayer]:
    yield Conv2d("stem_conv", STAGES[0], kernel=3, padding=1, bias=False)
    yield BatchNorm("stem_norm")
    yield Relu("stem_relu")
    given, channels = "stem_relu", STAGES[0]
    for stage, filters in enumerate(STAGES, 1):
        for number in range(1, BLOCKS + 1):
            name = f"stage{stage}_block{number}"
            halved = stage > 1 and number == 1
            yield from _block(name, given, filters, 2 if halved else 1, channels != filters)
            given, channels = f"{name}_relu2", filters
    yield MeanPool("pool")
    yield Linear("fc", 10)


def _block(name: str, given: str, filters: int, stride: int, projected: bool) -> Iterator[AnyLayer]:
    """Two convolutions, and around them the values themselves or their projection."""
    yield Conv2d(f"{name}_conv1", filters, 3, stride, padding=1, bias=False, inputs=(given,))
    yield BatchNorm(f"{name}_norm1")
    yield Relu(f"{name}_relu1")
    yield Conv2d(f"{name}_conv2", filters, 3, padding=1, bias=False)
    yield BatchNorm(f"{name}_norm2")
    shortcut = given
    if projected:
        shortcut = f"{name}_shortcut_norm"
        yield Conv2d(f"{name}_shortcut_conv", filters, 1, stride, bias=False, inputs=(given,))
        yield BatchNorm(shortcut)
    yield Add(f"{name}_add", inputs=(f"{name}_norm2", shortcut))
    yield Relu(f"{name}_relu2")


WORKLOAD = Workload(
    name="resnet18",
    title="residual network of 18 layers, 32×32 images",
    source="He et al. 2015, arXiv 1512.03385, ResNet-18 with the stem of section 4.2 for CIFAR-10",
    input_shape=(32, 32, 3),
    classes=10,
    layers=tuple(_layers()),
    data="synthetic",
)
