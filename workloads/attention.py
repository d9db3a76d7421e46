"""One self-attention of several heads, with its projections."""

from workloads.layers import Attention, MeanPool
from workloads.spec import Workload


def workload(size: int = 128, width: int = 256, heads: int = 4) -> Workload:
    """Sequences of `size` vectors of this width; each place sees all of them."""
    return Workload(
        name="attention",
        title="one self-attention, then a mean",
        source="Vaswani et al. 2017, arXiv 1706.03762, section 3.2",
        input_shape=(size, width),
        classes=width,
        layers=(Attention("attention", heads), MeanPool("pool")),
        data="noise",
        options={"size": size, "width": width, "heads": heads},
    )


WORKLOAD = workload()
