"""A small HTTP server in a thread that can also break connections, which web frameworks don't allow."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    path: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    body: bytes
    content_type: str = "application/json"


class Broken(Exception):
    """Break the connection instead of answering."""


Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class HttpServer:
    """Serves on 127.0.0.1 in a thread of its own; a handler is cancelled when its client goes away."""

    def __init__(self, handler: Handler, *, port: int = 0) -> None:
        self.loop = asyncio.new_event_loop()
        self.port = port  # 0: any free one, known once it is started
        self.errors: list[BaseException] = []
        self._handler = handler
        self._writers: set[asyncio.StreamWriter] = set()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, name="fake-http", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(5)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        self.loop.close()

    def call(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run something in the server's loop, from another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(5)

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await asyncio.sleep(0.01)  # connections accepted at the last moment get their tasks
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # transports close their sockets in a later round of the loop

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                response = await self._respond(request, reader)
                if response is None:
                    break
                writer.write(_bytes(response))
                await writer.drain()
        except (Broken, ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()
        except asyncio.CancelledError:
            pass  # the server is being stopped; asyncio's own callback would log it
        except Exception as error:
            self.errors.append(error)
            writer.transport.abort()
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _respond(self, request: HttpRequest, reader: asyncio.StreamReader) -> HttpResponse | None:
        work = asyncio.ensure_future(self._handler(request))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> HttpRequest | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    url = urlsplit(first.split()[1])
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parameters: dict[str, Any] = dict(parse_qsl(url.query, keep_blank_values=True))
    if headers.get("content-type", "").startswith("application/json"):
        parameters |= json.loads(body)
    else:
        parameters |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return HttpRequest(url.path, parameters)


def _bytes(response: HttpResponse) -> bytes:
    head = (
        f"HTTP/1.1 {response.status} X\r\nContent-Type: {response.content_type}\r\n"
        f"Content-Length: {len(response.body)}\r\n\r\n"
    )
    return head.encode() + response.body
