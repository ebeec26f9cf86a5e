"""What is kept in memory for a while: what somebody may confirm in a moment, and figures that take long."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
_LIFE = timedelta(minutes=30)


class Kept(Generic[Value]):
    """At most so many values; the oldest goes first."""

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._lock = Lock()
        self._values: OrderedDict[str, tuple[int, datetime, Value]] = OrderedDict()

    def put(self, value: Value, *, owner: int, now: datetime) -> str:
        """Keep a value; its key."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._values[key] = (owner, now, value)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return key

    def take(self, key: str, *, owner: int, now: datetime) -> Value | None:
        """Its owner's value, once; None when it is gone."""
        with self._lock:
            found = self._values.get(key)
            if found is None or found[0] != owner:
                return None
            del self._values[key]
        return found[2] if now - found[1] <= _LIFE else None


class Recent(Generic[Value]):
    """Figures that many may look at and that take long to count: counted again when they are a minute old."""

    def __init__(self, *, life: timedelta = timedelta(minutes=1), most: int = 20) -> None:
        self._life = life
        self._most = most
        self._lock = Lock()
        self._values: OrderedDict[Hashable, tuple[datetime, Value]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value], *, now: datetime) -> tuple[Value, datetime]:
        """The figures and when they were counted. Two who ask at once may both count."""
        with self._lock:
            found = self._values.get(key)
        if found is not None and timedelta() <= now - found[0] < self._life:
            return found[1], found[0]
        value = make()
        with self._lock:
            self._values[key] = (now, value)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value, now
