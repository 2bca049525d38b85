"""Clocks that a test turns, or stops."""

from datetime import UTC, datetime
from typing import Final

import pytest

NOON: Final = datetime(2026, 11, 19, 12, tzinfo=UTC)
"""A Thursday; in the middle of a day nothing happens to it while a test runs."""

NOON_MS: Final = round(NOON.timestamp() * 1000)


def stop_pages_at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dashboard's pages, run within the test's own process, take ``NOON`` for now."""
    monkeypatch.setattr("dashboard.shell.context.now_ms", lambda: NOON_MS)


class Clock:
    """Stands still until its seconds are set.

    Attributes:
        s: what it shows.
    """

    def __init__(self) -> None:
        self.s = 1_000.0

    def now_s(self) -> float:
        return self.s

    def now_ms(self) -> int:
        return round(self.s * 1000)
