"""What a platform of somebody else's is beside a channel: an account that carries what is unasked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.base import Channel
from scheduler.courier import Courier

Endpoint = Callable[[Request], Awaitable[Response]]


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
