"""The web page as a channel: requests become Incoming, replies become JSON, uvicorn serves both."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Event
from typing import Annotated, Any

import uvicorn
from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator, model_validator
from starlette.types import ASGIApp

from bot.channels.base import ChannelDown
from office.messages import PAYLOAD_BYTES, Capabilities, ChannelState, Choice, ChoiceKind, Incoming, Reply

NAME = "web"
ACCOUNT = "web"
STOP_SECONDS = 8  # what is in hand may take, of the ten seconds that the channels have

SessionId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
ClientKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]

_NO_PORT = {
    errno.EADDRINUSE: "chương trình khác đang dùng cổng này → dừng chương trình kia hoặc đổi «web.port»",
    errno.EACCES: "không có quyền dùng cổng này → đổi «web.port» sang số từ 1024 trở lên",
    errno.EADDRNOTAVAIL: "máy này không có địa chỉ đó → sửa «web.host»",
}


class ChatMessage(BaseModel):
    """What a person or a program sends: a text or the payload of a choice, never both."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: str | None = None
    payload: str | None = None
    session: SessionId | None = None
    key: ClientKey | None = None

    @field_validator("payload")
    @classmethod
    def _fits_a_choice(cls, payload: str | None) -> str | None:
        if payload is not None and not 0 < len(payload.encode()) <= PAYLOAD_BYTES:
            raise ValueError(f"payload must have 1 to {PAYLOAD_BYTES} bytes")
        return payload

    @model_validator(mode="after")
    def _text_or_payload(self) -> ChatMessage:
        if (self.text is None) == (self.payload is None):
            raise ValueError("send either text or payload")
        return self


def new_session() -> str:
    """A session id that can't be guessed: 128 random bits in hex."""
    return secrets.token_hex(16)


def to_incoming(message: ChatMessage, *, session: str, at: datetime) -> Incoming:
    """The message as handlers know it."""
    return Incoming(
        channel=NAME,
        account=ACCOUNT,
        key=_key(session, message.key or secrets.token_hex(16)),
        chat=session,
        sender=session,
        at=at,
        text=message.text or "",
        payload=message.payload or "",
    )


def _key(session: str, client_key: str) -> str:
    # Clients count their messages as they like: one session's "1" must not bring it the replies to another's.
    return hashlib.sha256(f"{session}:{client_key}".encode()).hexdigest()


def replies_to_json(replies: Sequence[Reply]) -> list[dict[str, Any]]:
    """Replies as /api/chat gives them (docs/api.md)."""
    return [
        {
            "lines": [{"style": line.style.shown.value, "text": line.text} for line in reply.lines],
            "choices": [_choice_to_json(choice, number) for choice, number in numbered(reply)],
            "replaces": reply.replaces,
        }
        for reply in replies
    ]


def numbered(reply: Reply) -> Iterator[tuple[Choice, int | None]]:
    """Every choice with the number that picks it when typed; links have none."""
    number = 0
    for choice in reply.choices:
        if choice.kind is ChoiceKind.LINK:
            yield choice, None
        else:
            number += 1
            yield choice, number


def _choice_to_json(choice: Choice, number: int | None) -> dict[str, Any]:
    if number is None:
        return {"kind": choice.kind.value, "label": choice.label, "url": choice.url}
    fields = {"kind": choice.kind.value, "label": choice.label, "payload": choice.payload, "number": number}
    if choice.kind in (ChoiceKind.TICK, ChoiceKind.VOTE):
        fields["ticked"] = choice.ticked
    return fields


class Web:
    """Serves the pages of `app` (bot.web.app.create_app) until it is cancelled."""

    name = NAME
    capabilities = Capabilities(buttons=True, edit=True, links=True, max_text=100_000, max_label=200)

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        now: Callable[[], datetime],
        closing: Event | None = None,
    ) -> None:
        """`closing` is set when it stops serving: answers without end are to come to one."""
        self._closing = closing or Event()
        self.state = ChannelState(NAME)
        self._app = app
        self._host = host
        self._port = port
        self._now = now
        self._listener: socket.socket | None = None

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it, once the port is had."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.state.facts.get('port', self._port)}"

    def open(self) -> socket.socket:
        """Take the port without serving yet. Raises ChannelDown when it can't be had."""
        if self._listener is None:
            self._listener = self._listen()
            self.state.facts["host"] = self._host
            self.state.facts["port"] = self._listener.getsockname()[1]  # the one given, when 0 was asked for
        return self._listener

    async def run(self) -> None:
        """Serve; when cancelled, finish the requests in hand. ChannelDown when the port can't be had."""
        listener = self.open()
        self._closing.clear()
        server = Server(_config(self._app))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        self.state.up, self.state.detail, self.state.since = True, "", self._now()
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._closing.set()
            server.should_exit = True
            await serving
            raise
        finally:
            listener.close()
            self._listener = None
            self.state.up, self.state.since = False, self._now()

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family, backlog=512)
        except (OSError, OverflowError) as error:
            why = _NO_PORT.get(getattr(error, "errno", None) or 0, type(error).__name__)
            reason = f"không mở được cổng {self._port} tại {self._host}: {why}"
            self.state.up, self.state.detail = False, reason
            raise ChannelDown(reason) from error
        # Connections inherit it. asyncio sets it only on sockets of a named protocol, and without it every
        # second part of an answer waits 40 ms for the client to acknowledge the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whose X-Forwarded-For is believed is decided in bot.web.guard, from the office's own settings.
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class Server(uvicorn.Server):
    """uvicorn within a program that has more than it: its loop runs on, and so nothing may be left open."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program, which stops all channels together."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Set up what was accepted at the last moment, then stop: asyncio (3.11) drops it unclosed when its
        server is closed before."""
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listener in server.sockets:
                loop.remove_reader(listener.fileno())
        for _ in range(2):  # rounds of the loop: one makes the connection, the next makes it known to uvicorn
            await asyncio.sleep(0)
        await super().shutdown(sockets)
