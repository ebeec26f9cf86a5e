"""Files that people send on Zalo, to a bot or an Official Account: from Zalo's own servers and no others."""

from __future__ import annotations

import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx

from bot.channels.base import FileUnavailable

LIMIT = 20_000_000  # bytes
_HOSTS = ("zdn.vn", "zadn.vn", "zalo.me", "zaloapp.com")
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_STRANGE = "Tệp này không nằm trên máy chủ của Zalo nên không tải. Xin gửi lại tệp qua Zalo."
_TOO_BIG = "Tệp lớn hơn 20 MB nên không tải được. Xin gửi tệp nhỏ hơn."
_GONE = "Zalo không còn giữ tệp này. Xin gửi lại tệp."
_NOT_FETCHED = "Chưa tải được tệp từ Zalo. Xin gửi lại sau ít phút."


def is_zalos(address: str, *, server: str) -> bool:
    """Whether an address is on Zalo's servers, or on the API server itself; never raises."""
    try:
        given, ours = urlsplit(address), urlsplit(server)
        same = (given.scheme, given.hostname, given.port) == (ours.scheme, ours.hostname, ours.port)
    except ValueError:
        return False
    host = (given.hostname or "").rstrip(".")
    if given.username is not None or given.password is not None:
        return False
    if same and given.hostname:
        return True
    named = any(host == name or host.endswith(f".{name}") for name in _HOSTS)
    return given.scheme == "https" and given.port in (None, 443) and named


async def fetch(address: str, *, server: str) -> bytes:
    """The content of a file, of 20 MB at most. Raises FileUnavailable. `server`: the API server."""
    if not is_zalos(address, server=server):
        raise FileUnavailable(_STRANGE)
    reason = _NOT_FETCHED
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT, verify=_trusted()) as client,
            client.stream("GET", address) as response,  # redirects are not followed: they may lead anywhere
        ):
            if response.status_code == 200:
                content = await _content(response)
                if content is not None:
                    return content
                reason = _TOO_BIG
            elif response.status_code in (403, 404, 410):
                reason = _GONE
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        pass  # raised below, outside of the clause: with the address that the error has anybody can fetch it
    raise FileUnavailable(reason)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust; reading the certificates takes a moment in which nothing else goes on."""
    return httpx.create_ssl_context()


async def _content(response: httpx.Response) -> bytes | None:
    """The body, None when it is too large."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LIMIT:
            return None
    return bytes(body)
