import pytest

from analysis.blocks import Kind
from analysis.readers.xspace_names import (
    STEP_MARKER,
    Named,
    device_event,
    graph_path,
    host_event,
    recorded_name,
)


@pytest.mark.parametrize(
    ("name", "kind", "key", "path"),
    [
        ("phase_optimizer/adam/Sqrt_1:Sqrt", Kind.OP, "Sqrt", "phase_optimizer/adam/Sqrt_1"),
        (
            "m/relu1_1/Relu:_MklNativeFusedMatMul",
            Kind.OP,
            "_MklNativeFusedMatMul",
            "m/relu1_1/Relu",
        ),
        ("_send_Const/_3_0:_Send", Kind.OP, "_Send", "_send_Const/_3_0"),
        ("EagerLocalExecute: Mul", Kind.OP, "Mul", ""),
        ("EagerLocalExecute: OptionalHasValue", Kind.OP, "OptionalHasValue", None),
        ("EagerLocalExecute: SyncDevice", Kind.RUNTIME, None, ""),
        ("EagerLocalExecute: __inference_step_298", Kind.RUNTIME, None, ""),
        ("__inference_step_298:__inference_step_298", Kind.RUNTIME, None, ""),
        ("jit_conv:XLA GPU module", Kind.RUNTIME, None, ""),
        ("PjRtClient::Execute", Kind.RUNTIME, None, ""),
        ("end: train", Kind.RUNTIME, None, ""),
        ("FunctionRun", Kind.RUNTIME, None, ""),
        ("Iterator::Root::Prefetch", Kind.RUNTIME, None, "tf_data/Iterator::Root::Prefetch"),
        (
            "IteratorGetNextOp::DoCompute",
            Kind.RUNTIME,
            None,
            "tf_data/IteratorGetNextOp::DoCompute",
        ),
        ("PrefetchProduce", Kind.RUNTIME, None, "tf_data/PrefetchProduce"),
        ("phase:data", Kind.ANNOTATION, None, ""),
        ("layer:fc1", Kind.ANNOTATION, None, ""),
        ("$ops.py:12 convert", Kind.PYTHON, None, ""),
    ],
)
def test_what_a_name_on_the_host_says(
    name: str, kind: Kind, key: str | None, path: str | None
) -> None:
    named = host_event(name, "python")
    assert (named.kind, named.name) == (kind, key or name)
    assert named.path == ("tf_data/OptionalHasValue" if path is None else path)


def test_ops_on_the_pipelines_threads_are_the_pipelines() -> None:
    assert host_event("PyFunc:PyFunc", "tf_data_private_threadpool/8").path == "tf_data/PyFunc"
    assert host_event("PyFunc:PyFunc", "tf_Compute/8").path == "PyFunc"


def test_what_runs_on_a_device() -> None:
    assert device_event("void gemm<int>", False, False).kind == Kind.KERNEL
    assert device_event("MemcpyH2D", False, False).kind == Kind.MEMCPY
    assert device_event("anything", True, False).kind == Kind.MEMCPY
    assert device_event("Memset", False, False).kind == Kind.MEMSET
    assert device_event("anything", False, True).kind == Kind.MEMSET


def test_only_names_that_xprof_takes_for_steps_are_steps() -> None:
    taken = [
        name
        for name in ("train", "test 1", "TraceContext", "train/x", "step")
        if STEP_MARKER.match(name)
    ]
    assert taken == ["train", "test 1", "TraceContext"]
    assert graph_path("phase_loss/Mean:Mean") == "phase_loss/Mean"
    assert graph_path("XlaModule:") == ""


@pytest.mark.parametrize(
    ("name", "shown", "expected"),
    [
        ("aten/mm:mm", "aten::mm", Named(Kind.OP, "aten::mm")),
        (" phase:data ", "phase:data", Named(Kind.ANNOTATION, "phase:data")),
        ("$main.py(3): run", "main.py(3): run", Named(Kind.PYTHON, "main.py(3): run")),
        ("cudaLaunchKernel", "", Named(Kind.RUNTIME, "cudaLaunchKernel")),
        ("runtime a:b ", "a:b", Named(Kind.RUNTIME, "a:b")),
        ("train", "step:3", Named(Kind.RUNTIME, "train")),
    ],
)
def test_events_of_torch_are_what_they_were(name: str, shown: str, expected: Named) -> None:
    assert host_event(recorded_name(name, shown), "thread 5") == expected
