import pytest

from analysis.anatomy import words
from analysis.anatomy.record import Anatomy, Limit, Limited
from analysis.anatomy.words import Point, Roof
from analysis.comparison.record import Change, Figure

LABELS = ["PyTorch eager", "TensorFlow function", "TensorFlow xla"]
ROOF = Roof(flops_per_second=1000.0, bytes_per_second=100.0)


def of(limit: Limit | None) -> Anatomy:
    return Anatomy(step_ns=1, phases_ns={}, host_gap_ns=1, limited=Limited(limit, []))


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (["host-bound"], "PyTorch eager is host-bound"),
        (["host-bound"] * 2, "PyTorch eager and TensorFlow function are host-bound"),
        (
            ["compute-bound", "input-bound", "compute-bound"],
            "PyTorch eager and TensorFlow xla are compute-bound; "
            "TensorFlow function is input-bound",
        ),
        (
            [None, "device-bound"],
            "TensorFlow function is device-bound; no single resource limits PyTorch eager",
        ),
        ([None, None], "No single resource limits PyTorch eager and TensorFlow function"),
    ],
)
def test_the_heading_says_what_limits_whom(limits: list[Limit | None], text: str) -> None:
    assert words.heading([of(limit) for limit in limits], LABELS[: len(limits)]) == text


def test_sides_without_a_profile_are_not_named() -> None:
    assert (
        words.heading([None, of("host-bound")], LABELS[:2]) == "TensorFlow function is host-bound"
    )
    assert words.heading([None, None], LABELS[:2]) == "No profile says what limits a step"


def figure(key: str, *changes: Change | None) -> Figure:
    return Figure(key=key, kind="ratio", ranges=[None], changes=list(changes))


def sure(estimate: float) -> Change:
    return Change(estimate, estimate - 0.01, estimate + 0.01, 5)


def unsure(estimate: float) -> Change:
    return Change(estimate, 0.5, 2.0, 5)


def test_costs_are_told_as_ratios_in_one_order() -> None:
    figures = [
        figure("rss_peak_bytes", sure(1.32)),
        figure("step_ms", sure(1.2)),
        figure("vram_peak_bytes", sure(1.3)),
        figure("energy_joules_per_1000_samples", sure(1.27)),
    ]
    assert words.cost_heading(figures, ["B"]) == (
        "B takes 1.27 × the energy, 1.30 × the VRAM and 1.32 × the RSS"
    )
    assert words.cost_heading(figures[:1], ["B"]) == "B takes 1.32 × the RSS"


def test_a_ratio_that_may_be_1_is_no_finding() -> None:
    figures = [figure("rss_peak_bytes", unsure(1.32)), figure("vram_peak_bytes", sure(0.8))]
    assert (
        words.cost_heading(figures, ["B"]) == "B takes 0.80 × the VRAM; no difference found in RSS"
    )
    assert words.cost_heading(figures[:1], ["B"]) == "No difference found in RSS"
    alone = figure("rss_peak_bytes", Change(1.32, None, None, 1))
    assert words.cost_heading([alone], ["B"]) == "B takes 1.32 × the RSS (1 run each, no verdict)"
    two = figure("rss_peak_bytes", Change(1.32, 0.5, 2.0, 2))
    assert words.cost_heading([two], ["B"]) == "B takes 1.32 × the RSS (2 runs each, no verdict)"


def test_costs_of_several_sides_reach_from_the_lowest_to_the_highest() -> None:
    several = figure("rss_peak_bytes", sure(1.6), unsure(1.0), None, sure(1.2))
    assert (
        words.cost_heading([several], ["B", "C"]) == "The other sides take 1.20 to 1.60 × the RSS"
    )


@pytest.mark.parametrize("figures", [[], [figure("rss_peak_bytes", None)]])
def test_costs_of_one_side_are_no_comparison(figures: list[Figure]) -> None:
    assert words.cost_heading(figures, ["B"]) == "No cost was measured on both sides"


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
    assert words.limits_heading(points, {0: ROOF, 1: ROOF}, LABELS) == text


def test_rates_without_peaks_have_no_roof() -> None:
    found = words.limits_heading([Point(0, "conv1", 2.0, 1.0)], {}, LABELS)
    assert found == "The peaks of the device were not measured"


def test_layers_in_caches_are_told_apart_from_roofs() -> None:
    roofs = {0: Roof(100e9, 10e9)}
    relu, conv = Point(0, "relu1", 0.1, 5e9), Point(0, "conv1", 50.0, 40e9)
    assert words.limits_heading([relu, conv], roofs, ["A"]).startswith(
        "No layer is at a roof; conv1"
    )
    assert words.cached([relu, conv], roofs) == (
        "Relu1 moves bytes faster than the test of copies did: its data stay in caches."
    )
    assert words.cached([conv], roofs) == ""
    assert words.limits_heading([relu], roofs, ["A"]).startswith("relu1 goes above its roof")


def test_the_only_side_of_a_page_is_not_named() -> None:
    found = words.limits_heading([Point(1, "conv1", 2.0, 160.0)], {1: ROOF}, ["", "PyTorch eager"])
    assert found == "conv1 is at its roof"
