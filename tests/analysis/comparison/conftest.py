"""Comparisons are tested without their page, which takes seconds to draw and has its own tests."""

import pytest

from analysis.report import write


@pytest.fixture(autouse=True)
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "write", lambda compared, place: [])
