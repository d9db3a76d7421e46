"""Records some training steps of an MLP under JAX, whose profile has the format of TensorFlow's.

Usage: python benchmarks/jax_trace.py FOLDER [--steps 5]

The profile lies below FOLDER/plugins/profile. On a card on which TensorFlow can't be installed this
is the nearest to its profile: both write the planes of a GPU with XLA's own profiler.
"""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

BATCH, INPUTS, UNITS, CLASSES = 256, 784, 64, 10


def main() -> int:
    """Record, and print the platform that was recorded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=5)
    options = parser.parse_args()
    try:
        jax: Any = importlib.import_module("jax")
    except ImportError:
        print("error: JAX is not installed here; pip install 'jax[cuda12]'.", file=sys.stderr)
        return 2

    record(jax, options.folder, options.steps)
    print(f"{options.steps} steps on {jax.devices()[0].platform}, JAX {jax.__version__}")
    return 0


def record(jax: Any, folder: Path, steps: int) -> None:
    """Train so many steps under JAX's profiler; what compiles does so before."""
    jnp = jax.numpy

    def loss(parameters: list[Any], inputs: Any, labels: Any) -> Any:
        with jax.named_scope("fc1"):
            hidden = jax.nn.relu(inputs @ parameters[0])
        with jax.named_scope("fc2"):
            logits = hidden @ parameters[1]
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * labels, axis=-1))

    def train(parameters: list[Any], inputs: Any, labels: Any) -> list[Any]:
        gradients = jax.grad(loss)(parameters, inputs, labels)
        return [old - 0.01 * by for old, by in zip(parameters, gradients, strict=True)]

    keys = jax.random.split(jax.random.key(0), 3)
    parameters = [
        0.05 * jax.random.normal(keys[0], (INPUTS, UNITS)),
        0.05 * jax.random.normal(keys[1], (UNITS, CLASSES)),
    ]
    inputs = jax.random.normal(keys[2], (BATCH, INPUTS))
    labels = jax.nn.one_hot(jnp.arange(BATCH) % CLASSES, CLASSES)
    step = jax.jit(train)
    parameters = jax.block_until_ready(step(parameters, inputs, labels))
    with jax.profiler.trace(str(folder)):
        for number in range(steps):
            with jax.profiler.StepTraceAnnotation("step", step_num=number):
                parameters = jax.block_until_ready(step(parameters, inputs, labels))


if __name__ == "__main__":
    sys.exit(main())
