"""Many connections to one server without the cost of a shared pool.

httpcore's pool looks at every connection, its socket included, for every request: with dozens of them that
costs more than the request itself. Here each connection is a pool of its own, and one that is free is taken.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

import httpx


class Spread(httpx.AsyncBaseTransport):
    """Up to `size` connections; the one that was used last is used next, so that others may close."""

    def __init__(self, size: int) -> None:
        self._context: ssl.SSLContext = httpx.create_ssl_context()  # one for all: it takes its time
        self._free: list[httpx.AsyncHTTPTransport] = []
        self._all: list[httpx.AsyncHTTPTransport] = []
        self._slots = asyncio.Semaphore(size)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a free connection. Raises httpx.PoolTimeout when none gets free in time, or what httpx
        raises."""
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("pool")):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no connection is free", request=request) from None
        transport = self._free.pop() if self._free else self._open()
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._release(transport)
            raise
        response.stream = _Held(response, lambda: self._release(transport))
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in list(self._all):
            await transport.aclose()

    def _open(self) -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(max_connections=1)
        transport = httpx.AsyncHTTPTransport(verify=self._context, limits=limits)
        self._all.append(transport)
        return transport

    def _release(self, transport: httpx.AsyncHTTPTransport) -> None:
        self._free.append(transport)
        self._slots.release()


class _Held(httpx.AsyncByteStream):
    """A response's body, whose end frees the connection."""

    def __init__(self, response: httpx.Response, release: Callable[[], None]) -> None:
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous response has an asynchronous body")
        self._stream = response.stream
        self._release: Callable[[], None] | None = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        release, self._release = self._release, None
        try:
            await self._stream.aclose()
        finally:
            if release is not None:
                release()
