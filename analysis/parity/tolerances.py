"""How far two sides may lie apart and still do the same arithmetic; all differences are relative.

A loss is measured by the larger of 1 and itself, outputs and gradients by the largest absolute
value of the array on either side.
"""

DOUBLE_LOSS = 1e-9
"""Losses of plain SGD in float64. Equal models part by about 1e-15 in ten to a thousand steps, one
with a float32 cast inside by 4e-10; the smallest wrong setting that was tried moves float32
outputs by 4e-4."""

DOUBLE_OUTPUT = 1e-9
"""Outputs of a layer or of the model in float64: its rounding is 1e-16, and sums over thousands of
products in another order stay below 1e-12."""

DOUBLE_GRADIENT = 1e-9
"""Gradients in float64, as the outputs."""

LEAST_GRADIENT = 1e-2
"""A parameter's gradient counts as no smaller than this part of the model's largest one: some are
zero but for rounding, as that of a bias before batch normalisation, where thousands of terms cancel
out; 1e-5 of the largest was seen in float32, and 4e-14 in float64."""

SINGLE_OUTPUT = 1e-5
"""Outputs in float32. Equal models part by 2e-7 to 1.4e-6 of the largest; TF32, which keeps 10 bits
of each factor, by about 1e-3."""

SINGLE_LOSS = 1e-5
"""The first loss in float32, as the outputs that it is made of."""

SINGLE_GRADIENT = 2e-2
"""Gradients in float32. They part by 1e-6 where nothing flips, but by 6e-3 where a ReLU or a
max-pool decides a near tie the other way."""

CONTROL_FACTOR = 10.0
"""Later losses in float32 may part by this many times what moving each weight by one unit in the
last place does to a side's own losses: drift comes in jumps, so one control is a rough measure."""

LEAST_BAND = {"fp32": 1e-5, "tf32": 2.0**-10, "fp16": 2.0**-10, "bf16": 2.0**-7}
"""What losses may part by at each precision even where the control does not move: of float32 what
the first loss may, of others one unit in the last place of its number format."""

RUN_LOSS = {"fp32": 1e-4, "tf32": 1e-2, "fp16": 1e-2, "bf16": 5e-2}
"""A loss that two runs recorded, the first one or that over the test data: rounding stays far below
it."""

SETTING = 1e-6
"""Settings that are numbers. Frameworks hold some in float32, whose rounding is 6e-8."""

PROBABILITY_SUM = 1e-6
"""How close to 1 the outputs of each sample must add up to count as probabilities; the logits of a
model are never that close in every sample."""

INITIAL_LOSS_FACTOR = 2.0
"""A first loss further than this factor from ln(classes), that of a model which knows nothing, is
worth a word: logits start large."""

TRAINED_NORM = 1e-2
"""Norms of the weights after training, which decide nothing: stock optimizers part by more than
rounding, and norms show little of it."""

COMPARED_STEPS = 10
"""Steps of a run that are held against its probe: enough to see a wrong batch, weight or setting,
and before float32 drift grows beyond the control."""


def least_band(precision: str) -> float:
    """What losses at a precision may part by; an unknown one is held to float32."""
    return LEAST_BAND.get(precision, LEAST_BAND["fp32"])


def run_loss(precision: str) -> float:
    """What a loss of two runs may part by; an unknown precision is held to float32."""
    return RUN_LOSS.get(precision, RUN_LOSS["fp32"])
