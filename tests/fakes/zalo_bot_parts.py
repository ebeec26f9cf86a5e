"""What the fake Zalo Bot Platform is made of: chats, messages, and how a call can end."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.http_server import HttpResponse, HttpServer
from tests.fakes.outcomes import Outcome

TOKEN = "1459232241454765289:fake-zalo-token-that-must-not-be-seen"
DISPLAY_NAME = "Bot Xin Luôn"

Kind = Literal["PRIVATE", "GROUP"]
Event = dict[str, Any]  # {"event_name": …, "message": {…}}


class Refusal(Exception):
    """An error in the platform's envelope. `status`: of HTTP, which need not be the code."""

    def __init__(self, code: int, description: str, *, status: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = code if status is None else status


def refuse(code: int, description: str = "Refused", *, status: int | None = None) -> Outcome:
    """An error; with `status=200` one that HTTP knows nothing of."""
    return Outcome(refusal=Refusal(code, description, status=status))


def too_many(*, status: int | None = None) -> Outcome:
    return refuse(429, "Quota exceeded", status=status)


@dataclass(slots=True, eq=False)
class Chat:
    """A person's chat with the bot or a group. `known`: the bot may write there, as somebody has written
    to it before; `refused`: one more than the plan allows, which never comes to be known."""

    id: str
    kind: Kind
    name: str = ""
    known: bool = False
    refused: bool = False

    @property
    def group(self) -> bool:
        return self.kind == "GROUP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the bot sent and a chat has got. `at`: monotonic."""

    chat: Chat
    message_id: str
    text: str = ""
    photo: str = ""
    caption: str = ""
    sticker: str = ""
    voice: str = ""
    parse_mode: str = ""
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    parameters: dict[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Webhook:
    """`updated_at`: epoch milliseconds."""

    url: str
    secret: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class Post:
    """A request to the webhook. `status`: 0 where none came back; `outcome`: in the platform's words."""

    status: int
    outcome: str
    milliseconds: int
    event: Event | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True, eq=False)
class Update:
    """An event on its way to the bot."""

    event: Event
    posting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the account may have."""

    messages_per_month: int
    users: int
    groups: int


class State:
    """What all parts of the fake share. `_changed` guards it and tells who waits."""

    def __init__(self, *, token: str, plan: Plan, any_chat: bool) -> None:
        self.token = token
        self.bot_id = token.partition(":")[0]
        self.display_name = DISPLAY_NAME
        self.limits = plan
        self.any_chat = any_chat  # a chat that isn't known is made instead of refused
        self.local_webhooks = True  # http to this machine, for webhooks and pictures
        self.quota_status = 429  # of HTTP, when the month's messages are used up
        self.used = 0
        self.calls: list[Call] = []
        self.webhook: Webhook | None = None
        self.posts: list[Post] = []  # requests to the webhook, pings too
        self.lost: list[Update] = []  # given up after all attempts to post them
        self._plans: dict[str, deque[Outcome]] = defaultdict(deque)
        self._chats: dict[str, Chat] = {}
        self._messages: list[Message] = []
        self._updates: list[Update] = []
        self._ids = itertools.count(1)
        self._series = secrets.token_hex(5)  # another fake's ids are others
        self._changed = threading.Condition(threading.RLock())
        self._server: HttpServer

    def _notify(self) -> None:
        raise NotImplementedError

    def _new_message_id(self) -> str:
        return f"m{self._series}{next(self._ids):09x}"

    def _new_chat(self, kind: Kind, name: str, chat_id: str = "") -> Chat:
        """A chat under a new id of 20 hexadecimal digits."""
        chat = Chat(chat_id or f"{self._series}{next(self._ids):010x}", kind, name)
        self._chats[chat.id] = chat
        return chat

    def _admit(self, chat: Chat) -> bool:
        """Let a chat in that the bot hears of for the first time, if the plan has room for one more."""
        if not chat.known and not chat.refused:
            most = self.limits.groups if chat.group else self.limits.users
            known = sum(c.known for c in self._chats.values() if c.kind == chat.kind)
            chat.known, chat.refused = known < most, known >= most
        return chat.known


def ok(result: Any, *, zero: bool = False) -> HttpResponse:
    """`zero`: with the error code 0, which a success may carry."""
    body: dict[str, Any] = {"ok": True}
    if result is not None:
        body["result"] = result
    if zero:
        body["error_code"] = 0
    return HttpResponse(200, encoded(body))


def error(refusal: Refusal) -> HttpResponse:
    body = {"ok": False, "description": refusal.description, "error_code": refusal.code}
    return HttpResponse(refusal.status, encoded(body))


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def milliseconds() -> int:
    return int(time.time() * 1000)
