from dataclasses import replace

import pytest

from tests.profilers.small_models import model
from workloads.catalogue import find_dataset, find_workload, workload_list
from workloads.layers import Embedding, Linear
from workloads.spec import Workload, WorkloadError


@pytest.mark.parametrize(
    ("data", "workload", "words"),
    [
        (
            "digits",
            "cifar10-cnn3",
            "cifar10-cnn3 takes 32×32×3 images, digits has 28×28×1; use --workload lstm or "
            "mnist-mlp for these data, or --data synthetic for this workload.",
        ),
        (
            "cifar10",
            "mnist-mlp",
            "mnist-mlp takes 28×28×1 images, cifar10 has 32×32×3; use --workload cifar10-cnn3 or "
            "cifar10-cnn5 or resnet18 for these data, or --data digits for this workload.",
        ),
        (
            "digits",
            "transformer",
            "transformer takes sequences of 64 tokens with 64 labels each, digits has 28×28×1 "
            "images with one label; use --workload lstm or mnist-mlp for these data, or --data "
            "markov for this workload.",
        ),
        (
            "markov",
            "lstm",
            "lstm takes 28×28×1 images, markov has sequences of tokens, each with the next one as "
            "label; use --workload transformer for these data, or --data digits for this workload.",
        ),
    ],
)
def test_images_of_another_size_are_refused_with_the_workloads_that_take_them(
    data: str, workload: str, words: str
) -> None:
    with pytest.raises(WorkloadError) as caught:
        find_dataset(data).check(find_workload(workload))
    assert str(caught.value) == words


def test_data_that_nothing_takes_are_refused_with_data_that_fit() -> None:
    odd = replace(find_dataset("digits"), name="odd", shapes=((5, 5, 1), (7, 5, 1)))
    with pytest.raises(WorkloadError) as caught:
        odd.check(find_workload("mnist-mlp"))
    assert str(caught.value) == (
        "mnist-mlp takes 28×28×1 images, odd has 5×5×1 or 7×5×1, which no shipped workload takes "
        "yet; use --data digits."
    )


def test_another_number_of_classes_is_refused() -> None:
    letters = replace(find_dataset("digits"), name="letters", classes=26)
    with pytest.raises(
        WorkloadError,
        match="mnist-mlp tells 10 classes apart, letters has 26, which no shipped workload takes",
    ):
        letters.check(find_workload("mnist-mlp"))


def test_made_up_data_fit_by_what_a_sample_is() -> None:
    fitting = {
        data: {w.name for w in workload_list() if find_dataset(data).fits(w)}
        for data in ("synthetic", "noise", "markov")
    }
    every = {workload.name for workload in workload_list()}
    assert fitting["markov"] == {"transformer"}
    assert fitting["noise"] == every - {"transformer"}
    assert fitting["synthetic"] == every - {"transformer", "matmul", "attention"}


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        (find_workload("matmul"), "matmul takes vectors of 1024 numbers, synthetic has images"),
        (find_workload("attention"), "attention takes 128×256 sequences, synthetic has images"),
        (
            model((5, 3), 4, Linear("fc", 4)),
            "small takes 5×3 sequences with 5 labels each, synthetic has images with one label",
        ),
        (
            model((5,), 3, Embedding("embedding", 9, 3)),
            "small takes sequences of 5 tokens with 5 labels each, synthetic has images",
        ),
    ],
)
def test_what_is_no_image_is_told_from_images(workload: Workload, words: str) -> None:
    with pytest.raises(WorkloadError, match=words):
        find_dataset("synthetic").check(workload)


def test_a_label_that_is_no_token_is_no_next_token() -> None:
    with pytest.raises(WorkloadError, match="markov has sequences of tokens, each with the next"):
        find_dataset("markov").check(model((5,), 3, Embedding("embedding", 9, 3)))
