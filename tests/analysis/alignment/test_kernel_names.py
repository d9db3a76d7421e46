import pytest

from analysis.alignment.kernel_names import cut


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (
            "void at::native::vectorized_elementwise_kernel<4, at::native::AddFunctor<float>>(int)",
            "at::native::vectorized_elementwise_kernel",
        ),
        ("void at::native::(anonymous namespace)::softmax<float>(int)", "at::native::softmax"),
        ("ampere_sgemm_128x128_tn", "ampere_sgemm_128x128_tn"),
        ("Memcpy HtoD (Pageable -> Device)", "Memcpy HtoD"),
        ("<built-in function len>", "<built-in function len>"),
        ("", ""),
    ],
)
def test_templates_and_arguments_are_cut(name: str, short: str) -> None:
    assert cut(name) == short
