"""The operations by which TensorFlow's peaks are measured."""

from collections.abc import Callable

import tensorflow as tf

FLOAT_BYTES = 4


def product(side: int, dtype: str, device: str) -> Callable[[], object]:
    """A function that multiplies two square matrices."""
    with tf.device(device):
        left, right = (tf.cast(tf.random.uniform((side, side)), dtype) for _ in range(2))

    def multiply() -> object:
        with tf.device(device):
            return tf.linalg.matmul(left, right)

    return multiply


def copying(size_bytes: int, device: str) -> Callable[[], object]:
    """A function that copies so many bytes; an identity would give the same array again."""
    with tf.device(device):
        source = tf.ones(size_bytes // FLOAT_BYTES)

    def copy() -> object:
        with tf.device(device):
            return tf.raw_ops.DeepCopy(x=source)

    return copy
