"""The time of day, handed in so that tests can turn it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")  # what people read; everything stored is UTC


def said_moment(moment: datetime) -> str:
    """A moment as people of Việt Nam read it: 14:05 ngày 25/11/2026."""
    return f"{moment.astimezone(ZONE):%H:%M ngày %d/%m/%Y}"


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)
