"""Comparisons are tested without their page, which has its own tests."""

import pytest


@pytest.fixture(autouse=True)
def no_report(without_report: None) -> None:
    pass
