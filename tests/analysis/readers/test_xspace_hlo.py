import pytest
from google.protobuf.message import DecodeError

from analysis.readers.xspace_hlo import instruction_paths
from analysis.readers.xspace_proto import Hlo

F = "phase_forward/model_1"
G = "gradient_tape/phase_forward/model_1"


def paths_of_fusion(own: str, made_from: list[str]) -> str:
    program = Hlo()
    program.hlo_module.name = "program"
    fused = program.hlo_module.computations.add(id=8)
    for number, path in enumerate(made_from):
        fused.instructions.add(name=f"part.{number}", opcode="add").metadata.op_name = path
    fused.instructions.add(name="a parameter", opcode="parameter").metadata.op_name = "elsewhere/x"
    entry = program.hlo_module.computations.add(id=9)
    fusion = entry.instructions.add(name="fusion.1", opcode="fusion", called_computation_ids=[8])
    fusion.metadata.op_name = own
    entry.instructions.add(name="copy.2", opcode="copy")
    name, paths = instruction_paths(program.SerializeToString())
    assert name == "program"
    assert "copy.2" not in paths
    assert [paths.get(f"part.{number}", "") for number in range(len(made_from))] == made_from
    return paths.get("fusion.1", "")


@pytest.mark.parametrize(
    ("own", "made_from", "path"),
    [
        ("m/fc1/MatMul", [], "m/fc1/MatMul"),
        ("", ["m/fc1/MatMul", "m/fc1/MatMul"], "m/fc1/MatMul"),
        ("", [], ""),
        ("f/m/fc1/BiasAdd", ["f/m/fc1/BiasAdd", "f/m/fc1/MatMul"], "f/m/fc1/"),
        ("f/m/relu1/Relu", ["f/m/fc1/BiasAdd", "f/m/relu1/Relu"], "f/m/"),
        ("grad/f/m/relu1/Relu", ["f/m/fc1/BiasAdd", "grad/f/m/relu1/Relu"], "grad/"),
        ("", ["f/m/fc1/BiasAdd", "grad/f/m/relu1/Relu"], "grad/"),
        (
            "",
            [f"{F}/fc1_1/BiasAdd", f"{F}/relu1_1/Relu", f"{F}/fc1_1/MatMul"],
            f"{F}/{{fc1,relu1}}/",
        ),
        (f"{G}/relu1_1/x", [f"{F}/fc1_1/BiasAdd", f"{G}/relu1_1/x"], f"{G[:13]}/{{fc1,relu1}}/"),
        (f"{G}/relu1_1/x", [f"{F}/relu1_1/Relu", f"{G}/relu1_1/x"], f"{G[:13]}/{{relu1}}/"),
        ("", [f"{F}/fc1_1/BiasAdd", f"{F}/fc1_1/x", "phase_loss/Mean"], "phase_loss/"),
        ("", [f"{F}/fc1_1/BiasAdd", f"{F}/Reshape"], f"{F}/"),
    ],
)
def test_a_fusions_path_is_the_scope_of_all_that_it_is_made_from(
    own: str, made_from: list[str], path: str
) -> None:
    assert paths_of_fusion(own, made_from) == path


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(DecodeError):
        instruction_paths(b"\xff\xff")
