import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alignment.names import common_names, layer_names, resolved
from analysis.partition.record import ANY_LAYER

NAMES = st.sets(st.from_regex(r"(a|b|0|conv_1|conv)([./](a|b|conv|conv_1)){0,2}", fullmatch=True))


@pytest.mark.parametrize(
    ("baseline", "other", "name", "common"),
    [
        ({"conv1"}, {"conv1"}, "conv1", "conv1"),
        ({"shared"}, {"shared", "shared_1"}, "shared_1", "shared"),
        ({"conv", "conv_1"}, {"conv", "conv_1"}, "conv_1", "conv_1"),
        ({"conv_1"}, {"conv_1", "conv_1_1"}, "conv_1_1", "conv_1"),
        ({"conv"}, {"conv_1"}, "conv_1", "conv"),
        ({"relu"}, {"conv_1"}, "conv_1", "conv_1"),
        ({"block1"}, {"block1.conv"}, "block1.conv", "block1"),
        ({"block1", "block1/conv"}, {"net/block1/conv/kernel"}, "net/block1/conv/kernel", None),
        ({"conv"}, {"net/conv_1"}, "net/conv_1", "conv"),
        ({"0"}, {"layers.0"}, "layers.0", "layers.0"),
        ({"conv1"}, {"conv10"}, "conv10", "conv10"),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_a_name_is_the_other_sides_by_segments_and_suffix(
    baseline: set[str], other: set[str], name: str, common: str | None
) -> None:
    assert common_names(baseline, other)[name] == (common or "block1/conv")


def test_the_longest_match_counts_and_of_those_the_innermost() -> None:
    found = common_names({"a/b", "b", "c"}, {"x/a/b/c", "b/x/c"})
    assert found["x/a/b/c"] == "a/b"
    assert found["b/x/c"] == "c"


@given(NAMES, NAMES)
def test_the_sides_can_be_exchanged_and_common_names_stay_what_they_are(
    baseline: set[str], other: set[str]
) -> None:
    found = common_names(baseline, other)
    assert found == common_names(other, baseline)
    assert all(found[name] == name for name in baseline & other)
    assert all(found[name] == name for name in found.values())


def test_layers_have_each_name_once() -> None:
    assert resolved(("a_1", "a", ANY_LAYER), {"a_1": "a", "a": "a"}) == ("a", ANY_LAYER)
    assert layer_names([("a", ANY_LAYER), (), ("b",)]) == {"a", "b"}


def test_paths_that_no_model_has_stay_as_they_are() -> None:
    path = "/".join("x" * 200_000)
    assert common_names({"x"}, {path, "net/x"}) == {"x": "x", "net/x": "x", path: path}
