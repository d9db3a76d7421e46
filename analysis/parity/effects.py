"""What a setting that differs does to the result: one sentence for each."""

from profilers.parity_record import Setting

STOCK = {
    "epsilon": "{kind}'s epsilon",
    "epsilon_place": "where {kind} adds epsilon",
    "gradients": "{kind}'s gradients of embeddings",
}
"""What the frameworks' own optimizers differ in by themselves, and how that is called."""

OPTIMIZER = {
    "kind": "The weights are moved by other rules, so the two do not learn the same.",
    "learning_rate": "Each step is longer on one side, so the two do not learn the same.",
    "beta_1": "The mean of the gradients reaches back another number of steps.",
    "beta_2": "The mean of the squared gradients reaches back another number of steps.",
    "epsilon": "Small gradients move their weights by less where epsilon is larger; losses part "
    "by 1e-4 to 1e-1 in a hundred steps.",
    "epsilon_place": "Added before the bias correction instead of after it, epsilon counts 32 "
    "times as much in the first step; losses part although epsilon is the same.",
    "gradients": "Gradients of an embedding that are kept by row are squared before equal rows are "
    "added up, so Adam moves those rows by more; losses part by 1e-2 in a few steps.",
    "momentum": "Each step carries on another part of the one before.",
    "weight_decay": "The weights are drawn to zero by other amounts.",
}

LOSS = {
    "kind": "A loss of one's own may have any name: the losses in float64 decide.",
    "reduction": "A sum instead of a mean over the batch makes loss and gradients larger by the "
    "batch size.",
    "softmax": "A softmax before a cross-entropy that has its own flattens loss and gradients; let "
    "the model give logits and the loss take them, once on each side.",
}

PRECISION = {
    "matmul_tf32": "TF32 keeps 10 bits of each factor: products are faster and outputs part by "
    "about 1e-3. Switch it on or off for both (--precision).",
    "cudnn_tf32": "TF32 keeps 10 bits of each factor: convolutions are faster and outputs part by "
    "about 1e-3. Switch it on or off for both (--precision).",
    "type": "Layers compute with other number formats, so time and rounding are not alike.",
    "deterministic": "Only algorithms that add in a fixed order are taken, which may be slower.",
    "cudnn_benchmark": "Where it is on, cuDNN tries its algorithms and keeps the fastest; that "
    "changes the time and only the rounding.",
}

LAYER = {
    "epsilon": "Its outputs part by up to 2e-1 between 1e-5 and 1e-3, PyTorch's and Keras' own.",
    "momentum": "The running mean and variance follow the batches at another pace, so evaluation "
    "parts, by more than the outputs in training (PyTorch's 0.1 is Keras' 0.9).",
    "approximate": "The exact GELU and its tanh form are off by about 4e-4 of the outputs.",
    "padding": 'padding="same" with stride 2 pads other sides than PyTorch\'s number does: use '
    'ZeroPadding2D and padding="valid".',
    "strides": "It looks at other places of its input.",
    "bias": "One side adds a bias and the other does not.",
    "units": "It has another number of outputs.",
    "filters": "It has another number of outputs.",
    "kernel_size": "It looks at larger pieces of its input on one side.",
    "pool_size": "It takes the largest of larger pieces on one side.",
    "activation": "Another function is applied to its outputs.",
    "running_variance": "PyTorch divides the variance by n - 1 and Keras by n: evaluation parts by "
    "n/(n-1), where n is the values of a channel in a batch. Training is the same.",
}

BATCH_NORM_EPSILON = (
    "Its outputs part by about 1e-3 in training and 2e-2 in evaluation between 1e-5 and 1e-3, "
    "PyTorch's and Keras' own."
)

LAYOUT = "Images are stored in another order, which changes the time and only the rounding."
THREADS = "More threads shorten a step, whatever the framework."

TABLES = {"optimizer": OPTIMIZER, "loss": LOSS, "precision": PRECISION}
WHOLE_GROUPS = {"layout": LAYOUT, "threads": THREADS}
UNKNOWN = "The two do not compute the same."


def effect(setting: Setting, layer_kind: str | None = None) -> str:
    """What it does to the result that this setting differs.

    Args:
        setting: that of one side.
        layer_kind: what kind of layer it belongs to; None if to no layer.

    Returns:
        One sentence; none on a group that is not known.
    """
    if layer_kind is not None:
        if setting.name == "epsilon" and "batchnorm" in layer_kind.lower().replace("_", ""):
            return BATCH_NORM_EPSILON
        return LAYER.get(setting.name, UNKNOWN)
    if setting.group in WHOLE_GROUPS:
        return WHOLE_GROUPS[setting.group]
    table = TABLES.get(setting.group)
    return "" if table is None else table.get(setting.name, UNKNOWN)
