"""Comparisons are tested without their page, which has its own tests."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_report(without_report: None) -> None:
    pass


@pytest.fixture
def here(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is the one that holds the folder of the runs."""
    make_run.output.mkdir()
    monkeypatch.chdir(make_run.output.parent)
