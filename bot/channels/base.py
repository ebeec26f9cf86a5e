"""What every channel is, and what it asks of the desk behind it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from office.messages import Capabilities, ChannelState, File, Incoming, Reply


class ChannelDown(Exception):
    """A channel can't serve now; `reason` is in Vietnamese, for the log and /healthz, without secrets.

    `retry=False` when only a person can mend it (a wrong token): it is still tried again, but rarely.
    `mended`, where it can be known: returns once somebody has, so that it is tried again at once.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool = True,
        mended: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.mended = mended


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
    """A way to talk. `run` serves until cancelled and finishes what is in hand; it raises ChannelDown."""

    name: str
    capabilities: Capabilities
    state: ChannelState

    async def run(self) -> None: ...


class FileAddresses(Protocol):
    """Makes an address under which a file can be fetched, for channels that carry none."""

    async def address(self, file: File) -> str | None:
        """The file's address, good for some days; None where the office has no public address."""
        ...


async def addresses_of(
    reply: Reply, makes: FileAddresses | None, carries: Callable[[File], bool] = lambda file: False
) -> dict[int, str]:
    """Addresses of the files that the channel doesn't carry itself, as
    bot.channels.plain_text.pages takes them."""
    found: dict[int, str] = {}
    for at, file in enumerate(reply.files):
        if makes is not None and not carries(file):
            address = await makes.address(file)
            if address:
                found[at] = address
    return found
