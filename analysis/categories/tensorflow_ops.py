"""Rules for the op types of TensorFlow: graph and eager ops, and those of oneDNN (`_Mkl...`)."""

import re

from analysis.categories.rules import Category, Meaning, Rules

MATMUL, CONVOLUTION = Category.MATMUL, Category.CONVOLUTION
LAYOUT, ELEMENTWISE, ACTIVATION = Category.LAYOUT, Category.ELEMENTWISE, Category.ACTIVATION
LOSS, POOLING, REDUCTION = Category.LOSS, Category.POOLING, Category.REDUCTION
SEARCH, ALGEBRA, RUNTIME = Category.SEARCH, Category.ALGEBRA, Category.RUNTIME
NORMALISATION, RECURRENT, DATA = Category.NORMALISATION, Category.RECURRENT, Category.DATA

TYPE = re.compile(r"_?[A-Z][A-Za-z0-9_>]*")
ONEDNN = re.compile(r"^_Mkl(?:Native|Layout)?(?:Eager)?")

OPS = Rules(
    {
        (MATMUL, "matmul"): "MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 SparseMatMul "
        "QuantizedMatMul* SparseTensorDenseMatMul SparseMatrix*MatMul *TPUCompile?MatMul",
        (MATMUL, "matmul", "bias activation"): "_FusedMatMul FusedMatMul FusedBatchMatMulV2 "
        "_FusedBatchMatMulV2 UniformQuantizedDot*",
        (MATMUL, "einsum"): "Einsum XlaEinsum",
        (
            CONVOLUTION,
            "convolution",
        ): "Conv2D Conv3D DepthwiseConv2dNative Conv1D QuantizedConv2D *Dilation2D",
        (CONVOLUTION, "convolution", "bias activation"): "_FusedConv2D _FusedConv3D FusedConv2D "
        "_FusedDepthwiseConv2dNative FusedDepthwiseConv2D FusedConv3D *FusedPadConv2D "
        "Conv2DWithBias _FusedQuantizedConv2D* _FusedQuantizedDepth* FusedResizeAndPadConv2D "
        "PadWithConv2D PadWithFusedConv2D QuantizedConv2D*",
        (
            CONVOLUTION,
            "convolution_backward",
            "input",
        ): "Conv*BackpropInput* DepthwiseConv*BackpropInput* Dilation2DBackpropInput",
        (CONVOLUTION, "convolution_backward", "weight bias"): "Conv*BackpropFilterWithBias",
        (CONVOLUTION, "convolution_backward", "weight"): "Conv*BackpropFilter* "
        "DepthwiseConv*BackpropFilter* Dilation2DBackpropFilter",
        (Category.ATTENTION, "attention"): "*Attention* *FMHA* *FlashAttn*",
        (RECURRENT, "lstm"): "*LSTM*",
        (RECURRENT, "gru"): "*GRU*",
        (RECURRENT, "rnn"): "CudnnRNN CudnnRNNV2 CudnnRNNV3 CudnnRNN*",
        (RECURRENT, "rnn_backward"): "CudnnRNNBackprop*",
        (RECURRENT, "loop"): "While StatelessWhile Switch Merge Enter Exit NextIteration "
        "LoopCond RefSwitch RefMerge RefEnter RefExit _SwitchN",
        (RECURRENT, "loop_state"): "TensorList* TensorArray* Stack* EmptyTensorList",
        (NORMALISATION, "batch_norm_backward"): "FusedBatchNormGrad* BatchNorm*Grad*",
        (
            NORMALISATION,
            "batch_norm",
        ): "FusedBatchNorm* BatchNorm* FusedBatchNormEx _FusedBatchNormEx",
        (NORMALISATION, "layer_norm_backward"): "LayerNormGrad",
        (NORMALISATION, "layer_norm"): "LayerNorm* *InstanceNorm L2Normalize L2Loss LRN LRNGrad",
        (ACTIVATION, "relu"): "Relu Relu6",
        (ACTIVATION, "relu_backward"): "ReluGrad Relu6Grad",
        (ACTIVATION, "gelu"): "Gelu",
        (ACTIVATION, "gelu_backward"): "GeluGrad",
        (ACTIVATION, "sigmoid"): "Sigmoid",
        (ACTIVATION, "sigmoid_backward"): "SigmoidGrad",
        (ACTIVATION, "tanh"): "Tanh",
        (ACTIVATION, "tanh_backward"): "TanhGrad",
        (ACTIVATION, "silu"): "Swish FusedSwish FusedMish",
        (ACTIVATION, "elu"): "Elu Selu",
        (ACTIVATION, "elu_backward"): "EluGrad SeluGrad",
        (ACTIVATION, "leaky_relu"): "LeakyRelu",
        (ACTIVATION, "leaky_relu_backward"): "LeakyReluGrad",
        (ACTIVATION, "softplus"): "Softplus Softsign Erf Erfc",
        (ACTIVATION, "softplus_backward"): "SoftplusGrad SoftsignGrad",
        (LOSS, "softmax"): "Softmax SparseSoftmax",
        (LOSS, "log_softmax"): "LogSoftmax",
        (
            LOSS,
            "cross_entropy",
        ): "SparseSoftmaxCrossEntropyWithLogits SoftmaxCrossEntropyWithLogits",
        (LOSS, "loss"): "CTCLoss* *Loss",
        (LOSS, "metric"): "InTopK InTopKV2",
        (POOLING, "max_pool_backward"): "MaxPool*Grad*",
        (POOLING, "max_pool"): "MaxPool* FractionalMaxPool",
        (POOLING, "average_pool_backward"): "AvgPool*Grad*",
        (POOLING, "average_pool"): "AvgPool* FractionalAvgPool",
        (POOLING, "resize_backward"): "Resize*Grad",
        (POOLING, "resize"): "Resize* ScaleAndTranslate CropAndResize* ImageProjectiveTransform*",
        (Category.EMBEDDING, "embedding"): "*Embedding* OneHot",
        (Category.OPTIMIZER, "adam"): "*Apply*Adam* *ApplyAdaMax",
        (Category.OPTIMIZER, "sgd"): "*ApplyGradientDescent *Apply*Momentum",
        (Category.OPTIMIZER, "adagrad"): "*ApplyAdagrad* *ApplyProximalAdagrad",
        (Category.OPTIMIZER, "update"): "*ResourceApply* *ResourceSparseApply* Apply* SparseApply*",
        (Category.RANDOM, "dropout"): "*Dropout*",
        (
            Category.RANDOM,
            "random",
        ): "Random* Stateless*Random* StatelessRandom* Multinomial *Normal StatefulUniform* "
        "StatefulStandard* Rng* *RandomSeed* StatelessMultinomial StatelessShuffle "
        "StatelessParameterized* StatelessTruncated* Parameterized* NonDeterministicInts "
        "StatefulRandom* Stateful*Binomial",
        (LAYOUT, "copy"): "Snapshot Copy CopyHost DeepCopy _*Send _*Recv Send Recv _Send _Recv "
        "_HostSend _HostRecv DebugIdentity* _CopyFrom* Relayout* CopyToMesh* Infeed* Outfeed* "
        "_ScopedAllocator*",
        (LAYOUT, "cast"): "Cast Bitcast Quantize* Dequantize* FakeQuant* _HostCast Requantize* "
        "QuantizeV2 Bucketize? AsString StringToNumber UniformQuantize UniformDequantize "
        "UniformRequantize StochasticCastToInt ToBool",
        (
            LAYOUT,
            "transpose",
        ): "Transpose ConjugateTranspose InvertPermutation MatrixTranspose *ToTf",
        (LAYOUT, "reshape"): "Reshape Squeeze ExpandDims BroadcastTo EnsureShape Shape ShapeN "
        "Rank Size VariableShape BroadcastArgs BroadcastGradientArgs ConcatOffset "
        "QuantizedReshape",
        (LAYOUT, "slice"): "Slice StridedSlice StridedSliceGrad Split SplitV Unpack "
        "ResourceStridedSliceAssign StridedSliceAssign MatrixDiag* Diag* MatrixBandPart "
        "MatrixSetDiag* ExtractImagePatches ExtractVolumePatches MirrorPadGrad _Slice",
        (LAYOUT, "concatenate"): "Concat ConcatV2 Pack ParallelConcat DynamicStitch "
        "ParallelDynamicStitch _ConcatV2 QuantizedConcat*",
        (
            LAYOUT,
            "gather",
        ): "Gather GatherV2 GatherNd ResourceGather ResourceGatherNd DynamicPartition BooleanMask",
        (LAYOUT, "scatter"): "Scatter* ResourceScatter* TensorScatter* TensorStridedSliceUpdate "
        "UnsortedSegmentSum",
        (LAYOUT, "pad"): "Pad PadV2 MirrorPad SpaceToBatch* BatchToSpace*",
        (LAYOUT, "repeat"): "Tile TileGrad Reverse ReverseV2 ReverseSequence Roll",
        (LAYOUT, "shuffle"): "DepthToSpace SpaceToDepth DataFormat*",
        (
            LAYOUT,
            "fill",
        ): "Fill ZerosLike OnesLike _ZerosLike Range LinSpace Zeros Empty Const HostConst "
        "ImmutableConst InplaceUpdate Inplace* SparseToDense",
        (
            LAYOUT,
            "sparse",
        ): "Sparse* Ragged* SerializeSparse* DeserializeSparse* AddSparse* CSR* DenseToCSR*",
        (LAYOUT, "assign"): "AssignVariableOp Assign RefAssign",
        (
            LAYOUT,
            "read_variable",
        ): "ReadVariableOp _ReadVariablesOp ResourceIdentity Identity IdentityN StopGradient "
        "PreventGradient RefIdentity Variable VariableV2 CheckNumerics*",
        (REDUCTION, "sum"): "Sum BiasAddGrad SegmentSum* SparseSegmentSum* EuclideanNorm",
        (REDUCTION, "mean"): "Mean SegmentMean* SparseSegmentMean*",
        (REDUCTION, "max"): "Max Min ArgMax ArgMin SegmentMax* SegmentMin* UnsortedSegmentM*",
        (REDUCTION, "product"): "Prod Cumprod SegmentProd* UnsortedSegmentProd",
        (REDUCTION, "scan"): "Cumsum CumulativeLogsumexp",
        (REDUCTION, "all"): "All Any",
        (SEARCH, "sort"): "TopK TopKV2 NthElement Unique* Where Bincount DenseBincount *Bincount "
        "HistogramFixedWidth LowerBound UpperBound Bucketize *NonMaxSuppression* ListDiff "
        "ApproxTopK LookupTable* Lookup* HashTable* MutableHashTable* MutableDenseHashTable* "
        "SetSize *Set *SetOperation",
        (ALGEBRA, "fft"): "*FFT* *FFT2D *FFT3D",
        (
            ALGEBRA,
            "solve",
        ): "Cholesky* Svd Qr SelfAdjointEig* Eig Lu MatrixInverse MatrixDeterminant MatrixSolve* "
        "MatrixTriangularSolve *BandedTriangularSolve MatrixExponential MatrixLogarithm "
        "MatrixSquareRoot Tridiagonal* LogMatrixDeterminant Cross BatchCholesky* BatchMatrix* "
        "BatchSelfAdjoint* BatchSvd",
        (ELEMENTWISE, "add"): "Add AddV2 AssignAddVariableOp AssignAdd _MklAdd* BiasAdd "
        "BiasAddV1 QuantizedAdd QuantizedBiasAdd",
        (ELEMENTWISE, "add_n"): "AddN AccumulateNV2",
        (ELEMENTWISE, "subtract"): "Sub AssignSubVariableOp AssignSub",
        (ELEMENTWISE, "multiply"): "Mul MulNoNan QuantizedMul",
        (ELEMENTWISE, "divide"): "Div RealDiv DivNoNan FloorDiv TruncateDiv Xdivy Reciprocal Inv",
        (ELEMENTWISE, "divide_backward"): "ReciprocalGrad InvGrad",
        (ELEMENTWISE, "remainder"): "Mod FloorMod TruncateMod",
        (ELEMENTWISE, "square_root"): "Sqrt",
        (ELEMENTWISE, "square_root_backward"): "SqrtGrad",
        (ELEMENTWISE, "reciprocal_square_root"): "Rsqrt",
        (ELEMENTWISE, "reciprocal_square_root_backward"): "RsqrtGrad",
        (ELEMENTWISE, "square"): "Square SquaredDifference",
        (ELEMENTWISE, "power"): "Pow",
        (ELEMENTWISE, "exponential"): "Exp Expm1 Sinh Cosh",
        (ELEMENTWISE, "logarithm"): "Log Log1p Xlogy Xlog1py",
        (ELEMENTWISE, "negate"): "Neg",
        (ELEMENTWISE, "absolute"): "Abs Sign ComplexAbs",
        (ELEMENTWISE, "maximum"): "Maximum",
        (ELEMENTWISE, "minimum"): "Minimum",
        (ELEMENTWISE, "clamp"): "ClipByValue",
        (ELEMENTWISE, "round"): "Round Rint Floor Ceil",
        (ELEMENTWISE, "compare"): "Equal NotEqual Less LessEqual Greater GreaterEqual IsNan "
        "IsInf IsFinite ApproximateEqual",
        (ELEMENTWISE, "logical"): "Logical* Bitwise* LeftShift RightShift Invert PopulationCount",
        (ELEMENTWISE, "select"): "Select SelectV2",
        (ELEMENTWISE, "trigonometry"): "Sin Cos Tan Asin Acos Atan Atan2 Asinh Acosh Atanh",
        (
            ELEMENTWISE,
            "special",
        ): "Lgamma Digamma Polygamma Zeta Igamma* Betainc Erfinv Ndtri NextAfter Bessel* Real "
        "Imag Conj Complex Angle Dawsn Spence Fresnel* RandomGammaGrad Expint",
        (ELEMENTWISE, "composed"): "_UnaryOpsComposition _FusedBinary* AdjustContrast* AdjustHue "
        "AdjustSaturation RGBToHSV HSVToRGB",
        (
            DATA,
            "iterator",
        ): "*FIFOQueue PriorityQueue Stage Unstage Map?tage Map?nstage* *Iterator* *Dataset* "
        "Optional* MakeIterator *Prefetch* Queue* *QueueV2 *DataService* Reader* *Reader "
        "*ReaderV2",
        (DATA, "decode"): "Decode* Encode* Parse* *ReadFile* WriteFile String* Substr "
        "RegexReplace StaticRegex* Unicode* MatchingFiles *Wav Mfcc AudioSpectrogram "
        "ExtractJpegShape ExtractGlimpse* DrawBoundingBoxes* SampleDistortedBoundingBox* "
        "*FileSystem* *TextLine* ReduceJoin",
        (Category.COMMUNICATION, "collective"): "Collective* Nccl* _Nccl* *AllReduce* "
        "XlaAllReduce CrossReplicaSum DTensorAll* DTensorReduce* AllToAll CollectivePermute "
        "Horovod* XlaReduceScatter",
        (RUNTIME, "call"): "PartitionedCall StatefulPartitionedCall SymbolicGradient RemoteCall "
        "XlaLaunch* _XlaRun* _XlaCompile* XlaLocalLaunch* If StatelessIf Case StatelessCase "
        "PyFunc* EagerPyFunc PyFuncStateless TPU* BatchFunction _TPU* TfrtCall* For",
        (RUNTIME, "bookkeeping"): "NoOp VarHandleOp VarIsInitializedOp IsVariableInitialized "
        "DestroyResource* ControlTrigger _Arg _Retval _DeviceArg _DeviceRetval Placeholder* "
        "Assert Print* *Summary* *Barrier* Mutex* Timestamp Save* Restore* Merge?Checkpoints "
        "DisableCopyOnRead AnonymousSeedGenerator* Delete* Anonymous* _VarHandlesOp "
        "GuaranteeConst Abort _Array* _ListTo* Fact ConsumeMutexLock SyncDevice *Handle "
        "*HandleOp ConditionalAccumulator* *Accumulator*",
        (ELEMENTWISE, "xla_op"): "Xla*",
    }
)
"""By op type without what says that oneDNN runs it."""


def find(name: str) -> Meaning | None:
    """What an op type stands for, None if it is none or no rule knows it.

    `_MklNativeFusedConv2D` is `_FusedConv2D` as oneDNN runs it, `_MklMatMul` is `MatMul`.
    """
    if not TYPE.fullmatch(name):
        return None
    plain = ONEDNN.sub("", name)
    names = dict.fromkeys((name, f"_{plain}", plain, name.removeprefix("_")))
    return next((found for each in names if (found := OPS.find(each))), None)
