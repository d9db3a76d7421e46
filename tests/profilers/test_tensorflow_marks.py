import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from profilers.records import Settings
from tests import frameworks
from tests.profilers.observers import Nobody, batches
from workloads.catalogue import find_workload
from workloads.weights import initial_weights

pytestmark = pytest.mark.slow

Noted = list[tuple[str, str, int, int]]
Watched = Callable[..., tuple[Any, Noted]]


@pytest.fixture
def watched(
    make_settings: Callable[..., Settings], made_up_arrays: Callable[..., dict[str, Any]]
) -> Iterator[Watched]:
    frameworks.tensorflow()
    from profilers import tensorflow_backend

    def make(**changes: Any) -> tuple[Any, Noted]:
        settings = make_settings(framework="tensorflow", **changes)
        workload = find_workload(settings.workload)
        backend = tensorflow_backend.create(settings)
        noted: Noted = []
        backend.watch(lambda *mark: noted.append(mark))
        backend.build(workload, initial_weights(workload, 0))
        backend.load(made_up_arrays(workload))
        return backend, noted

    return make


@pytest.mark.parametrize(
    ("execution", "mode", "name"),
    [
        ("function", "train", "training step"),
        ("function", "infer", "inference step"),
        ("fit", "train", "train_step"),
        ("fit", "infer", "predict_step"),
        ("xla", "train", "training step"),
    ],
)
def test_a_step_is_traced_once_for_each_function_that_is_made_of_it(
    watched: Watched, execution: str, mode: str, name: str
) -> None:
    backend, noted = watched(execution=execution, mode=mode)
    before = time.monotonic_ns()
    backend.run(batches(backend, 5), Nobody())
    after = time.monotonic_ns()
    ((kind, found, began, ended),) = noted
    assert (kind, found) == ("trace", name)
    assert before < began < ended < after
    backend.run(batches(backend, 5), Nobody())
    assert len(noted) == 1
    backend.prepare_profiling()
    backend.run(batches(backend, 5), Nobody())
    assert [mark[1] for mark in noted] == [name] * 2


def test_eager_steps_are_not_traced(watched: Watched) -> None:
    backend, noted = watched(execution="eager")
    backend.run(batches(backend, 3), Nobody())
    assert noted == []


def test_each_shape_of_inference_is_traced(watched: Watched) -> None:
    backend, noted = watched(execution="function")
    for size in (1, 1, 4):
        backend.inference(size)()
    assert [mark[:2] for mark in noted] == [("trace", "inference")] * 3


def test_work_is_noted_when_it_is_traced_and_what_it_gives_is_kept() -> None:
    tf = frameworks.tensorflow()
    from profilers import tensorflow_marks

    noted: Noted = []
    work = tensorflow_marks.traced(lambda x, y=2: x * y, "work", lambda *mark: noted.append(mark))
    function = tf.function(work, autograph=False)
    assert [int(function(tf.constant(k))) for k in (3, 4)] == [6, 8]
    assert len(noted) == 1
    assert function(tf.constant([1, 2]), y=tf.constant(3)).numpy().tolist() == [3, 6]
    assert len(noted) == 2
