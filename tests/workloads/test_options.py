import msgspec
import pytest

from profilers import records
from workloads import options
from workloads.catalogue import find_workload, workload_list
from workloads.spec import Planted, Workload, WorkloadError

KNOWN = "; its options and defaults are size=1024."


def test_options_are_converted_and_kept_with_the_workload() -> None:
    found = find_workload("conv2d", {"size": "8", "channels": 3})
    assert found.input_shape == (8, 8, 3)
    assert found.options == {"size": 8, "channels": 3, "kernel": 3}


def test_without_options_a_workload_is_the_shipped_one() -> None:
    shipped = {workload.name: workload for workload in workload_list()}
    assert find_workload("lstm") is shipped["lstm"]
    assert find_workload("lstm", {"units": "128"}) == shipped["lstm"]


def test_what_a_run_recorded_makes_the_same_workload() -> None:
    for workload in workload_list():
        assert find_workload(workload.name, workload.options) == workload


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size": "0"}, "size is a whole number above 0 and at most 16,777,216, not 0" + KNOWN),
        ({"size": "-3"}, "not -3" + KNOWN),
        ({"size": "many"}, "not many" + KNOWN),
        ({"size": "1.5"}, "not 1.5" + KNOWN),
        ({"size": 1.5}, "not 1.5" + KNOWN),
        ({"size": float("inf")}, "not inf" + KNOWN),
        ({"size": "9" * 30}, "not " + "9" * 30 + KNOWN),
        ({"size": "9" * 5000}, "is a whole number"),
        ({"sise": "4"}, 'matmul: it has no option "sise" (is it size?)' + KNOWN),
        ({"size": "1000000"}, "matmul: its weights would take 4,000 GB, over 64 GB" + KNOWN),
    ],
)
def test_options_that_can_not_be_are_one_sentence(given: dict[str, str], words: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        find_workload("matmul", given)
    assert words in str(caught.value)
    assert str(caught.value).startswith("matmul: ")
    assert str(caught.value).count(". ") == 0


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("transformer", {"heads": "5"}, "can't split a width of 64 into 5 heads; its options and"),
        ("transformer", {"blocks": "9000"}, "9,000 blocks are more than 256; its options and"),
        ("attention", {"size": "100000"}, "the values of a batch would take"),
        ("resnet18", {"size": "5"}, 'resnet18: it has no option "size"; it has no options.'),
    ],
)
def test_models_that_can_not_be_name_their_options(
    name: str, given: dict[str, str], words: str
) -> None:
    with pytest.raises(WorkloadError) as caught:
        find_workload(name, given)
    assert words in str(caught.value)


def test_options_may_be_words_and_fractions() -> None:
    shipped = find_workload("matmul")

    def make(**given: object) -> Workload:
        assert given == {"rate": 0.5, "kind": "plain"}
        return shipped

    told = msgspec.structs.replace(shipped, options={"rate": 0.1, "kind": "odd"})
    assert options.made(told, make, {"rate": "0.5", "kind": "plain"}) is shipped
    for rate in ("nan", "inf", "0", "half"):
        with pytest.raises(WorkloadError, match="rate is a number above 0"):
            options.made(told, make, {"rate": rate})


def test_they_are_written_as_they_are_set() -> None:
    assert options.written({"size": 3, "kind": "odd"}) == "size=3, kind=odd"


@pytest.mark.parametrize("workload", workload_list(), ids=lambda workload: workload.name)
def test_time_can_be_planted_in_every_workload_and_changes_nothing_else(workload: Workload) -> None:
    layer = workload.layers[-1].name
    given = {"burden_layer": layer, "burden_ms": "2", "wait_ms": "0.5"}
    found = find_workload(workload.name, given)
    assert found.planted == Planted(burden_layer=layer, burden_ms=2.0, wait_ms=0.5)
    told = {"burden_layer": layer, "burden_ms": 2.0, "wait_ms": 0.5}
    assert found.options == workload.options | told
    assert msgspec.structs.replace(found, options=workload.options, planted=None) == workload
    assert found.sha256 == workload.sha256
    assert find_workload(workload.name, found.options) == found


def test_planted_time_stands_beside_other_options() -> None:
    found = find_workload("matmul", {"size": "8", "wait_ms": "30"})
    assert (found.input_shape, found.planted) == ((8,), Planted(wait_ms=30.0))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"burden_ms": "2"}, "burden_layer and burden_ms go together"),
        ({"burden_layer": "matmul"}, "burden_layer and burden_ms go together"),
        ({"burden_layer": "conv9", "burden_ms": "2"}, "none of its layers: matmul"),
        ({"wait_ms": "0"}, "wait_ms is a number above 0"),
        ({"wait_ms": "nan"}, "wait_ms is a number above 0"),
        ({"wait_mss": "1"}, 'it has no option "wait_mss"'),
    ],
)
def test_what_can_not_be_planted_is_one_sentence(given: dict[str, str], words: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        find_workload("matmul", given)
    assert words in str(caught.value)
    assert str(caught.value).endswith(KNOWN)


def test_records_know_what_is_planted() -> None:
    assert set(options.PLANTED) == set(Planted.__struct_fields__) == set(records.PLANTED)


def test_what_is_planted_in_words() -> None:
    both = Planted(burden_layer="conv2", burden_ms=2, wait_ms=30)
    assert str(both) == "2 ms of arithmetic in conv2 and 30 ms of waiting for each batch"
    assert str(Planted(wait_ms=0.5)) == "0.5 ms of waiting for each batch"
    assert str(Planted()) == ""
