"""The clock."""

from __future__ import annotations

from datetime import UTC, timedelta

from office.clock import ZONE, Clock, SystemClock


def test_system_clock_tells_aware_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC


def test_people_read_vietnamese_time() -> None:
    assert SystemClock().now().astimezone(ZONE).utcoffset() == timedelta(hours=7)
