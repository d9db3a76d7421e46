import pytest

from analysis.report.roofs import Point, Roof, cached, heading

LABELS = ["PyTorch eager", "TensorFlow function", "TensorFlow xla"]
ROOF = Roof(flops_per_second=1000.0, bytes_per_second=100.0)


def test_the_share_of_a_roof_is_at_the_points_intensity() -> None:
    assert ROOF.share(Point(0, "conv1", 2.0, 100.0)) == pytest.approx(0.5)
    assert ROOF.share(Point(0, "conv2", 50.0, 100.0)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("points", "text"),
    [
        (
            [Point(0, "conv1", 2.0, 118.0), Point(0, "conv2", 50.0, 220.0)],
            "No layer is at a roof; conv1 comes nearest, at 59 % of its own under PyTorch eager",
        ),
        (
            [Point(0, "conv1", 2.0, 118.0), Point(1, "conv1", 2.0, 108.0)],
            "No layer is at a roof; conv1 comes nearest, at 59 % of its own under PyTorch eager",
        ),
        ([Point(0, "conv1", 2.0, 160.0)], "conv1 is at its roof under PyTorch eager"),
        (
            [Point(0, "conv1", 2.0, 100.0), Point(1, "conv1", 2.0, 190.0)],
            "conv1 is at its roof under TensorFlow function",
        ),
        (
            [Point(0, "conv1", 2.0, 170.0), Point(1, "conv1", 2.0, 190.0)],
            "conv1 is at its roof under PyTorch eager and TensorFlow function",
        ),
        (
            [Point(0, "conv1", 2.0, 170.0), Point(1, "conv2", 50.0, 900.0)],
            "conv2 under TensorFlow function and conv1 under PyTorch eager are at their roofs",
        ),
        (
            [Point(0, f"conv{number}", 2.0, 190.0 - number) for number in range(4)],
            "4 layers are at their roofs; conv0 comes nearest under PyTorch eager",
        ),
        (
            [Point(0, "conv1", 2.0, 280.0)],
            "conv1 goes above its roof, at 1.40 × what the peaks allow under PyTorch eager",
        ),
        ([], "No layer's rate is known"),
        ([Point(2, "conv1", 2.0, 280.0)], "No layer's rate is known"),
    ],
)
def test_the_heading_of_the_roofline(points: list[Point], text: str) -> None:
    assert heading(points, {0: ROOF, 1: ROOF}, LABELS) == text


def test_rates_without_peaks_have_no_roof() -> None:
    found = heading([Point(0, "conv1", 2.0, 1.0)], {}, LABELS)
    assert found == "The peaks of the device were not measured"


def test_layers_in_caches_are_told_apart_from_roofs() -> None:
    roofs = {0: Roof(100e9, 10e9)}
    relu, conv = Point(0, "relu1", 0.1, 5e9), Point(0, "conv1", 50.0, 40e9)
    assert heading([relu, conv], roofs, ["A"]).startswith("No layer is at a roof; conv1")
    assert cached([relu, conv], roofs) == (
        "Relu1 moves bytes faster than the test of copies did: its data stay in caches."
    )
    assert cached([conv], roofs) == ""
    assert heading([relu], roofs, ["A"]).startswith("relu1 goes above its roof")


def test_the_only_side_of_a_page_is_not_named() -> None:
    found = heading([Point(1, "conv1", 2.0, 160.0)], {1: ROOF}, ["", "PyTorch eager"])
    assert found == "conv1 is at its roof"
