"""How fast one account may write: over all, to one chat, to one group, and not at all for a while.

Pure: the moment (seconds of a monotonic clock) is handed in. What a restart must not forget is in `snapshot`.
Telegram allows about 30 a second over all, 1 a second a chat, 20 a minute a group, edits
included; the settings stay below them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MINUTE = 60.0
_SLACK = 0.5  # of the interval: how much a late start may be made up for
_TRIPS = 32  # answers whose time is remembered
_FORGET_ABOVE = 4096  # chats remembered before those that may go are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The allowed rates of one account."""

    per_second: float = 28.0
    per_chat_second: float = 1.0
    per_group_minute: int = 18


class Pacer:
    """The rates of one account. Who may write is told when; whoever has written says so."""

    def __init__(self, limits: Limits) -> None:
        self._interval = 1.0 / limits.per_second
        self._most = math.ceil(limits.per_second) + 1  # in any second, as the platform may count them
        self._chat_interval = 1.0 / limits.per_chat_second
        self._per_minute = limits.per_group_minute
        self._next = -math.inf  # theoretical moment of the account's next message
        self._chats: dict[str, float] = {}  # chat → when it may be written to again
        self._groups: dict[str, deque[float]] = {}  # group → moments of its last messages
        self._pauses: dict[str, float] = {}  # chat → end of a pause
        self._paused = -math.inf  # end of the account's pause
        self._unreached = -math.inf  # until then nothing is tried: nothing gets through
        self._flying = 0
        self._landed: deque[float] = deque()
        self._trips: deque[float] = deque(maxlen=_TRIPS)  # seconds between leaving and the answer

    def wait(self, chat: str, *, group: bool, now: float) -> float:
        """Seconds until a message may go to this chat; 0.0: now."""
        return max(0.0, self._earliest(chat, group=group, now=now) - now)

    def reserve(self, chat: str, *, group: bool, now: float) -> float:
        """Count a message; returns the moment at which it may go."""
        at = max(now, self._earliest(chat, group=group, now=now))
        self._next = max(self._next, at) + self._interval
        self._chats[chat] = at + self._chat_interval
        if group:
            self._groups.setdefault(chat, deque(maxlen=self._per_minute)).append(at)
        if len(self._chats) > _FORGET_ABOVE:
            self._forget(now)
        return at

    def _earliest(self, chat: str, *, group: bool, now: float) -> float:
        account = max(self._next - _SLACK * self._interval, self._paused, self._unreached)
        at = max(now, account, self._chats.get(chat, -math.inf), self._pauses.get(chat, -math.inf))
        window = self._groups.get(chat)
        if group and window is not None and len(window) == self._per_minute:
            at = max(at, window[0] + _MINUTE)
        return at

    def crowded(self, now: float) -> float:
        """Seconds until one more may start without the platform counting too many in a second; 0.0: now.

        The platform counts when a message arrives, at some moment before its answer does: what is in the air
        or has just landed may fall into one of its seconds with the next one. Of that second the shortest
        round trip can be taken off: the way back of what has landed and the way there of the next.
        """
        span = 1.0 - min(0.9, min(self._trips, default=0.0))
        while self._landed and self._landed[0] <= now - span:
            self._landed.popleft()
        if self._flying + len(self._landed) < self._most:
            return 0.0
        return max(0.001, self._landed[0] + span - now) if self._landed else 0.01

    def started(self) -> None:
        """A message leaves."""
        self._flying += 1

    def landed(self, chat: str, *, now: float, took: float | None = None) -> None:
        """The answer to a message is there, or it is known to have failed. `took`: seconds since it left."""
        if took is not None:
            self._trips.append(took)
        self._flying = max(0, self._flying - 1)
        self._landed.append(now)
        self._chats[chat] = max(self._chats.get(chat, -math.inf), now + self._chat_interval)
        window = self._groups.get(chat)
        if window:
            window[-1] = max(window[-1], now)

    def pause(self, seconds: float, *, now: float, chat: str | None = None) -> None:
        """Nothing to this chat (None: to any) for so long. A pause is never shortened by another."""
        if chat is None:
            self._paused = max(self._paused, now + seconds)
        else:
            self._pauses[chat] = max(self._pauses.get(chat, -math.inf), now + seconds)

    def unreached(self, seconds: float, *, now: float) -> None:
        """The platform can't be reached: nothing to any chat for so long, or until something gets through."""
        self._unreached = max(self._unreached, now + seconds)

    def reached(self) -> None:
        """Something has got through."""
        self._unreached = -math.inf

    def account_wait(self, now: float) -> float:
        """Seconds until anything may go at all; 0.0: now."""
        return max(0.0, max(self._paused, self._unreached, self._next - _SLACK * self._interval) - now)

    def room(self, now: float, *, within: float) -> int:
        """How many more messages may leave within so many seconds, to whatever chats."""
        left = within - self.account_wait(now)
        return int(left / self._interval) + 1 if left >= 0.0 else 0

    def blocked(self, now: float, *, within: float) -> dict[str, float]:
        """The chats that can't be written to within so many seconds → seconds until they can."""
        limit = now + within
        blocked = {chat: at for chat, at in self._chats.items() if at > limit}
        for chat, at in self._pauses.items():
            if at > limit:
                blocked[chat] = max(at, blocked.get(chat, at))
        for chat, window in self._groups.items():
            if len(window) == self._per_minute and window[0] + _MINUTE > limit:
                blocked[chat] = max(window[0] + _MINUTE, blocked.get(chat, -math.inf))
        return {chat: at - now for chat, at in blocked.items()}

    def _forget(self, now: float) -> None:
        self._chats = {chat: at for chat, at in self._chats.items() if at > now}
        self._pauses = {chat: at for chat, at in self._pauses.items() if at > now}
        self._groups = {chat: w for chat, w in self._groups.items() if w[-1] + _MINUTE > now}

    def snapshot(self, now: float) -> dict[str, Any]:
        """What still matters, in plain JSON, as seconds from now on (negative: ago)."""
        self._forget(now)
        return {
            "next": _round(self._next - now) if self._next > now else 0.0,
            "paused": _round(self._paused - now) if self._paused > now else 0.0,
            "chats": {chat: _round(at - now) for chat, at in self._chats.items()},
            "pauses": {chat: _round(at - now) for chat, at in self._pauses.items()},
            "groups": {chat: [_round(at - now) for at in w] for chat, w in self._groups.items()},
        }

    def restore(self, snapshot: Mapping[str, Any] | None, *, elapsed: float, now: float) -> None:
        """Go on from a snapshot that is `elapsed` seconds old. What can't be read is forgotten.

        A clock that was set back gives a negative age, which counts as none.
        """
        if not snapshot:
            return
        base = now - max(0.0, elapsed)
        try:
            self._next = max(self._next, base + float(snapshot["next"]))
            self._paused = max(self._paused, base + float(snapshot["paused"]))
            for chat, at in snapshot["chats"].items():
                self._chats[chat] = max(self._chats.get(chat, -math.inf), base + float(at))
            for chat, at in snapshot["pauses"].items():
                self._pauses[chat] = max(self._pauses.get(chat, -math.inf), base + float(at))
            for chat, moments in snapshot["groups"].items():
                known = [*(base + float(at) for at in moments), *self._groups.get(chat, ())]
                self._groups[chat] = deque(sorted(known), maxlen=self._per_minute)
        except (KeyError, TypeError, ValueError, AttributeError):
            return


def _round(seconds: float) -> float:
    return round(seconds, 3)
