import sys

import pytest

from analysis import browser


def test_without_a_screen_no_browser_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not browser._has_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert browser._has_screen()
