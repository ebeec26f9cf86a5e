"""What every channel is, and what it asks of the desk behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from office.messages import Capabilities, ChannelState, File, Incoming, Reply
from scheduler.courier import Courier

Endpoint = Callable[[Request], Awaitable[Response]]


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


@dataclass(frozen=True, slots=True)
class WebRoute:
    """An address of our own web server that belongs to a platform."""

    path: str
    endpoint: Endpoint
    methods: tuple[str, ...] = ("POST",)


class Platform(Channel, Protocol):
    """A channel of somebody else's: one account of ours there, which can also be told what is unasked."""

    account: str

    def courier(self) -> Courier:
        """What the account's lane sends through."""
        ...

    def routes(self) -> Sequence[WebRoute]:
        """What the platform calls on our web server."""
        ...

    async def fetch(self, file_id: str) -> bytes:
        """The content of a file that a person sent. Raises FileUnavailable."""
        ...


class FileAddresses(Protocol):
    """Makes an address under which a file can be fetched, for channels that carry none."""

    async def address(self, file: File) -> str | None:
        """The file's address, good for some days; None where the office has no public address."""
        ...
