"""Tests of analysis.readers.places: processes and threads that are numbers, texts, or marks."""

import tracemalloc
from dataclasses import dataclass

import pytest

from analysis.readers.places import MARK, Ids, Places


@dataclass
class Event:
    pid: int | str
    tid: int | str


def test_numbers_stay_and_texts_get_numbers_of_their_own() -> None:
    places = Places()
    events = [Event(7, -3), Event("12", "worker"), Event("stream", 7), Event("stream", "worker")]
    process, thread, mark = places.of(events)
    worker, stream = places.number("worker"), places.number("stream")
    assert process.tolist() == [7, 12, stream, stream]
    assert thread.tolist() == [-3, worker, 7, worker]
    assert worker != stream
    assert max(worker, stream) < -(2**51)
    assert not mark.any()
    assert places.one(places.numbers["12", "worker"]) == (12, worker)


@pytest.mark.parametrize("process", ["Spans", "Traces"])
def test_marks_have_no_place(process: str) -> None:
    places = Places()
    found, thread, mark = places.of([Event(1, 2), Event(process, "PyTorch Profiler")])
    assert (found.tolist(), thread.tolist(), mark.tolist()) == ([1, -1], [2, -1], [False, True])
    assert places.numbers[process, 0] == MARK


def test_no_events_have_no_places() -> None:
    assert [len(column) for column in Places().of([])] == [0, 0, 0]


def test_ids_are_asked_for_once() -> None:
    asked: list[object] = []
    ids = Ids(lambda key: asked.append(key) or len(asked))  # type: ignore[func-returns-value]
    assert ids.of(["a", "b", "a"]).tolist() == [1, 2, 1]
    assert asked == ["a", "b"]


def test_a_long_text_among_numbers_takes_no_room_in_each_row() -> None:
    events = [*(Event(1, number) for number in range(5)), Event(1, "x" * 1_000_000)]
    tracemalloc.start()
    _, thread, _ = Places().of(events)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert thread[:5].tolist() == [0, 1, 2, 3, 4]
    assert peak_bytes < 3_000_000
