"""A platform below the lane: takes messages, and ends them as a test asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from scheduler.courier import Outcome, Parcel, Sent


class FakeCourier:
    """Sends nowhere. `outcomes` are what the next messages come to; after that all goes well."""

    def __init__(self, *, channel: str = "telegram", account: str = "42", seconds: float = 0.0) -> None:
        self.channel = channel
        self.account = account
        self.seconds = seconds
        self.outcomes: deque[Outcome | Exception] = deque()
        self.received: list[tuple[str, str]] = []  # chat, text: what arrived
        self.at: list[float] = []
        self.in_air = 0
        self.most_in_air = 0
        self.before: Callable[[Parcel], None] = lambda parcel: None

    async def deliver(self, parcel: Parcel) -> Outcome:
        self.in_air += 1
        self.most_in_air = max(self.most_in_air, self.in_air)
        try:
            self.before(parcel)
            await asyncio.sleep(self.seconds)
            outcome = self.outcomes.popleft() if self.outcomes else Sent(message_id=str(len(self.received)))
            if isinstance(outcome, Exception):
                raise outcome
            if isinstance(outcome, Sent):
                self.received.append((parcel.to.chat, parcel.reply.text()))
                self.at.append(asyncio.get_running_loop().time())
            return outcome
        finally:
            self.in_air -= 1

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.received]
