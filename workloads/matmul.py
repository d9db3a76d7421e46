"""One product of two square matrices, and in training its gradient by the weights."""

from workloads.layers import Linear
from workloads.spec import Workload


def workload(size: int = 1024) -> Workload:
    """A batch of `size` vectors by a square matrix: 2 size³ operations forward."""
    return Workload(
        name="matmul",
        title="one product of two square matrices",
        source="the operation that most of a network's time goes to",
        input_shape=(size,),
        classes=size,
        layers=(Linear("matmul", size, bias=False),),
        data="noise",
        batch_size=size,
        options={"size": size},
    )


WORKLOAD = workload()
