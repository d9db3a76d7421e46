"""Which category of work an event is: by its phase, its layer and its name."""


def category(phase: str, layer: str, name: str, kind: str) -> str | None:
    """The category of one kind of event, None where no rule knows it.

    Asked once for each distinct combination of a trace, so it may be slow.

    Args:
        phase: data, forward, loss, backward, optimizer; empty where it is not known.
        layer: the layer's name; empty where it is not known.
        name: of the op as the framework calls it; for device work that of the op that launched
            it, or the kernel's own where no op is known.
        kind: a name of `analysis.blocks.Kind`, in small letters.
    """
    return None
