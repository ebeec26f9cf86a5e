"""Pictures and voices that people sent: fetched from Zalo's own servers alone."""

from __future__ import annotations

import httpx

from bot.channels.base import FileUnavailable

LIMIT = 20_000_000  # bytes

_HOSTS = ("zdn.vn", "zadn.vn", "zalo.me", "zaloapp.com")

_NOT_OPEN = "Chưa kết nối được tới Zalo nên chưa tải được tệp. Xin gửi lại sau."
_STRANGE = "Tệp này không nằm trên máy chủ của Zalo nên không tải. Xin gửi lại tệp qua Zalo."
_TOO_BIG = "Tệp lớn hơn 20 MB nên không tải. Xin gửi tệp nhỏ hơn."
_GONE = "Zalo không còn giữ tệp này. Xin gửi lại tệp."
_NOT_FETCHED = "Chưa tải được tệp từ Zalo. Xin gửi lại sau ít phút."


async def fetch(client: httpx.AsyncClient | None, address: str, *, server: str) -> bytes:
    """The content at an address that an event named, of 20 MB at most. Raises FileUnavailable.

    `server`: the API server's own address, which is trusted as well.
    """
    if client is None or client.is_closed:
        raise FileUnavailable(_NOT_OPEN)
    if not is_trusted(address, server=server):
        raise FileUnavailable(_STRANGE)
    reason = _NOT_FETCHED
    try:
        async with client.stream("GET", address) as response:
            if response.status_code == 200:
                content = await _content(response)
                if content is not None:
                    return content
                reason = _TOO_BIG
            elif response.status_code < 500:  # a redirection too: it may lead anywhere
                reason = _GONE
    except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, ValueError):
        pass
    # Outside of the clause: the error's text has the address, with which anybody can fetch it.
    raise FileUnavailable(reason)


def is_trusted(address: str, *, server: str) -> bool:
    """Whether an address is on Zalo's own servers; never raises."""
    try:
        url, own = httpx.URL(address), httpx.URL(server)
    except (httpx.InvalidURL, ValueError, TypeError):
        return False
    if (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port):
        return True
    host = url.host.rstrip(".")
    ours = any(host == known or host.endswith(f".{known}") for known in _HOSTS)
    return ours and url.scheme == "https" and url.port is None and not url.userinfo


async def _content(response: httpx.Response) -> bytes | None:
    """The body; None when it is too large, whatever Content-Length says."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > LIMIT:
        return None
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > LIMIT:
            return None
    return bytes(content)
