"""Which ops of the model each instruction of a compiled XLA program was made from."""

from collections.abc import Iterator
from typing import Any

from analysis.folds.paths import layer_of
from analysis.readers.xspace_proto import Hlo


def instruction_paths(serialized: bytes) -> tuple[str, dict[str, str]]:
    """The program's name, and the path of each of its instructions that has one.

    A fusion's path is the scope that all it was made from share, with a slash behind it; if they
    share none, the outermost scope that XLA names the fusion after. A layer is in the path only
    where it is proven: behind the scope stand the layers of what it was made from in braces, if
    each of these has one (`phase_forward/model_1/{conv1,relu1}/`).

    Raises:
        google.protobuf.message.DecodeError: the bytes are no program.
    """
    module = Hlo.FromString(serialized).hlo_module
    computations = {computation.id: computation for computation in module.computations}
    paths = {}
    for computation in module.computations:
        for instruction in computation.instructions:
            path = instruction.metadata.op_name
            if instruction.opcode == "fusion":
                path = _shared_scope(path, list(_made_from(instruction, computations)))
            if path:
                paths[instruction.name] = path
    return module.name, paths


def _made_from(fusion: Any, computations: dict[int, Any]) -> Iterator[str]:
    """The op names in the computations that a fusion calls."""
    for number in fusion.called_computation_ids:
        if number in computations:
            for instruction in computations[number].instructions:
                if instruction.metadata.op_name and instruction.opcode != "parameter":
                    yield instruction.metadata.op_name


def _shared_scope(own: str, names: list[str]) -> str:
    scopes = [name.split("/") for name in names]
    if not scopes or all(name == names[0] for name in names):
        return own or "".join(names[:1])
    shared = []
    for parts in zip(*scopes, strict=False):
        if any(part != parts[0] for part in parts):
            break
        shared.append(parts[0])
    scope = "/".join(shared or (own or names[-1]).split("/")[:1]) + "/"
    layers = [layer_of(name) for name in names]
    if layer_of(scope) or None in layers:
        return scope
    return f"{scope}{{{','.join(dict.fromkeys(filter(None, layers)))}}}/"
