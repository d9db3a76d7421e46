import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from analysis.ops.short_names import padded, told_apart

LOOP = "void at::native::elementwise_kernel<128, {}, at::native::gpu_kernel_impl_nocast<{}<float> >"
KERNELS = [
    LOOP.format(4, "at::native::BinaryFunctor") + "(at::TensorIteratorBase&)",
    LOOP.format(4, "at::native::CUDAFunctor_add") + "(at::TensorIteratorBase&)",
    LOOP.format(2, "at::native::BinaryFunctor") + "(at::TensorIteratorBase&)",
]


def test_what_fits_stays_as_it_is() -> None:
    assert told_apart(["aten::mm", "void at::f<int>(int)"], 20) == [
        "aten::mm",
        "void at::f<int>(int)",
    ]


def test_a_longer_name_loses_its_middle() -> None:
    assert told_apart(["StatefulPartitionedCall/adam/Square"], 13) == ["Statef…Square"]


def test_a_signature_loses_namespaces_and_its_end() -> None:
    name = "void at::native::(anonymous namespace)::copy<at::native::Two, 2>(at::Base const&)"
    assert told_apart([name], 40) == ["copy<Two, 2>(Base const&)"]
    assert told_apart([name], 16) == ["copy<Two, 2>(Ba…"]


def test_kernels_that_differ_in_a_template_argument_show_it() -> None:
    assert told_apart(KERNELS, 40) == [
        "elementwise_…BinaryFunctor<float> >(Ten…",
        "elementwise_…CUDAFunctor_add<float> >(T…",
        "elementwise_kernel<128, 2, gpu_kernel_i…",
    ]


def test_names_that_differ_in_their_namespaces_keep_them() -> None:
    one, other = (f"void {space}::kernel<float, float>(float*)" for space in ("cub", "thrust"))
    assert told_apart([one, other], 28) == [
        "void cub::kernel<float, flo…",
        "void thrust::kernel<float, …",
    ]


def test_two_differences_far_apart_are_both_shown() -> None:
    names = [f"{'a' * 40}_{x}_{'b' * 40}_{y}_{'c' * 40}" for x in (1, 2) for y in (3, 4)]
    short = told_apart(names, 40)
    assert len(set(short)) == 4
    assert all(
        str(x) in text and str(y) in text
        for text, (x, y) in zip(short, [(1, 3), (1, 4), (2, 3), (2, 4)], strict=True)
    )


def test_a_name_that_begins_another_is_told_from_it() -> None:
    long = "x" * 50
    assert len(set(told_apart([long, long + "x" * 5, long + "y"], 20))) == 3


def test_width_is_counted_in_cells() -> None:
    names = ["卷积层" * 30, "é" * 100]
    short = told_apart(names, 20)
    assert [cell_len(padded(text, 20)) for text in short] == [20, 20]
    assert short[0].startswith("卷积层")
    assert "…" in short[0]


def test_control_characters_are_left_out() -> None:
    assert told_apart(["a\x1b[31m\u202e\ud800b\n"], 30) == ["a[31mb"]


@given(
    st.lists(st.text(alphabet="ab_<:, 漢", max_size=60), max_size=12, unique=True),
    st.integers(12, 40),
)
def test_different_names_fit_and_stay_different(names: list[str], width: int) -> None:
    short = told_apart(names, width)
    assert len(set(short)) == len(names)
    assert all(cell_len(text) <= width for text in short)


@given(st.lists(st.text(max_size=60), max_size=6), st.integers(12, 40))
def test_any_text_is_shortened(names: list[str], width: int) -> None:
    for text in told_apart(names, width):
        assert cell_len(text) <= width
        assert text.isprintable() or " " in text or not text.isascii()


@pytest.mark.parametrize("common", ["x", "ab,"])
def test_many_names_that_part_late(common: str) -> None:
    names = [f"{common * 1000}{number}" for number in range(300)]
    assert len(set(told_apart(names, 30))) == 300
