"""What the fake Bot API is made of: chats, messages, and how a call can end."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http_server import HttpResponse, HttpServer, Upload
from tests.fakes.outcomes import Outcome

TOKEN = "123456789:AAfake-token-that-must-not-be-seen"


class Refusal(Exception):
    """An error as the Bot API words it."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def refuse(code: int, description: str, **parameters: int) -> Outcome:
    return Outcome(refusal=Refusal(code, description, **parameters))


def flood(retry_after: int) -> Outcome:
    description = f"Too Many Requests: retry after {retry_after}"
    return refuse(429, description, retry_after=retry_after)


@dataclass(slots=True)
class Chat:
    id: int
    type: str
    title: str = ""
    blocked: str = ""  # the words of the 403
    muted: bool = False  # we may not write there
    migrated_to: int | None = None
    topics: set[int] = field(default_factory=set)
    sent_at: deque[float] = field(default_factory=lambda: deque(maxlen=20))  # edits too

    @property
    def group(self) -> bool:
        return self.type != "private"

    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.group:
            body |= {"title": self.title} | ({"is_forum": True} if self.topics else {})
        else:
            body["first_name"] = f"Người {self.id}"
        return body


@dataclass(slots=True)
class Message:
    """A message in a chat, ours or a person's, as it looks now."""

    chat: Chat
    message_id: int
    text: str
    by_bot: bool
    user: int = 0
    markup: str = ""  # the text as it was sent
    parse_mode: str = ""
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    topic: int | None = None
    reply_to: int | None = None
    edits: int = 0
    deleted: bool = False
    file: Upload | None = None
    picture: bool = False
    at: float = field(default_factory=time.time)

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    parameters: dict[str, Any]
    at: float


@dataclass(slots=True)
class Webhook:
    url: str = ""
    secret: str = ""
    last_error: str = ""


class State:
    """What all parts of the fake share. `_changed` guards it and tells who waits."""

    def __init__(
        self, *, token: str, username: str, limits: bool, local_webhooks: bool, any_chat: bool
    ) -> None:
        self.token = token
        self.bot_id = int(token.split(":")[0])
        self.username = username
        self.limits = limits  # 30/s over all, 1/s a chat, 20/min a group
        self.local_webhooks = local_webhooks  # http and any port, for delivery on this machine
        self.any_chat = any_chat  # a chat that isn't known is made instead of refused
        self.webhook_retry = 0.1  # seconds, doubling
        self.calls: list[Call] = []
        self.floods = 0  # answers with 429
        self.answered_queries: list[str] = []
        self.webhook = Webhook()
        self._plans: dict[str, deque[Outcome]] = defaultdict(deque)
        self._chats: dict[int, Chat] = {}
        self._messages: dict[tuple[int, int], Message] = {}
        self._uploads: dict[str, Upload] = {}  # file_id → what a person sent
        self._sent_files: dict[str, tuple[str, Upload]] = {}  # file_id → "photo" or "document", what we sent
        self._queries: set[str] = set()
        self._updates: list[dict[str, Any]] = []
        self._allowed: list[str] = []
        self._ids = itertools.count(1)
        self._update_ids = itertools.count(1000)
        self._sent_at: deque[float] = deque(maxlen=30)
        self._delivering: dict[int, asyncio.Task[None]] = {}
        self._changed = threading.Condition(threading.RLock())
        self._server: HttpServer

    def _notify(self) -> None:
        raise NotImplementedError

    def group(
        self,
        chat: int = -1009001,
        *,
        title: str = "Phòng QLTM",
        topics: tuple[int, ...] = (),
        kind: str = "supergroup",
    ) -> Chat:
        """A group that we are in."""
        return self._chats.setdefault(chat, Chat(chat, kind, title, topics=set(topics)))

    def private(self, user: int = 7001) -> Chat:
        """A person's chat with us."""
        return self._chats.setdefault(user, Chat(user, "private"))

    # --- JSON

    def _bot_json(self) -> dict[str, Any]:
        return {"id": self.bot_id, "is_bot": True, "first_name": "Xin Luôn", "username": self.username}


def person_json(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": f"Người {user}", "language_code": "vi"}


def ok(result: Any) -> HttpResponse:
    return HttpResponse(200, json.dumps({"ok": True, "result": result}).encode())


def error(refusal: Refusal) -> HttpResponse:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return HttpResponse(refusal.code, json.dumps(body).encode())
