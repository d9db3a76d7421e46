import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from analysis.comparison.record import Figure, Parity, Range
from analysis.report import page as pages
from profilers.records import Phase

MS = 1_000_000


def with_parity(record: Any, parity: Parity) -> Any:
    evidence = [msgspec.structs.replace(each, parity=parity) for each in record.evidence]
    return msgspec.structs.replace(record, evidence=evidence)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


def test_the_answer_is_the_terminals(make_compared: Any, page_of: Any) -> None:
    hero = page_of(make_compared()).hero
    assert [(each.sentence, each.brackets) for each in hero.answers] == [
        ("TensorFlow function takes 1.20 × as long per training step as PyTorch eager",
         "(1.18 to 1.23)")
    ]  # fmt: skip
    assert "over 3 pairs of runs, 1.18 to 1.23, does not contain 1" in hero.lead
    assert "It holds for this workload" in hero.lead
    [chart] = hero.intervals
    assert chart.one < chart.low < chart.middle < chart.high
    assert chart.text == "1.20 × (1.18 to 1.23)"


def test_where_all_runs_are_flagged_the_answer_says_it(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    assert "flagged" not in page_of(compared).hero.lead
    sides = [
        msgspec.structs.replace(
            side, runs=[msgspec.structs.replace(run, flags=["late"]) for run in side.runs]
        )
        for side in compared.record.compared
    ]
    record = msgspec.structs.replace(compared.record, compared=sides)
    hero = page_of(replace(compared, record=record)).hero
    assert hero.lead.endswith("runs are flagged: late.")


def test_three_reasons_in_the_order_of_their_size(make_compared: Any, page_of: Any) -> None:
    reasons = page_of(make_compared()).hero.reasons
    assert [each.title for each in reasons] == [
        "Backward, +0.540 ms.",
        "Device idle, −0.230 ms.",
        "Optimizer, +0.220 ms.",
    ]
    assert "Most of it: conv2 + relu, +0.440 ms." in reasons[0].text
    assert reasons[1].text.startswith("The other way.")
    assert "27 % of PyTorch eager's profiled step and 16 % of TensorFlow" in reasons[1].text
    assert "TensorFlow function runs 62 operations where PyTorch eager runs 9." in reasons[2].text


def test_a_run_against_itself_has_no_reasons(
    make_compared: Any, page_of: Any, html_of: Any
) -> None:
    found = make_compared().record.levels[0]
    rows = {
        level: [
            msgspec.structs.replace(
                row, other_ns=row.baseline_ns, difference_ns=0.0, low_ns=0.0, high_ns=0.0
            )
            for row in every
        ]
        for level, every in found.rows.items()
    }
    compared = make_compared(levels=[msgspec.structs.replace(found, rows=rows, headline_ns=0.0)])
    page = page_of(compared)
    assert page.hero.reasons == []
    assert page.why[0].heading == "No phase differs"
    assert {step.share for step in page.why[0].waterfall.steps} == {"–"}
    assert "No phase differs" in html_of(compared)


def test_the_waterfall_adds_up_and_its_heading_is_in_it(make_compared: Any, page_of: Any) -> None:
    [why] = page_of(make_compared()).why
    fall = why.waterfall
    assert fall is not None
    main = [step for step in fall.steps if not step.nested]
    total = sum(number(step.difference) for step in main)
    assert total == pytest.approx(number(fall.whole.difference), abs=0.002)
    assert fall.whole.difference == "+0.570"
    assert (fall.baseline_step, fall.other_step) == ("2.840 ms", "3.410 ms")
    said = re.findall(r"[+−][\d.]+", why.heading)
    assert said[0] in [step.difference for step in main]
    assert said[-1] == fall.whole.difference
    backward = [step.name for step in fall.steps][:3]
    assert backward == ["Backward", "conv2 + relu", "conv1 + relu"]
    ends = [step.bar.left + step.bar.width for step in main]
    assert all(0 <= step.bar.left <= 100 for step in fall.steps)
    assert max(ends) <= 100
    assert [step.muted for step in main] == [False] * len(main)


@pytest.mark.parametrize("kind", ["not found", "equivalent"])
def test_what_is_not_established_is_not_explained(
    make_compared: Any, page_of: Any, kind: str
) -> None:
    record = make_compared().record
    evidence = [msgspec.structs.replace(record.evidence[0], kind=kind)]
    [why] = page_of(make_compared(evidence=evidence)).why
    assert why.heading == (
        "No difference is established; in the profiles the backward pass differs by +0.540 ms"
    )


def test_rows_have_intervals_over_pairs(make_compared: Any, page_of: Any) -> None:
    [why] = page_of(make_compared()).why
    assert why.waterfall is not None
    assert why.waterfall.steps[0].interval == "+0.490 to +0.590"
    assert "its 95 % interval over the pairs" in why.caption


def test_categories_add_up_to_the_step(make_compared: Any, page_of: Any) -> None:
    found = page_of(make_compared()).categories
    assert found.total is not None
    for side in (0, 1):
        cells = [number(row.cells[side]) for row in found.rows if row.cells[side] != "–"]
        assert sum(cells) == pytest.approx(number(found.total.cells[side]), abs=0.01)
    assert found.findings == [
        "The largest kind of work is Convolution: 38 % of PyTorch eager's and 39 % of TensorFlow "
        "function's step.",
        "Only TensorFlow function has Copies and layout, 0.28 ms.",
    ]


def test_each_side_has_its_own_largest_kind_of_work(make_compared: Any, page_of: Any) -> None:
    found = make_compared().record.levels[0]
    rows = [
        msgspec.structs.replace(row, other_ns=3.0 * MS) if row.key == "optimizer" else row
        for row in found.rows["category"]
    ]
    changed = msgspec.structs.replace(found, rows={**found.rows, "category": rows})
    text = page_of(make_compared(levels=[changed])).categories.findings[0]
    assert text.startswith("The largest kind of work is not the same: Convolution, 38 % of PyTorch")
    assert "Optimizer" in text


def test_the_step_that_is_drawn_is_the_one_nearest_to_the_mean(
    make_compared: Any, page_of: Any
) -> None:
    compared = make_compared()
    usual = compared.partitions[0][0]
    others = [
        msgspec.structs.replace(
            usual,
            steps_ns=far * usual.steps_ns,
            median_step_ns=far * usual.median_step_ns,
            stretches=[
                msgspec.structs.replace(each, duration_ns=far * each.duration_ns)
                for each in usual.stretches
            ],
        )
        for far in (2, 4)
    ]
    partitions = [[usual, *others], compared.partitions[1]]
    page = page_of(replace(compared, partitions=partitions))
    rows = page.step.chart.given["rows"]
    drawn_ms = rows[rows["side"] == 0]["duration_ms"].sum()
    expected = sum(each.duration_ns for each in others[0].stretches) / MS
    assert drawn_ms == pytest.approx(expected)


def test_a_layer_with_one_phase_names_it(make_compared: Any, page_of: Any, html_of: Any) -> None:
    found = make_compared().record.levels[0]
    forward = msgspec.structs.replace(
        found.rows["layer"][0], key="conv1 + relu, forward", phase="forward"
    )
    changed = msgspec.structs.replace(
        found, rows={**found.rows, "layer": [forward, *found.rows["layer"]]}
    )
    compared = make_compared(levels=[changed])
    phases = {row.name: row.phase for row in page_of(compared).layers[0].rows}
    assert phases == {"conv1 + relu": "", "conv2 + relu": "backward"}
    assert "conv2 + relu <small>backward</small>" in html_of(compared)
    assert {row.phase for row in page_of(make_compared()).layers[0].rows} == {""}


def test_operations_name_what_one_side_does_not_have(make_compared: Any, page_of: Any) -> None:
    ops, kernels = page_of(make_compared()).operations
    first = ops.rows[0]
    assert (first.name, first.phase, first.cells) == ("layout", "backward", ["–", "0.28"])
    assert [native.names for native in first.natives] == ["Transpose"]
    assert ops.totals == ["2.08", "2.88"]
    assert (kernels.title, [row.name for row in kernels.rows]) == ("Kernels", ["sgemm"])


def test_every_chart_is_given_what_it_needs(make_compared: Any, page_of: Any) -> None:
    names = [chart.name for chart in page_of(make_compared()).charts()]
    assert names == [
        "step-times", "accuracy", "median-step", "categories", "waterfall-1", "layers-1",
        "operations-1", "energy", "resources", "memory",
    ]  # fmt: skip
    assert len(set(names)) == len(names)


def test_one_round_has_no_verdict_and_no_interval(make_compared: Any, page_of: Any) -> None:
    record = make_compared(rounds=1).record
    bare = msgspec.structs.replace(record.comparisons[0].ratio, low=None, high=None)
    rows = [msgspec.structs.replace(record.comparisons[0], ratio=bare)]
    hero = page_of(make_compared(rounds=1, comparisons=rows)).hero
    assert hero.answers[0].sentence.startswith("One run each, no verdict: a training step takes")
    assert hero.intervals == []
    assert "add --repeats 5" in hero.lead
    assert "It holds" not in hero.lead


def test_two_rounds_have_an_interval_and_no_verdict(make_compared: Any, page_of: Any) -> None:
    wide = [
        msgspec.structs.replace(
            each, changes=[msgspec.structs.replace(each.changes[0], low=0.5, high=9.0)]
        )
        for each in make_compared(rounds=2).record.figures
    ]
    page = page_of(make_compared(rounds=2, figures=wide))
    assert page.size.heading == (
        "TensorFlow function takes 1.20 × the step time and 4.54 × the first step "
        "(2 runs each, no verdict)"
    )
    assert "no difference found" not in page.cost.heading
    assert page.cost.heading.endswith("(2 runs each, no verdict)")
    hero = page.hero
    assert hero.answers[0].sentence.startswith("Two runs each, no verdict: ")
    assert len(hero.intervals) == 1
    assert "two pairs of runs allow no verdict" in hero.lead.lower()


def test_a_baseline_that_is_slower_comes_first(make_compared: Any, page_of: Any) -> None:
    record = make_compared().record
    ratio = msgspec.structs.replace(record.comparisons[0].ratio, estimate=0.5, low=0.4, high=0.625)
    rows = [msgspec.structs.replace(record.comparisons[0], ratio=ratio)]
    hero = page_of(make_compared(comparisons=rows)).hero
    assert hero.answers[0].sentence.startswith("PyTorch eager takes 2.00 ×")
    [chart] = hero.intervals
    assert (chart.above.label, chart.text) == ("PyTorch eager", "2.00 × (1.60 to 2.50)")
    assert "1.60 to 2.50, does not contain 1" in hero.lead


def test_what_is_not_comparable_has_its_ratio_in_the_table_alone(
    make_compared: Any, page_of: Any, html_of: Any
) -> None:
    compared = make_compared()
    reason = "The outputs part at layer down1."
    parity = Parity("not comparable", "not comparable", reason, 1)
    record = msgspec.structs.replace(with_parity(compared.record, parity), levels=[None])
    compared = type(compared)(compared.directory, record, compared.runs, compared.partitions)
    page = page_of(compared)
    assert page.hero.refused
    assert page.hero.answers[0].sentence == (
        "TensorFlow function is not comparable with PyTorch eager: the outputs part at layer down1"
    )
    assert (page.hero.reasons, page.hero.intervals, page.why) == ([], [], [])
    assert page.size.rows[0].changes[0].value == "1.20 ×"
    assert page.badge == "not comparable"
    html = html_of(compared)
    assert 'class="refused"' in html
    assert "waterfall" not in html.partition("<body>")[2]


def test_flagged_runs_are_named(make_compared: Any, page_of: Any) -> None:
    record = make_compared().record
    side = make_compared.side(1, 3, {3: ["the GPU clock was held down for 0.9 s"]})
    clean = msgspec.structs.replace(record.comparisons[0].ratio, estimate=1.2, low=1.18, high=1.22)
    evidence = [msgspec.structs.replace(record.evidence[0], clean_ratio=clean)]
    page = page_of(make_compared(compared=[record.compared[0], side], evidence=evidence))
    [told] = [text for text in page.real.spread if "flagged" in text]
    assert told.startswith("1 of 6 runs flagged: TensorFlow function run 3, the GPU clock was")
    assert "without it 1.20" in told.replace("\u00a0", " ")
    times = page.spread.given["times"]
    flagged = times[times["flagged"]]
    assert set(zip(flagged["side"], flagged["run"], strict=True)) == {(1, 3)}


def test_traces_of_other_tools_have_a_stamp_and_no_verdict(
    make_compared: Any, page_of: Any, html_of: Any
) -> None:
    compared = make_compared.foreign()
    page = page_of(compared)
    assert page.hero.banners[0].text == page.badge == "uncertified: foreign traces"
    assert page.hero.answers[0].sentence.startswith("No verdict: a profiled step takes 3.41 ms")
    assert page.hero.intervals == []
    assert page.why[0].waterfall is not None
    assert page.why[0].waterfall.whole.name == "Step of the device"
    assert page.categories.total.name == "Profiled step of the device"
    assert [row.label for row in page.size.rows] == ["Profiled step, host"]
    assert page.spread is None
    assert page.repeat.commands == []
    assert "is not recorded" in page.settings.text
    body = html_of(compared).partition("<h1")[0]
    assert "uncertified: foreign traces" in body


def test_a_run_alone_has_the_same_page_without_ratios(
    make_compared: Any, page_of: Any, html_of: Any
) -> None:
    compared = make_compared.alone()
    page = page_of(compared)
    assert page.hero.answers[0].sentence.startswith("PyTorch eager trains mnist-mlp at 2.84 ms")
    assert (page.why, page.hero.intervals, page.real.proofs) == ([], [], [])
    assert page.trends == []
    for chart in page.charts():
        assert not re.search(r"each side|three runs|band", chart.caption), chart.name
    assert page.repeat.next[-1].title == "To compare"
    assert "--framework both" in page.repeat.next[-1].command
    assert [row.name for row in page.layers[0].rows] == ["conv1"]
    assert {row.name for row in page.operations[0].rows} >= {"op of forward", "op of backward"}
    assert page.categories.total is not None
    assert page.categories.total.cells == ["2.84"]
    assert 'id="table-operations"' in html_of(compared)


def test_without_a_gpu_its_columns_are_left_out(make_compared: Any, page_of: Any) -> None:
    cost = page_of(make_compared(gpu=False)).cost
    assert cost.notes == ["GPU: no NVIDIA driver on this machine."]
    assert (cost.energy, cost.energy_chart) == ([], None)
    assert [row.label for row in cost.memory_rows] == ["RSS peak"]
    assert cost.resources is not None
    assert set(cost.resources.given["samples"]["measure"]) == {"CPU, cores", "RSS, GiB"}
    small = [Range(5e8, 5e8, 5e8, 3)] * 2
    figures = [Figure(key="rss_peak_bytes", kind="ratio", ranges=small, changes=[None])]
    cost = page_of(make_compared(gpu=False, figures=figures)).cost
    assert "RSS, MiB" in set(cost.resources.given["samples"]["measure"])
    assert cost.memory_rows[0].unit == "MiB"


def test_what_measuring_the_peaks_takes_is_not_drawn(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    second = 1_000_000_000
    runs = []
    for run in compared.runs:
        start_ns = int(run.measured.samples.time_ns[0]) + 8 * second
        phases = [*run.measured.phases, Phase("peaks", start_ns, 2 * second)]
        runs.append(replace(run, measured=replace(run.measured, phases=phases)))
    cost = page_of(replace(compared, runs=runs)).cost
    assert max(cost.memory.given["rows"]["seconds"]) == 7.9
    assert max(cost.resources.given["samples"]["seconds"]) == 7.9
    assert set(cost.resources.given["phases"]["phase"]) == {"warmup", "timed"}


def test_the_cost_heading_agrees_with_the_table(make_compared: Any, page_of: Any) -> None:
    page = page_of(make_compared())
    changes = {row.label: row.changes[0].value for row in page.size.rows}
    assert f"{changes['GPU J/1,000 samples']} the GPU energy" in page.cost.heading
    assert page.size.heading.startswith("TensorFlow function takes 1.20 × the step time and 4.54 ×")


def test_without_profiles_each_place_says_why(make_compared: Any, page_of: Any) -> None:
    compared = make_compared(levels=[None], anatomies=[None, None])
    compared = type(compared)(compared.directory, compared.record, compared.runs, [[], []])
    page = page_of(compared)
    assert page.why[0].waterfall is None
    texts = (page.why[0].empty, page.step.empty, page.categories.empty, page.operations[0].empty)
    assert all(texts)
    assert page.layers[0].empty
    assert page.hero.reasons == []
    names = [chart.name for chart in page.charts()]
    assert names == ["step-times", "accuracy", "energy", "resources", "memory"]


def test_no_peaks_no_roof(make_compared: Any, page_of: Any) -> None:
    limits = page_of(make_compared()).limits
    assert limits.chart is None
    assert limits.empty
    assert limits.rows[0].cells[0][1] == ""


def test_rates_stand_under_the_roofs_that_were_measured(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    peaks = {"peak_flops_per_second": 1e13, "peak_bytes_per_second": 2e11}
    runs = []
    for run in compared.runs:
        result = msgspec.structs.replace(run.measured.result, **peaks)
        runs.append(replace(run, measured=replace(run.measured, result=result)))
    compared = type(compared)(compared.directory, compared.record, runs, compared.partitions)
    limits = page_of(compared).limits
    assert limits.chart is not None
    assert limits.empty == ""
    assert limits.roofs[0].startswith("PyTorch eager: 10,000 GFLOP/s in a test of matrix products")
    fastest = limits.rows[0]
    assert (fastest.name, fastest.intensity) == ("conv1 + relu, backward", "100")
    assert fastest.cells == [("2,500", "25 %"), ("2,000", "20 %")]
    assert "No layer is at a roof; conv1 + relu, backward comes nearest, at 25" in limits.heading


def test_rows_that_the_roofline_leaves_out_are_counted(make_compared: Any, page_of: Any) -> None:
    found = make_compared().record.levels[0]
    first = found.rows["layer"][0]
    rows = [msgspec.structs.replace(first, key=f"layer {n}", layer=f"l{n}") for n in range(18)]
    changed = msgspec.structs.replace(found, rows={**found.rows, "layer": rows})
    limits = page_of(make_compared(levels=[changed])).limits
    assert len(limits.rows) == 16
    assert limits.more == "2 slower rows are left out; tables/roofline.csv has all."
    assert page_of(make_compared()).limits.more == ""


def test_three_sides_have_a_waterfall_each(make_compared: Any, page_of: Any) -> None:
    base = make_compared()
    record = base.record
    third = msgspec.structs.replace(
        record.compared[1], label="TensorFlow xla", execution="xla",
        runs=[msgspec.structs.replace(run, path=f"{run.path}x") for run in record.compared[1].runs],
    )  # fmt: skip
    figures = [
        msgspec.structs.replace(
            each, ranges=[*each.ranges, each.ranges[1]], changes=[*each.changes, each.changes[0]]
        )
        for each in record.figures
    ]
    row = msgspec.structs.replace(record.comparisons[0], other="TensorFlow xla")
    evidence = msgspec.structs.replace(record.evidence[0], other="TensorFlow xla")
    compared = make_compared(
        sides=[*record.sides, "TensorFlow xla"],
        compared=[*record.compared, third],
        comparisons=[*record.comparisons, row],
        evidence=[*record.evidence, evidence],
        figures=figures,
        levels=record.levels * 2,
        anatomies=[*record.anatomies, record.anatomies[1]],
        profiles=record.profiles * 2,
    )
    page = page_of(
        type(compared)(
            compared.directory, compared.record, compared.runs, [*compared.partitions, []]
        )
    )
    assert [each.against.other.label for each in page.why] == ["TensorFlow function",
                                                              "TensorFlow xla"]  # fmt: skip
    assert len(page.hero.answers) == len(page.hero.intervals) == 2
    assert [side.colour for side in page.subject.sides] == ["torch", "tensorflow", "tensorflow-2"]
    assert [side.brief for side in page.subject.sides] == ["PyTorch", "function", "xla"]
    names = [chart.name for chart in page.charts()]
    assert len(set(names)) == len(names)
    assert {"waterfall-1", "waterfall-2"} <= set(names)


def test_tables_have_names_of_their_own(make_compared: Any, page_of: Any) -> None:
    page: pages.Page = page_of(make_compared())
    names = [table.name for table in page.tables()]
    assert len(set(names)) == len(names)
    for table in page.tables():
        assert all(len(row) == len(table.columns) for row in table.rows), table.name


def on_a_gpu(compared: Any, **others: Any) -> Any:
    """The same, with runs whose GPU has these properties too."""
    runs = []
    for run in compared.runs:
        samples = run.measured.samples
        record = msgspec.structs.replace(samples.record, gpus=[{"index": samples.gpu, **others}])
        measured = replace(run.measured, samples=replace(samples, record=record))
        runs.append(replace(run, measured=measured))
    return replace(compared, runs=runs)


def test_whose_energy_it_is(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    assert "the host is not in it" in page_of(compared).cost.energy_text
    module = page_of(on_a_gpu(compared, power_scope="module")).cost.energy_text
    assert "the host is not in it" not in module
    assert "Power and energy are those of the whole module with its processor." in module


def test_short_names_of_energy_are_explained(make_compared: Any, page_of: Any) -> None:
    compared = make_compared()
    assert page_of(compared).cost.use_text == ""
    [figure] = [each for each in compared.record.figures if each.key.startswith("energy_joules_p")]
    net, cpu = (
        msgspec.structs.replace(figure, key=f"{key}_joules_per_1000_samples")
        for key in ("energy_net", "cpu_energy")
    )
    figures = [*compared.record.figures, net]
    some = page_of(make_compared(figures=figures)).cost.use_text
    assert some.endswith("Above idle: of the GPU's energy what is above its power before the run.")
    text = page_of(make_compared(figures=[*figures, cpu])).cost.use_text
    assert text.startswith("J/1,000: joules per 1,000 samples.")
    assert text.endswith("all processes of the machine.")


def test_of_one_side_no_setting_is_said_to_differ(make_compared: Any, page_of: Any) -> None:
    assert any(entry.effect for entry in page_of(make_compared()).settings.differing)
    assert not any(entry.effect for entry in page_of(make_compared.alone()).settings.differing)
