import re

import pytest

from analysis.categories.rules import TITLES, Category, Meaning, Rules, Search, fused, made_of

ADD = Meaning(Category.ELEMENTWISE, "add")
SUM = Meaning(Category.REDUCTION, "sum")
KNOWN = {"add": ADD, "sum": SUM, "sum_to_size": Meaning(Category.REDUCTION, "sum_to_size")}


def test_every_category_has_a_title() -> None:
    assert set(TITLES) == set(Category)
    assert len(set(TITLES.values())) == len(Category)


def test_an_exact_name_goes_before_the_patterns_and_those_by_their_order() -> None:
    rules = Rules(
        {
            (Category.MATMUL, "any"): "*mm*",
            (Category.MATMUL, "matmul", "bias activation"): "addmm",
            (Category.CONVOLUTION, "late"): "*mm_x addmm",
        }
    )
    assert rules.find("addmm") == Meaning(Category.MATMUL, "matmul", ("bias", "activation"))
    assert rules.find("baddbmm") == Meaning(Category.MATMUL, "any")
    assert rules.find("mm_x") == Meaning(Category.MATMUL, "any")
    assert rules.find("mul") is None


@pytest.mark.parametrize("name", ["a.b", "a+b", "a(b", "a\nb"])
def test_only_stars_and_question_marks_are_patterns(name: str) -> None:
    rules = Rules({(Category.RUNTIME, "exact"): "a.?", (Category.RUNTIME, "any"): "a*b"})
    found = rules.find(name)
    assert found is not None
    assert found.op == ("exact" if name == "a.b" else "any")


def test_a_search_takes_the_first_pattern_in_the_name() -> None:
    search = Search([("b+", ADD), ("a", SUM)])
    assert (search.find("abb"), search.find("ca"), search.find("c")) == (ADD, SUM, None)
    with pytest.raises(re.error):
        Search([("(", ADD)]).find("a")


def test_a_name_is_taken_apart_by_the_longest_known_names() -> None:
    assert list(made_of("add_sum_to_size_what_sum", KNOWN)) == [ADD, KNOWN["sum_to_size"], SUM]
    assert list(made_of("", KNOWN)) == []


def test_a_kernel_of_one_op_is_that_op() -> None:
    assert fused([ADD, ADD]) == ADD
    assert fused([ADD, SUM, ADD]) == Meaning(Category.FUSED, "fused", ("add", "sum"))
    assert fused([]) == Meaning(Category.FUSED, "fused", ())
