import pytest

from analysis.anatomy.record import Anatomy, Limit, Limited
from analysis.comparison.record import Change, Figure
from analysis.report import headings

LABELS = ["PyTorch eager", "TensorFlow function", "TensorFlow xla"]


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
    assert headings.limited([of(limit) for limit in limits], LABELS[: len(limits)]) == text


def test_sides_without_a_profile_are_not_named() -> None:
    assert (
        headings.limited([None, of("host-bound")], LABELS[:2])
        == "TensorFlow function is host-bound"
    )
    assert headings.limited([None, None], LABELS[:2]) == "No profile says what limits a step"


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
    assert headings.cost_heading(figures, ["B"]) == (
        "B takes 1.27 × the GPU energy, 1.30 × the VRAM and 1.32 × the RSS"
    )
    assert headings.cost_heading(figures[:1], ["B"]) == "B takes 1.32 × the RSS"


def test_a_ratio_that_may_be_1_is_no_finding() -> None:
    figures = [figure("rss_peak_bytes", unsure(1.32)), figure("vram_peak_bytes", sure(0.8))]
    assert (
        headings.cost_heading(figures, ["B"])
        == "B takes 0.80 × the VRAM; no difference found in RSS"
    )
    assert headings.cost_heading(figures[:1], ["B"]) == "No difference found in RSS"
    alone = figure("rss_peak_bytes", Change(1.32, None, None, 1))
    assert (
        headings.cost_heading([alone], ["B"]) == "B takes 1.32 × the RSS (1 run each, no verdict)"
    )
    two = figure("rss_peak_bytes", Change(1.32, 0.5, 2.0, 2))
    assert headings.cost_heading([two], ["B"]) == "B takes 1.32 × the RSS (2 runs each, no verdict)"


def test_costs_of_several_sides_reach_from_the_lowest_to_the_highest() -> None:
    several = figure("rss_peak_bytes", sure(1.6), unsure(1.0), None, sure(1.2))
    assert (
        headings.cost_heading([several], ["B", "C"])
        == "The other sides take 1.20 to 1.60 × the RSS"
    )


@pytest.mark.parametrize("figures", [[], [figure("rss_peak_bytes", None)]])
def test_costs_of_one_side_are_no_comparison(figures: list[Figure]) -> None:
    assert headings.cost_heading(figures, ["B"]) == "No cost was measured on both sides"
