import pytest

from analysis.categories import torch_around


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("autograd::engine::evaluate_function: AddmmBackward0", ("runtime", "autograd", "")),
        ("torch::autograd::AccumulateGrad", ("elementwise", "accumulate_grad", "")),
        ("CompiledFunction", ("runtime", "compiled_call", "")),
        ("CompiledFunctionBackward", ("runtime", "compiled_call", "")),
        ("Torch-Compiled Region: 0/3", ("runtime", "compiled_call", "")),
        ("TorchDynamo Cache Lookup", ("runtime", "compile", "")),
        ("AOTDispatcher Runtime Wrapper Prologue", ("runtime", "compile", "")),
        ("Optimizer.step#Adam.step", ("runtime", "optimizer_call", "")),
        ("detach", ("runtime", "bookkeeping", "")),
        ("nccl:all_reduce", ("communication", "all_reduce", "")),
        ("c10d::allreduce_", ("communication", "all_reduce", "")),
        ("vllm::all_reduce", ("communication", "all_reduce", "")),
        ("vllm::rms_norm", ("normalisation", "rms_norm", "")),
        ("flash_attn::_flash_attn_forward", ("attention", "attention", "")),
        ("fbgemm::bounds_check_indices", ("embedding", "embedding", "")),
        ("torchvision::nms", ("search", "sort", "")),
        ("enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", ("data", "load", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = torch_around.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert torch_around.find(name) is None
