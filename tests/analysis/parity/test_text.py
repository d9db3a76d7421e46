from typing import Any

import pytest
from rich.cells import cell_len

from analysis.parity import text
from analysis.parity.certificate import certificate
from analysis.terminal import Page

LONG = "encoder.layers.11.self_attention.output.dense.with_a_name_that_does_not_end.kernel"


def written(found: Any, width: int = 100) -> list[str]:
    return [line.text for line in text.lines(found, Page(width))]


def off(array: Any) -> Any:
    return array + 0.5


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_lines_fit_the_page(make_probe: Any, width: int) -> None:
    layers = {
        LONG: ("Linear", (4, 3)),
        "畳み込み層" * 12: ("Linear", (4, 3)),
        "a": ("Linear", (4, 3)),
    }
    names = [f"output/{name}" for name in layers]
    found = certificate(
        make_probe("left", layers=layers),
        make_probe(
            "right",
            layers=layers,
            arrays=dict.fromkeys(names, off),
            weights_sha256="00" * 32,
            framework="tensorflow",
            audit={("optimizer", "kind"): LONG, ("threads", "intra_op"): 8, (LONG, "mode"): LONG},
        ),
    )
    lines = written(found, width)
    assert max(map(cell_len, lines)) <= min(width, 100)
    assert lines[0].startswith("not comparable: the initial weights")


def test_what_comes_first(make_probe: Any) -> None:
    found = certificate(*make_probe.pair(audit={("optimizer", "epsilon"): 1e-7}))
    lines = written(found)
    assert lines[0].startswith("same model, stock optimizers differ (Adam's epsilon); ")
    (conditions,) = [line for line in lines if line.startswith("same conditions")]
    assert conditions == "same conditions: yes"
    titles = [line.split("  ")[0] for line in lines if line and not line.startswith(" ")]
    assert titles[-3:] == ["Differs", "Differs, and decides nothing", "Agrees"]
    assert "  optimizer: epsilon  1e-8  1e-7" in lines


def test_like_checks_are_told_together(make_probe: Any) -> None:
    lines = "\n".join(written(certificate(*make_probe.pair())))
    assert "outputs of 5 layers, float64: equal" in lines
    assert "gradients of 5 parameters, float32: equal" in lines
    assert "settings of the optimizer, the loss, the device and 3 layers" in lines


def test_of_many_layers_that_differ_the_first_are_told(make_probe: Any) -> None:
    layers = {f"layer{number}": ("Linear", (4, 3)) for number in range(9)}
    arrays = {f"output/layer{number}": off for number in range(2, 9)}
    found = certificate(
        make_probe("left", layers=layers), make_probe("right", layers=layers, arrays=arrays)
    )
    lines = written(found)
    told = [line for line in lines if line.startswith("  output of layer")]
    assert len(told) == 3
    assert "  the output of 4 more layers differ" in lines
    assert "  outputs of 2 of 9 layers, float64: equal" in lines


def test_what_could_not_be_compared_is_told_with_its_reason(make_probe: Any) -> None:
    found = certificate(*make_probe.pair(audit={("fc1", "bias"): True, ("fc1", "units"): 10}))
    assert "  fc1: bias and fc1: units: Only TensorFlow has such a setting." in written(found)


def test_names_can_not_move_the_cursor(make_probe: Any) -> None:
    layers = {"a\x1b[2J": ("Linear", (4, 3))}
    found = certificate(
        make_probe("left", layers=layers),
        make_probe("right", layers=layers, arrays={"output/a\x1b[2J": off}, notes=["\x1b[2J"]),
    )
    assert "\x1b" not in "\n".join(written(found))
