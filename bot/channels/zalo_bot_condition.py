"""How a Zalo bot is, as /healthz and the console tell of it."""

from __future__ import annotations

from collections.abc import Callable

from bot.channels.refusals import BOT_SECRET, Refusals
from office.clock import Clock
from office.messages import ChannelState

_SPENT = "Zalo báo đã hết số tin của tháng: bot vẫn nhận tin nhưng chưa trả lời được. Xin Zalo nâng hạn mức."


class Condition:
    """Keeps `state` true. `refusals`: of what comes with a wrong secret, told where nothing else is wrong."""

    def __init__(self, state: ChannelState, clock: Clock, *, spent: Callable[[], bool]) -> None:
        """`spent`: whether the platform says that the month's messages are used up."""
        self.refusals = Refusals(state, clock, BOT_SECRET, changed=self._show)
        self._state = state
        self._clock = clock
        self._spent = spent
        self._reason = ""

    def mark(self, *, up: bool, detail: str = "") -> None:
        """It serves or doesn't. `detail`: what is wrong and what to do."""
        if self._state.since is None or self._state.up != up:
            self._state.since = self._clock.now()
        self._state.up = up
        self._reason = detail or (_SPENT if up and self._spent() else "")
        self._show()

    def report(self, reason: str) -> None:
        """Why events don't come in; "" when they do."""
        self.mark(up=not reason, detail=reason)

    def spent_changed(self) -> None:
        """The month is used up by the platform's word, or no longer."""
        if self._state.up and self._reason in ("", _SPENT):
            self.mark(up=True)

    def heard(self) -> None:
        """Somebody has written."""
        self._state.facts["last_event"] = self._clock.now().isoformat(timespec="seconds")

    def _show(self) -> None:
        self._state.detail = self._reason or self.refusals.trouble
