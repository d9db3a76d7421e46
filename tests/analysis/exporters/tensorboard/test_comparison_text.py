from dataclasses import replace
from typing import Any

import msgspec
import pytest

from analysis.comparison import finishing
from analysis.comparison.compare import Compared
from analysis.comparison.record import Parity
from analysis.exporters.tensorboard import comparison_text

pytestmark = pytest.mark.usefixtures("without_report")


def compared_of(directory: Any) -> Compared:
    [found] = finishing.finish_all([directory]).comparisons
    return found


def pages(compared: Compared) -> dict[str, str]:
    return dict(comparison_text.texts(compared))


def test_the_answer_comes_first_with_all_figures(make_comparison: Any) -> None:
    found = pages(compared_of(make_comparison([(2.0, 2.0, 2.0), (3.0, 3.0, 3.3)])))
    answer = found["comparison/answer"]
    assert next(iter(found)) == "comparison/answer"
    assert answer.startswith("TensorFlow function takes 1.55 × as long per training step")
    head = "|  | PyTorch eager | TensorFlow function | TensorFlow function / PyTorch eager |"
    assert head in answer
    assert "| step, ms | 2.00 (in all 3) | 3.00 (3.00 to 3.30) | 1.55 × (" in answer
    assert "* 3 pairs of fresh processes" in answer


def test_differences_stand_with_the_largest_first(make_comparison: Any) -> None:
    rows = pages(compared_of(make_comparison([(2.0,), (3.0,)])))[
        "comparison/difference by phase"
    ].splitlines()
    assert rows[0] == "Milliseconds a profiled step, mean over 1 pair of profiles."
    [head] = [row for row in rows if row.startswith("| phase")]
    assert head == (
        "| phase | PyTorch eager | TensorFlow function | difference | share | PyTorch eager "
        "| TensorFlow function |"
    )
    assert rows[rows.index(head) + 2].startswith("| profiler overhead | 1.50 | 2.50 | +1.00 |")


def test_long_tables_say_what_they_leave_out(make_comparison: Any) -> None:
    compared = compared_of(make_comparison([(2.0,), (3.0,)]))
    [levels] = compared.record.levels
    assert levels is not None
    row = levels.rows["op"][0]
    many = [msgspec.structs.replace(row, key=f"op {n}", difference_ns=n * 1e6) for n in range(50)]
    longer = msgspec.structs.replace(levels, rows={"op": many})
    record = msgspec.structs.replace(compared.record, levels=[longer])
    found = pages(replace(compared, record=record))["comparison/difference by operation"]
    assert "The 30 largest of 50 differences; the report has all." in found
    assert found.index("| op 49 |") < found.index("| op 20 |")
    assert "| op 19 |" not in found


def test_names_in_tables_are_escaped(make_comparison: Any) -> None:
    compared = compared_of(make_comparison([(2.0,), (3.0,)]))
    [levels] = compared.record.levels
    assert levels is not None
    row = msgspec.structs.replace(levels.rows["op"][0], key="a|b<script>_x_")
    record = msgspec.structs.replace(
        compared.record, levels=[msgspec.structs.replace(levels, rows={"op": [row]})]
    )
    found = pages(replace(compared, record=record))["comparison/difference by operation"]
    assert r"| a\|b&lt;script&gt;\_x\_ |" in found


def test_one_side_alone_has_no_differences(make_comparison: Any) -> None:
    found = pages(compared_of(make_comparison([(2.0,), (None,)])))
    assert list(found) == ["comparison/answer"]
    assert "Only PyTorch eager has complete runs" in found["comparison/answer"]
    assert "TensorFlow function, round 1: failed" in found["comparison/answer"]


def test_a_certificate_that_cannot_be_read_is_told_by_its_sentence(make_comparison: Any) -> None:
    compared = compared_of(make_comparison([(2.0,), (3.0,)]))
    [evidence] = compared.record.evidence
    parity = Parity("not certifiable", "not certifiable: it is gone", "it is gone", 1)
    record = msgspec.structs.replace(
        compared.record, evidence=[msgspec.structs.replace(evidence, parity=parity)]
    )
    assert pages(replace(compared, record=record))["comparison/certificate"].strip() == (
        "not certifiable: it is gone"
    )
