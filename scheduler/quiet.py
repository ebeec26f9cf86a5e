"""Quiet hours: when nothing unasked is sent, and until when it is held."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Protocol

from office.clock import ZONE

_LONGEST = 60  # days to look ahead; no holiday is that long


class WorkDays(Protocol):
    """What is needed of the working calendar."""

    def is_working(self, day: date) -> bool: ...


class QuietHours:
    """From `since` to `until` over midnight, and whole days off where `days_off` is set.

    `since` equal to `until` means that no hours are quiet.
    """

    def __init__(self, *, since: time, until: time, days_off: bool, calendar: WorkDays) -> None:
        self._since, self._until = since, until
        self._days_off = days_off
        self._calendar = calendar

    def ends(self, moment: datetime) -> datetime | None:
        """When the quiet around `moment` is over (aware, of its zone); None when it isn't quiet then."""
        local = moment.astimezone(ZONE)
        if not self._quiet_at(local):
            return None
        day = local.date()
        for ahead in range(_LONGEST):
            candidate = self._opens(day + timedelta(days=ahead))
            if candidate > local and not self._quiet_at(candidate):
                return candidate.astimezone(moment.tzinfo)
        return (local + timedelta(days=_LONGEST)).astimezone(moment.tzinfo)

    def _opens(self, day: date) -> datetime:
        return datetime.combine(day, self._until if self._since != self._until else time(0), ZONE)

    def _quiet_at(self, local: datetime) -> bool:
        if self._days_off and not self._calendar.is_working(local.date()):
            return True
        clock = local.time()
        if self._since == self._until:
            return False
        if self._since < self._until:
            return self._since <= clock < self._until
        return clock >= self._since or clock < self._until
