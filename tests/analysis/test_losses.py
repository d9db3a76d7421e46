from types import SimpleNamespace
from typing import Any

from analysis import losses


def trace(**others: Any) -> Any:
    whole = {"dropped_reasons": {}, "repaired": 0, "truncated": None, "notes": []}
    return SimpleNamespace(**whole | others)


def test_a_whole_trace_lacks_nothing() -> None:
    assert losses.of_trace(trace(dropped_reasons={"no time": 0})) == ()


def test_each_loss_is_a_sentence() -> None:
    found = losses.of_trace(
        trace(
            dropped_reasons={"no time": 2, "a\ud800": 1},
            repaired=3,
            truncated="it breaks off after 9 bytes",
            notes=["Left out: b.json"],
        )
    )
    assert found == (
        "1 event left out: a\ufffd",
        "2 events left out: no time",
        "The file's text was mended in 3 places",
        "The file is not whole: it breaks off after 9 bytes",
        "Left out: b.json",
    )
