"""What every channel is, and what it asks of the desk behind it."""

from __future__ import annotations

from typing import Protocol

from office.messages import Capabilities, ChannelState, Incoming, Reply


class ChannelDown(Exception):
    """A channel can't serve now; `reason` is in Vietnamese, for the log and /healthz, without secrets.

    `retry=False` when only a person can mend it (a wrong token): it is still tried again, but rarely.
    """

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


class FileUnavailable(Exception):
    """A file that a person sent can't be had; `reason` says in Vietnamese why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Desk(Protocol):
    """Answers messages. Both methods are synchronous, thread-safe and short (call them in a thread)."""

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        """The replies to send. The same message (channel, account, key) is applied once: when it comes again
        before `answered`, the stored replies come back; after `answered`, nothing does."""
        ...

    def answered(self, incoming: Incoming) -> None:
        """The replies of this message have been sent."""
        ...


class Channel(Protocol):
    """A platform. `run` serves until it is cancelled and finishes what is in hand; it raises ChannelDown."""

    name: str
    capabilities: Capabilities
    state: ChannelState

    async def run(self) -> None: ...
