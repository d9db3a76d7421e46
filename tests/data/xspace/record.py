"""Profiles training steps under TensorFlow: python record.py STEPS FOLDER EXECUTION/WORKLOAD...

Each profile lies in FOLDER/EXECUTION/WORKLOAD. A line of JSON for each has, for each step, what
the clock said before, inside and behind its marker.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import tensorflow as tf

from profilers import tensorflow_model
from workloads.catalogue import find_workload
from workloads.weights import initial_weights

BATCH = 32
profiler = tf.profiler.experimental


def step_function(model, optimizer, scope):
    def step(images, labels):
        with tf.GradientTape() as tape:
            with scope("forward"):
                logits = model(images, training=True)
            with scope("loss"):
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_mean(losses)
        with scope("backward"):
            gradients = tape.gradient(loss, model.trainable_variables)
        with scope("optimizer"):
            optimizer.apply(gradients, model.trainable_variables)
        return loss

    return step


class Brackets(keras.callbacks.Callback):
    """A step marker around each step, in the frame that the clock's readings make."""

    def __init__(self):
        super().__init__()
        self.read = []

    def on_train_batch_begin(self, batch, logs=None):
        self.read.append([time.time_ns()])
        self.marker = profiler.Trace("train", step_num=batch, _r=1)
        self.marker.__enter__()
        self.read[-1].append(time.time_ns())

    def on_train_batch_end(self, batch, logs=None):
        self.read[-1].append(time.time_ns())
        self.marker.__exit__(None, None, None)
        self.read[-1].append(time.time_ns())


def main(execution, workload_name, steps, folder):
    workload = find_workload(workload_name)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    model = tensorflow_model.build(workload, initial_weights(workload, seed=0)).model
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    images = rng.random((BATCH, *workload.input_shape), dtype=np.float32)
    labels = rng.integers(0, 10, BATCH)
    brackets = Brackets()
    if execution == "fit":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, jit_compile=False)
        data = tf.data.Dataset.from_tensors((images, labels)).repeat(steps)
        model.fit(data, verbose=0)
        model.make_train_function(force=True)
        model.fit(data, verbose=0)
        profiler.start(folder)
        model.fit(data, verbose=0, callbacks=[brackets])
    else:
        eager = execution == "eager"
        prefix, scope = ("phase:", profiler.Trace) if eager else ("phase_", tf.name_scope)
        step = step_function(model, optimizer, lambda phase: scope(prefix + phase))
        if not eager:
            step = tf.function(step, jit_compile=execution == "xla", autograph=False)
        for _ in range(2):
            step(tf.constant(images), tf.constant(labels))
        profiler.start(folder)
        for index in range(steps):
            brackets.on_train_batch_begin(index)
            with profiler.Trace("phase:data"):
                batch = tf.constant(images), tf.constant(labels)
            step(*batch).numpy()
            brackets.on_train_batch_end(index)
    profiler.stop()
    (path,) = Path(folder).rglob("*.xplane.pb")
    path.rename(Path(folder, "tensorflow.xplane.pb"))
    print(json.dumps(brackets.read))


if __name__ == "__main__":
    for request in sys.argv[3:]:
        main(*request.split("/"), int(sys.argv[1]), str(Path(sys.argv[2], request)))
