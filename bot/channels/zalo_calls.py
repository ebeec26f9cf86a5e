"""How a call to Zalo can end, told apart by what may be done next; shared by both platforms."""

from __future__ import annotations

from typing import Protocol


class CallEnded(Exception):
    """A call that brought no good answer. `reason`: Vietnamese, with what to do, without secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(CallEnded):
    """The request has certainly not arrived; it may be made again. `network`: nothing gets through at all."""

    def __init__(self, reason: str, *, network: bool = True) -> None:
        super().__init__(reason)
        self.network = network


class Lost(CallEnded):
    """The connection broke or the answer made no sense: the request may have had its effect."""


class TooFast(CallEnded):
    """Nothing was done; not again for `seconds`, to this chat or (`account`) to any."""

    def __init__(self, reason: str, *, seconds: float, account: bool = True) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.account = account


class WrongToken(CallEnded):
    """The platform doesn't take the token: nothing works until somebody acts."""


class Refused(CallEnded):
    """The platform won't do it, and asking again won't help.

    `unreachable`: nor anything else for this chat until somebody acts. `code`: the platform's, 0 for none.
    """

    def __init__(self, reason: str, *, unreachable: bool = False, code: int = 0) -> None:
        super().__init__(reason)
        self.unreachable = unreachable
        self.code = code


class AccessTokens(Protocol):
    """The access token of an Official Account, which lives about a day."""

    async def current(self) -> str:
        """The token to use now, renewed first where it is about to end. Raises WrongToken, NotSent."""
        ...

    async def renewed(self, refused: str) -> str:
        """The platform has refused this token: the newer one, if somebody has renewed it meanwhile; else it
        is renewed now. Raises WrongToken where only a new consent helps, NotSent."""
        ...
