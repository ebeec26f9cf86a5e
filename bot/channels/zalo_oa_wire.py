"""The HTTP side of an Official Account: one call with the token of the day, and an honest word on its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.channels.unsent import UNSENT
from bot.channels.zalo_calls import AccessTokens, CallEnded, Lost, NotSent, TooFast, WrongToken
from bot.channels.zalo_oa_errors import RATE_PAUSE, OaError, ended, needs_new_token

_CONNECT, _READ, _WRITE, _POOL = 10.0, 20.0, 20.0, 30.0  # seconds
_SLOWEST = 100_000  # bytes a second of an upload
_UNREACHED = "Không kết nối được tới Zalo ({})."
_LOST = "Mất kết nối với Zalo khi đang gửi ({})."
_GARBLED = "Không đọc được phản hồi của Zalo ({})."
_TURNED_AWAY = "Có máy chủ chặn giữa đường tới Zalo (HTTP {}). Kiểm tra mạng, proxy."
_STILL_REFUSED = f"Zalo không nhận cả mã truy cập vừa làm mới. {OaError.TOKEN_INVALID.next_action}"


class _Envelope(BaseModel):
    """What every answer comes in; `error` 0 is success, whatever the HTTP status says."""

    model_config = ConfigDict(extra="ignore")

    error: int
    message: Any = None
    data: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to be uploaded."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. `hide`: words in it that must not show up in an error."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    upload: Upload | None = None
    hide: tuple[str, ...] = ()


class _Expired(Exception):
    """The access token isn't taken."""


class Wire:
    """Calls of one account. Every method raises what bot.channels.zalo_calls has."""

    def __init__(
        self,
        base_url: str,
        tokens: AccessTokens,
        *,
        rejected: Callable[[str], None] = lambda reason: None,
        heard: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`rejected` is told, with the reason, that no token is taken any more; `heard` of every call that
        Zalo has answered (""), or why it hasn't."""
        self._tokens = tokens
        self._rejected = rejected
        self._heard = heard
        timeout = httpx.Timeout(connect=_CONNECT, read=_READ, write=_WRITE, pool=_POOL)
        self._client = httpx.AsyncClient(base_url=base_url.rstrip("/"), timeout=timeout)

    async def close(self) -> None:
        """No more calls."""
        await self._client.aclose()

    async def call(self, request: Request) -> Any:
        """The data of a good answer. A token that isn't taken is renewed once."""
        try:
            data = await self._tried(request)
        except WrongToken as wrong:
            self._rejected(wrong.reason)
            raise
        except Lost as lost:
            self._heard(lost.reason)
            raise
        except NotSent as unsent:
            if unsent.network:
                self._heard(unsent.reason)
            raise
        except CallEnded:
            self._heard("")
            raise
        self._heard("")
        return data

    async def _tried(self, request: Request) -> Any:
        token = await self._tokens.current()
        try:
            return await self._once(request, token)
        except _Expired:
            pass
        token = await self._tokens.renewed(token)
        try:
            return await self._once(request, token)
        except _Expired:
            pass
        raise WrongToken(_STILL_REFUSED)

    async def _once(self, request: Request, token: str) -> Any:
        response = await self._exchange(request, token)
        envelope = _envelope_of(response)
        if envelope.error == 0:
            return envelope.data
        if needs_new_token(envelope.error):
            raise _Expired
        raise ended(envelope.error, str(envelope.message or ""), hide=(token, *request.hide))

    async def _exchange(self, request: Request, token: str) -> httpx.Response:
        if self._client.is_closed:
            raise NotSent(_UNREACHED.format("closed"))
        upload = request.upload
        slow = len(upload.content) / _SLOWEST if upload else 0.0
        try:
            return await self._client.request(
                request.method,
                request.path,
                params=dict(request.query) or None,
                json=request.body,
                files={"file": (upload.name, upload.content, upload.media_type)} if upload else None,
                headers={"access_token": token},
                timeout=httpx.Timeout(connect=_CONNECT, read=_READ + slow, write=_WRITE + slow, pool=_POOL),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure, unsent = type(error).__name__, isinstance(error, UNSENT)
        except ValueError as error:  # of a header: a token with a line end in it
            failure, unsent = type(error).__name__, True
        # Outside of the except clause, so that the error with the request isn't even its context.
        raise NotSent(_UNREACHED.format(failure)) if unsent else Lost(_LOST.format(failure))


def _envelope_of(response: httpx.Response) -> _Envelope:
    """The envelope of an answer. Raises NotSent, Lost and TooFast for what is none."""
    if response.status_code >= 500:
        raise Lost(_LOST.format(f"HTTP {response.status_code}"))
    try:
        return _Envelope.model_validate_json(response.content)
    except ValidationError:
        pass  # raised below: the error's text quotes the answer
    if response.status_code == 429:
        raise TooFast(OaError.RATE.label, seconds=RATE_PAUSE)
    if response.status_code >= 300:
        raise NotSent(_TURNED_AWAY.format(response.status_code))
    raise Lost(_GARBLED.format(f"HTTP {response.status_code}"))
