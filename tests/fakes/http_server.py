"""A small, fast HTTP server in a thread that can also break connections, which web frameworks don't allow."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

_T = TypeVar("_T")
_PATIENCE = 30.0  # seconds; a machine that does much else is slow
_NAME = re.compile(rb'(?<![\w*])name="([^"]*)"')
_FILENAME = re.compile(rb'filename="([^"]*)"')
_FILENAME_UTF8 = re.compile(rb"filename\*=utf-8''([^;\r\n]+)", re.IGNORECASE)
_TYPE = re.compile(rb"content-type:\s*([^\r\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`parameters`: of the query, a form or JSON object, together; names of `headers` are in lower case."""

    path: str
    parameters: dict[str, Any]
    files: dict[str, Upload] = field(default_factory=dict)
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Broken(Exception):
    """Break the connection instead of answering."""


Handled = HttpResponse | Coroutine[Any, Any, HttpResponse]
Handler = Callable[[HttpRequest], Handled]


class HttpServer:
    """Serves on 127.0.0.1 in a thread of its own.

    `handler` answers at once or gives a coroutine. `waits`: requests that end when their client goes away;
    all others are carried out, as a real server does with what has arrived.
    """

    def __init__(
        self, handler: Handler, *, port: int = 0, waits: Callable[[HttpRequest], bool] = lambda request: True
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.port = port  # 0: any free one, known once it is started
        self.errors: list[BaseException] = []
        self.handler = handler
        self.waits = waits
        self.tasks: set[asyncio.Task[HttpResponse]] = set()
        self.transports: set[asyncio.Transport] = set()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, name="fake-http", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(_PATIENCE)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)
        self.loop.close()

    def call(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run something in the server's loop, from another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(_PATIENCE)

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())

    async def _serve(self) -> None:
        server = await self.loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        # asyncio drops, unclosed, what it has accepted and not yet set up when its server is closed.
        for listener in server.sockets:
            self.loop.remove_reader(listener.fileno())
        await asyncio.sleep(0.01)
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for transport in list(self.transports):
            transport.abort()
        await asyncio.sleep(0.01)  # transports close their sockets in a later round of the loop


class _Connection(asyncio.Protocol):
    """One client: one request after another."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._busy: tuple[HttpRequest, asyncio.Task[HttpResponse]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.transports.discard(self._transport)
        if self._busy is not None and self._server.waits(self._busy[0]):
            self._busy[1].cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while self._busy is None and (request := _take(self._buffer)) is not None:
            try:
                handled = self._server.handler(request)
            except Broken:
                return self._transport.abort()
            except Exception as error:
                self._server.errors.append(error)
                return self._transport.abort()
            if isinstance(handled, HttpResponse):
                self._transport.write(_bytes(handled))
            else:
                task = self._server.loop.create_task(handled)
                self._busy = request, task
                self._server.tasks.add(task)
                task.add_done_callback(self._finish)
        return None

    def _finish(self, task: asyncio.Task[HttpResponse]) -> None:
        self._busy = None
        self._server.tasks.discard(task)
        if task.cancelled():
            return self._transport.abort()
        error = task.exception()
        if error is not None:
            if not isinstance(error, Broken):
                self._server.errors.append(error)
            return self._transport.abort()
        if not self._transport.is_closing():
            self._transport.write(_bytes(task.result()))
            self._go_on()
        return None


def _take(buffer: bytearray) -> HttpRequest | None:
    """The first request in the buffer, taken out of it; None when it isn't complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in lines)}
    start = end + 4
    length = int(headers.get("content-length", 0))
    if len(buffer) < start + length:
        return None
    body = bytes(buffer[start : start + length])
    del buffer[: start + length]
    url = urlsplit(first.split(" ")[1])
    parameters: dict[str, Any] = dict(parse_qsl(url.query, keep_blank_values=True))
    files: dict[str, Upload] = {}
    kind = headers.get("content-type", "")
    if kind.startswith("application/json"):
        parameters |= json.loads(body or b"{}")
    elif kind.startswith("multipart/form-data"):
        _read_parts(body, kind.partition("boundary=")[2].strip('"'), parameters, files)
    else:
        parameters |= parse_qsl(body.decode(), keep_blank_values=True)
    return HttpRequest(unquote(url.path), parameters, files, first.split(" ")[0], headers, body)


def _read_parts(body: bytes, boundary: str, parameters: dict[str, Any], files: dict[str, Upload]) -> None:
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _NAME.search(head)
        assert name is not None, "a part without a name"
        filename, extended, kind = _FILENAME.search(head), _FILENAME_UTF8.search(head), _TYPE.search(head)
        if filename is None and extended is None:
            parameters[name[1].decode()] = content.decode()
            continue
        shown = unquote(extended[1].decode()) if extended else filename[1].decode() if filename else ""
        media_type = kind[1].decode() if kind else "application/octet-stream"
        files[name[1].decode()] = Upload(unquote(shown), content, media_type)


def _bytes(response: HttpResponse) -> bytes:
    head = (
        f"HTTP/1.1 {response.status} X\r\nContent-Type: {response.content_type}\r\n"
        f"Content-Length: {len(response.body)}\r\n"
    )
    more = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    return f"{head}{more}\r\n".encode() + response.body
