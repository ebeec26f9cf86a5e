"""What the fake Official Account is made of: people, groups, messages, and how a call can end."""

from __future__ import annotations

import itertools
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.http_server import HttpResponse, HttpServer, Upload
from tests.fakes.outcomes import Outcome

TOKEN_PATH = "/v4/oa/access_token"
CS_PATH = "/v3.0/oa/message/cs"


class Refusal(Exception):
    """An error as the platform words it: HTTP 200 with a number below zero."""

    def __init__(self, error: int, message: str = "") -> None:
        super().__init__(message)
        self.error = error
        self.message = message or f"Error {error}"


def refuse(error: int, message: str = "") -> Outcome:
    return Outcome(refusal=Refusal(error, message))


@dataclass(slots=True, eq=False)
class User:
    """A person as this account sees them. `wrote_at`: the last interaction; a test may set it."""

    id: str
    name: str
    id_by_app: str
    follows: bool = True
    wrote_at: datetime | None = None
    blocked: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """A GMF group of the account."""

    id: str
    name: str
    expired: bool = False
    removed: bool = False  # the account is no longer in it


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message of ours as it was taken.

    `version`: "v3", "v2", "group" or "template". `template`: {"template_id", "template_data"} of a template
    message. `attachment`: as it was sent. `file`: what an image or file message shows.
    """

    chat: User | Group
    text: str
    version: str
    message_id: str
    at: datetime
    buttons: list[dict[str, Any]] = field(default_factory=list)
    attachment: dict[str, Any] | None = None
    template: dict[str, Any] | None = None
    file: Upload | None = None
    billed: bool = False
    quote: str = ""

    @property
    def labels(self) -> list[str]:
        return [button["title"] for button in self.buttons]


@dataclass(frozen=True, slots=True)
class Call:
    """`parameters`: of the query and the body, together."""

    method: str
    path: str
    parameters: dict[str, Any]
    headers: dict[str, str]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What the sources leave open, and what kind of account this is."""

    state_agency: bool = False  # v3.0 message/cs → -235, v2.0 message works
    buttons: bool = True  # False: the buttons template is refused
    quota: bool = True  # free messages say so in data.quota
    expired_error: int = -220  # or -216
    window_error: int = -230  # or -232
    follow_opens: bool = False  # following counts as an interaction
    challenge: str = "base64url"  # or "base64"
    zca: bool = True  # False: no Zalo Cloud Account, template messages → -320
    signature_prefix: bool = True  # "mac=…"
    signature_header: str = "X-ZEvent-Signature"
    retry_on: str = "any"  # or "connection": any answer at all ends the retries
    in_order: bool = True  # one sender's events are posted one after another
    group_key: str = "both"  # see People


class State:
    """What all parts of the fake share. `_changed` guards it and tells who waits."""

    def __init__(
        self,
        *,
        oa_id: str,
        app_id: str,
        app_secret: str,
        webhook_secret: str,
        per_minute: int | None,
        now: Callable[[], datetime],
        redirect_urls: tuple[str, ...],
        retries: tuple[float, ...],
        answer_within: float,
        any_chat: bool,
        switches: Switches,
    ) -> None:
        self.oa_id = oa_id
        self.app_id = app_id
        self.app_secret = app_secret
        self.webhook_secret = webhook_secret
        self.per_minute = per_minute
        self.now = now
        self.redirect_urls = redirect_urls  # (): any
        self.retries = retries
        self.answer_within = answer_within
        self.any_chat = any_chat  # a person who isn't known is made instead of refused
        self.switches = switches
        self.echoes = False  # own sends come back as oa_send_* events
        self.calls: list[Call] = []
        self.rate_refusals = 0  # answers with -32
        self._plans: dict[str, deque[Outcome]] = defaultdict(deque)
        self._users: dict[str, User] = {}
        self._groups: dict[str, Group] = {}
        self._messages: list[Message] = []
        self._files: dict[str, tuple[str, Upload, datetime]] = {}  # token → path's end, file, when
        self._templates: dict[str, tuple[str, ...]] = {}
        self._asked_at: deque[datetime] = deque()
        self._ids = itertools.count(1)
        self._changed = threading.Condition(threading.RLock())
        self._server: HttpServer

    def _emit(self, event: dict[str, Any]) -> None:
        """Post an event to the webhook."""
        raise NotImplementedError

    def person(self, name: str, *, follows: bool = True, wrote_at: datetime | None = None) -> User:
        """Somebody who knows the account; no event tells of it."""
        with self._changed:
            number = next(self._ids)
            user = User(
                str(246845883529000000 + number), name, str(552177279717000000 + number), follows, wrote_at
            )
            self._users[user.id] = user
            return user

    def gmf_group(self, name: str) -> Group:
        """A group of the account."""
        with self._changed:
            group = Group(f"f4148a7e{next(self._ids):012x}", name)
            self._groups[group.id] = group
            return group

    def add_template(self, template_id: str, *parameters: str) -> None:
        """A template was approved; it needs these parameters."""
        with self._changed:
            self._templates[template_id] = parameters

    def _message_id(self) -> str:
        return f"96d3cdf3af1{next(self._ids):09x}"


def milliseconds(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def ok(data: Any = None, headers: dict[str, str] | None = None) -> HttpResponse:
    body = {"error": 0, "message": "Success"} | ({} if data is None else {"data": data})
    return HttpResponse(200, json.dumps(body, ensure_ascii=False).encode(), headers=headers or {})


def error(refusal: Refusal, headers: dict[str, str] | None = None) -> HttpResponse:
    body = {"error": refusal.error, "message": refusal.message}
    return HttpResponse(200, json.dumps(body).encode(), headers=headers or {})
