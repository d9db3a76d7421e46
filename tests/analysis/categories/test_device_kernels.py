import pytest

from analysis.categories import device_kernels

NATIVE = "void at::native::"
ELEMENTS = f"{NATIVE}vectorized_elementwise_kernel<4, at::native::"
REDUCE = f"{NATIVE}reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ampere_sgemm_128x64_nn", ("matmul", "matmul")),
        ("Cijk_Ailk_Bljk_S_B_Bias_HA_S_SAV_UserArgs_MT16x16x128", ("matmul", "matmul")),
        ("nvjet_tst_192x8_64x8_4x1_v_bz_TNT", ("matmul", "matmul")),
        ("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_cublas", ("matmul", "matmul")),
        ("bmm_Bfloat16_MxE2m1MxE4m3_Fp32_t128x16x256u2_s3_biasM_bN_tmaOpt", ("matmul", "matmul")),
        ("void gemv2T_kernel_val<int, int, float>(cublasGemvParams<float>)", ("matmul", "matmul")),
        ("sm80_xmma_fprop_implicit_gemm_tf32f32_cudnn", ("convolution", "convolution")),
        ("cudnn_ampere_scudnn_128x64_relu_large_nn_v1", ("convolution", "convolution")),
        ("sm80_xmma_dgrad_implicit_gemm_indexed_f32", ("convolution", "convolution_backward")),
        ("sm80_xmma_wgrad_implicit_gemm_indexed_f32", ("convolution", "convolution_backward")),
        ("igemm_bwd_gtcx35_nhwc_fp32", ("convolution", "convolution_backward")),
        ("void cudnn::ops::nchwToNhwcKernel<float>(int)", ("convolution", "reorder")),
        ("Im3d2Col.kd", ("convolution", "reorder")),
        ("void pytorch_flash::flash_fwd_kernel<Flash_fwd>(x)", ("attention", "attention")),
        (
            "void pytorch_flash::flash_bwd_dq_dk_dv_loop_seqk_parallel_kernel<T>",
            ("attention", "attention_backward"),
        ),
        ("attn_fwd", ("attention", "attention")),
        ("fmhaSm100aKernel_QkvE4m3OBfloat16H64PagedKv", ("attention", "attention")),
        ("void cudnn::bn_fw_tr_1C11_kernel_NCHW<float>", ("normalisation", "batch_norm")),
        ("void cudnn::bn_bw_1C11_kernel_new<float>", ("normalisation", "batch_norm_backward")),
        (
            f"{NATIVE}vectorized_layer_norm_kernel<float, float>(int)",
            ("normalisation", "layer_norm"),
        ),
        (
            f"{NATIVE}layer_norm_grad_input_kernel<float, float>(int)",
            ("normalisation", "layer_norm_backward"),
        ),
        ("void vllm::rms_norm_kernel<c10::BFloat16, 8, 2>(int)", ("normalisation", "rms_norm")),
        (f"{NATIVE}max_pool_forward_nchw<float>(int)", ("pooling", "max_pool")),
        (f"{NATIVE}max_pool_backward_nchw<float>(int)", ("pooling", "max_pool_backward")),
        (f"{NATIVE}cunn_SoftMaxForward<4, float>(int)", ("loss", "softmax")),
        (f"{NATIVE}nll_loss_forward_reduce_cuda_kernel_2d<float>", ("loss", "loss")),
        (
            f"{NATIVE}multi_tensor_apply_kernel<FusedOptimizerTensorListMetadata<3>, FusedAdam>",
            ("optimizer", "adam"),
        ),
        ("ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)", ("communication", "all_reduce")),
        ("ncclDevKernel_ReduceScatter_Sum_f32", ("communication", "reduce_scatter")),
        (f"{ELEMENTS}CUDAFunctor_add<float>, std::array<char*, 3ul> >", ("elementwise", "add")),
        (
            f"{ELEMENTS}BinaryFunctor<float, float, float, MulFunctor<float> > >",
            ("elementwise", "multiply"),
        ),
        (f"{ELEMENTS}exp_kernel_cuda(at::TensorIteratorBase&)>", ("elementwise", "exponential")),
        (f"{ELEMENTS}cos_kernel_cuda(at::TensorIteratorBase&)>", ("elementwise", "trigonometry")),
        (f"{ELEMENTS}launch_clamp_scalar(at::TensorIteratorBase&)>", ("elementwise", "clamp")),
        (f"{ELEMENTS}something_of_tomorrow>", ("elementwise", "elementwise")),
        (f"{ELEMENTS}GeluCUDAKernelImpl(at::TensorIteratorBase&)>", ("activation", "gelu")),
        (
            f"{ELEMENTS}threshold_kernel_impl<float>(at::TensorIteratorBase&)>",
            ("activation", "relu_backward"),
        ),
        (f"{ELEMENTS}FillFunctor<float>, std::array<char*, 1ul> >", ("layout", "fill")),
        (f"{ELEMENTS}bfloat16_copy_kernel_cuda(at::TensorIteratorBase&)>", ("layout", "cast")),
        (f"{NATIVE}unrolled_elementwise_kernel<direct_copy_kernel_cuda>", ("layout", "copy")),
        (f"{NATIVE}unrolled_elementwise_kernel<CUDAFunctor_add<float> >", ("elementwise", "add")),
        (f"{NATIVE}CatArrayBatchedCopy<float, unsigned int, 2, 64, 64>", ("layout", "concatenate")),
        (f"{NATIVE}indexSelectLargeIndex<float, int>", ("layout", "gather")),
        (f"{REDUCE}func_wrapper_t<float, sum_functor<float> > > >", ("reduction", "sum")),
        (f"{REDUCE}MeanOps<float, float, float, float> > >", ("reduction", "mean")),
        ("void cub::DeviceRadixSortOnesweepKernel<Policy800>(int)", ("search", "sort")),
        ("void cub::DeviceScanKernel<cub::AgentScanPolicy<128, 15> >", ("reduction", "scan")),
        (
            "void split_embedding_backward_codegen_rowwise_adagrad_kernel_cta_per_row_1<float>",
            ("embedding", "embedding_backward"),
        ),
        (f"{NATIVE}fused_dropout_kernel_vec<float, float>", ("random", "dropout")),
        ("Relu_GPU_DT_FLOAT_DT_FLOAT_kernel", ("activation", "relu")),
        ("AddV2_GPU_DT_HALF_DT_HALF_kernel", ("elementwise", "add")),
        ("void tensorflow::functor::ApplyAdamKernel<float, int>", ("optimizer", "adam")),
        ("void tensorflow::BiasNHWCKernel<float>(int)", ("elementwise", "add")),
        ("void tensorflow::functor::SwapDimension1And2InTensor3<uint>", ("layout", "transpose")),
        ("void tensorflow::functor::ColumnReduceKernel<float*>", ("reduction", "sum")),
        ("void tensorflow::GatherOpKernel<float, int>", ("layout", "gather")),
        ("void Eigen::internal::EigenMetaKernel<Evaluator>", ("elementwise", "elementwise")),
        ("__amd_rocclr_copyBuffer.kd", ("layout", "copy")),
    ],
)
def test_what_a_kernel_does(name: str, expected: tuple[str, str]) -> None:
    found = device_kernels.find(name)
    assert found is not None
    assert (found.category, found.op) == expected


@pytest.mark.parametrize("name", ["", "my_kernel", "SomeKernel", "void secret::run<float>(int)"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert device_kernels.find(name) is None
