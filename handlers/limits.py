"""How much one person may send: above the limit one request to slow down, then silence for a while."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

_MAX_PEOPLE = 50_000


class Verdict(StrEnum):
    """What to do with a message."""

    GO = "go"
    SLOW_DOWN = "slow_down"  # answer once with a request to slow down
    IGNORE = "ignore"


class RateLimit:
    """Counts messages of the last minute by person, in memory (a restart forgives). Thread-safe."""

    def __init__(self, *, per_minute: int, pause: timedelta) -> None:
        self._per_minute = per_minute
        self._pause = pause
        self._lock = Lock()
        self._sent: dict[str, deque[datetime]] = {}
        self._until: dict[str, datetime] = {}

    def check(self, person: str, now: datetime) -> Verdict:
        """Count a message of this person."""
        with self._lock:
            until = self._until.get(person)
            if until is not None:
                if now < until:
                    return Verdict.IGNORE
                del self._until[person]
            sent = self._sent.setdefault(person, deque())
            while sent and sent[0] <= now - timedelta(minutes=1):
                sent.popleft()
            sent.append(now)
            if len(sent) > self._per_minute:
                del self._sent[person]
                self._until[person] = now + self._pause
                return Verdict.SLOW_DOWN
            if len(self._sent) > _MAX_PEOPLE:
                self._forget(now)
            return Verdict.GO

    def _forget(self, now: datetime) -> None:
        quiet = [p for p, sent in self._sent.items() if not sent or sent[-1] <= now - timedelta(minutes=1)]
        for person in quiet:
            del self._sent[person]
        for person in [p for p, until in self._until.items() if until <= now]:
            del self._until[person]
