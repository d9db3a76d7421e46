"""Has Keras drive the steps (`fit`, `predict`), and tells an observer of each batch."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras

from profilers.backend import Observer
from workloads.batches import Batches

PREDICTED_AT_ONCE = 1000
Around = Callable[[], AbstractContextManager[Any]]


class BatchEdges(keras.callbacks.CallbackList):  # type: ignore[misc]
    """Keras' own hooks at the edges of each batch, which fetching the batch is part of.

    As a list of callbacks it gets the logs as tensors; Keras waits for their values before it hands
    them to a single callback, which would slow each step of a device. `around` opens what is to
    be open during a step; `after` is called when the observer was told of its end. Noted is what
    the data pipeline was asked for, as Keras shows nobody what it gives to a step.
    """

    def __init__(
        self,
        model: Any,
        batches: Batches,
        observer: Observer,
        around: Around = nullcontext,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(add_history=True, model=model)
        self.stopped = False
        self._given = iter(batches)
        self._log = batches.log
        self._observer = observer
        self._around, self._after = around, after

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A step begins."""
        self._observer.begins()
        self._open = self._around()
        self._open.__enter__()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """A training step is over."""
        self.model.stop_training = self._ends(logs["loss"])

    on_predict_batch_begin = on_train_batch_begin

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """A step of inference is over."""
        self.model.stop_predicting = self._ends(None)

    def _ends(self, loss: Any) -> bool:
        self._open.__exit__(None, None, None)
        self._log.note(next(self._given))
        self.stopped = self._observer.ends(loss)
        self._after()
        return self.stopped


class OwnLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss of outputs and labels that gives one number; labels keep their type and shape."""

    def __init__(self, loss: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self._loss = loss

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch."""
        return self._loss(y_pred, y_true)


def prepare(model: Any, optimizer: Any, own_loss: Callable[[Any, Any], Any] | None = None) -> None:
    """Compile the model as `fit` needs it, without XLA and with no metric but the loss.

    That is the mean cross-entropy, unless another one of outputs and labels is given.
    """
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if own_loss is not None:
        loss = OwnLoss(own_loss)
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False)


def run(
    model: Any, batches: Batches, dataset_of: Callable[[Batches], Any], edges: BatchEdges
) -> None:
    """One pass of `fit` over the batches, in their order."""
    model.fit(dataset_of(batches), epochs=1, verbose=0, shuffle=False, callbacks=edges)


def run_forward(
    model: Any, batches: Batches, dataset_of: Callable[[Batches], Any], edges: BatchEdges
) -> None:
    """`predict` on the batches in order; called anew after some, as it keeps all outputs."""
    for part in batches.parts(PREDICTED_AT_ONCE):
        model.predict(dataset_of(part), verbose=0, callbacks=edges)
        if edges.stopped:
            return


def trace_anew(model: Any) -> None:
    """Have the next step traced afresh; weights and the optimizer's state stay."""
    model.make_train_function(force=True)
    model.make_predict_function(force=True)
