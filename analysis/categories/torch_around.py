"""Rules for what runs around PyTorch's operators, and for operators of other libraries."""

import re

from analysis.categories.rules import Category, Meaning, Rules

MATMUL, CONVOLUTION, ATTENTION = Category.MATMUL, Category.CONVOLUTION, Category.ATTENTION
LAYOUT, ELEMENTWISE, ACTIVATION = Category.LAYOUT, Category.ELEMENTWISE, Category.ACTIVATION
POOLING, SEARCH, RUNTIME = Category.POOLING, Category.SEARCH, Category.RUNTIME
NORMALISATION, EMBEDDING = Category.NORMALISATION, Category.EMBEDDING
COMMUNICATION = Category.COMMUNICATION

AROUND = Rules(
    {
        (RUNTIME, "autograd"): "autograd::engine::evaluate_function:* *CppFunction* GraphRoot "
        "struct*torch::autograd::* torch::autograd::CopyBackwards torch::autograd::GraphRoot "
        "Copy?lices",
        (ELEMENTWISE, "accumulate_grad"): "torch::autograd::AccumulateGrad AccumulateGrad",
        (
            RUNTIME,
            "compiled_call",
        ): "CompiledFunction CompiledFunctionBackward Torch-Compiled*Region* *_compiled_fn* "
        "*CompiledFxGraph* inductor* InductorBenchmarker* Inductor_*",
        (
            RUNTIME,
            "compile",
        ): "TorchDynamo* AOTDispatcher* Pregraph?bytecode* dynamo* *convert_frame* *bytecode*",
        (RUNTIME, "optimizer_call"): "Optimizer.* Optimizer# torch.optim* *zero_grad*",
        (RUNTIME, "bookkeeping"): "detach detach_ profiler::* *ProfilerStep* "
        "record_param_comms_* autograd::* torch::autograd::* cudaGraph*",
        (Category.DATA, "load"): "enumerate(DataLoader)* *DataLoader*__next__* DataPipe*",
        (COMMUNICATION, "all_reduce"): "*:all_reduce* *:allreduce*",
        (COMMUNICATION, "all_gather"): "*:all_gather* *:allgather* *:_allgather*",
        (COMMUNICATION, "collective"): "c10d::* *c10d* nccl:* gloo:* mpi:* ucc:* xccl:* "
        "record_param_comms All2All_* DistributedDataParallel.* torch.distributed* symm_mem::* "
        "FullyShardedDataParallel.* FSDP::* _c10d_functional::*",
    }
)
"""Whole names."""

LIBRARIES = Rules(
    {
        (COMMUNICATION, "all_reduce"): "*all_reduce*",
        (COMMUNICATION, "all_gather"): "*all_gather*",
        (COMMUNICATION, "collective"): "*reduce_scatter* *all_to_all* *all2all*",
        (ATTENTION, "attention"): "*attn* *attention* *xformers* *fmha* *rotary_embedding* "
        "*mla_* *sdpa*",
        (LAYOUT, "copy"): "*reshape_and_cache* *kv_cache*",
        (NORMALISATION, "rms_norm"): "*rms_norm* *RMSNorm*",
        (NORMALISATION, "layer_norm"): "*LayerNorm* *layer_norm*",
        (NORMALISATION, "batch_norm"): "*BatchNorm* *batch_norm*",
        (EMBEDDING, "embedding"): "*embedding* fbgemm::* fb::* *SplitLookup*",
        (ACTIVATION, "silu"): "*silu_and_mul* *swiglu*",
        (LAYOUT, "cast"): "*quantize* *_quant *_quant_*",
        (SEARCH, "sort"): "torchvision::nms *topk* *moe_align*",
        (MATMUL, "matmul"): "*moe* *gemm* *_mm*",
        (POOLING, "resize"): "torchvision::*roi_* torchvision::ps_*",
        (CONVOLUTION, "convolution"): "torchvision::deform_conv2d* *conv1d*",
    }
)
"""Operators of other libraries, with their namespace (`vllm::rms_norm`)."""

OPERATOR = re.compile(r"\w+::[\w.]+(?:::[\w.]+)?")


def find(name: str) -> Meaning | None:
    """What a wrapper or an operator of another library stands for; None if no rule knows it."""
    known = AROUND.find(name)
    return known or (LIBRARIES.find(name) if OPERATOR.fullmatch(name) else None)
