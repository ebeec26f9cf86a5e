"""How an Official Account stands, as the health page and the console tell it: whether it is up, and what is
wrong all the same."""

from __future__ import annotations

from bot.channels.refusals import OA_SIGNATURE, Refusals
from bot.channels.zalo_oa_people import OaPeople
from bot.channels.zalo_oa_verdicts import Verdicts
from office.clock import Clock
from office.messages import ChannelState


class Standing:
    """Of one account. `refusals`: of its events' signatures, `verdicts`: of Zalo on its messages."""

    def __init__(self, state: ChannelState, clock: Clock, people: OaPeople) -> None:
        self.refusals = Refusals(state, clock, OA_SIGNATURE, changed=self._show)
        self.verdicts = Verdicts(people, changed=self._show)
        self._state = state
        self._clock = clock
        self._reason = ""

    def mark(self, *, up: bool, detail: str = "") -> None:
        """It is up or not; `detail`: why, or what bothers it."""
        if self._state.since is None or self._state.up != up:
            self._state.since = self._clock.now()
        self._state.up, self._reason = up, detail
        self._show()

    def _show(self) -> None:
        self._state.detail = self._reason or self.refusals.trouble or self.verdicts.trouble
        facts, refuses = self._state.facts, self.verdicts.trouble
        if not refuses:
            facts.pop("refuses", None)
            facts.pop("refuses_since", None)
        else:
            facts["refuses"] = refuses
            facts.setdefault("refuses_since", self._clock.now().isoformat(timespec="seconds"))
