"""A Bot API server of our own on a real socket: strict where Telegram is, and as unkind as a test asks for.

    with FakeTelegram() as fake:
        # the bot talks to fake.url with fake.token
        fake.say(fake.private(), "lệ phí?")
        fake.wait_for(lambda: fake.sent)
        fake.tap(fake.sent[-1], "Hồ sơ")

`fake.plan("sendMessage", flood(2), drop_after())` decides how the next calls of a method end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from tests.fakes.telegram_html import BadMarkup, shown
from tests.fakes.telegram_http import Broken, HttpRequest, HttpResponse, HttpServer

TOKEN = "123456789:AAfake-token-that-must-not-be-seen"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
_COMMAND = re.compile(r"(?<!\S)/\w+(?:@\w+)?")
_MENTION = re.compile(r"(?<![\w/@])@\w+")
_NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly"
    " the same as a current content and reply markup of the message"
)
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active;"
    " use deleteWebhook to delete the webhook first"
)
_OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
_PORTS = (443, 80, 88, 8443)


class Refusal(Exception):
    """An error as the Bot API words it."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a planned call ends."""

    refusal: Refusal | None = None
    raw: HttpResponse | None = None  # instead of applying it
    drop_before: bool = False
    drop_after: bool = False
    delay: float = 0.0


def refuse(code: int, description: str, **parameters: int) -> Outcome:
    return Outcome(refusal=Refusal(code, description, **parameters))


def flood(retry_after: int) -> Outcome:
    description = f"Too Many Requests: retry after {retry_after}"
    return refuse(429, description, retry_after=retry_after)


def bad_gateway() -> Outcome:
    page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n"
    return Outcome(raw=HttpResponse(502, page, "text/html"))


def drop_before() -> Outcome:
    return Outcome(drop_before=True)


def drop_after() -> Outcome:
    return Outcome(drop_after=True)


def slow(seconds: float) -> Outcome:
    return Outcome(delay=seconds)


def passes() -> Outcome:
    return Outcome()


@dataclass(slots=True)
class Chat:
    id: int
    type: str
    title: str = ""
    blocked: str = ""  # the words of the 403
    migrated_to: int | None = None
    topics: set[int] = field(default_factory=set)
    sent_at: list[float] = field(default_factory=list)

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


class FakeTelegram:
    """The server and the people who write to its one bot. Its methods are for the test's thread."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "XinLuonBot",
        limits: bool = False,
        local_webhooks: bool = True,
        port: int = 0,
    ) -> None:
        self.token = token
        self.bot_id = int(token.split(":")[0])
        self.username = username
        self.limits = limits  # 30/s over all, 1/s a chat, 20/min a group
        self.local_webhooks = local_webhooks  # http and any port, for delivery on this machine
        self.webhook_retry = 0.1  # seconds, doubling
        self.calls: list[Call] = []
        self.answered_queries: list[str] = []
        self.webhook = Webhook()
        self._plans: dict[str, deque[Outcome]] = defaultdict(deque)
        self._chats: dict[int, Chat] = {}
        self._messages: dict[tuple[int, int], Message] = {}
        self._queries: set[str] = set()
        self._updates: list[dict[str, Any]] = []
        self._allowed: list[str] = []
        self._ids = itertools.count(1)
        self._update_ids = itertools.count(1000)
        self._poll = 0  # number of the getUpdates that may go on
        self._sent_at: list[float] = []
        self._delivering: dict[int, asyncio.Task[None]] = {}
        self._changed = threading.Condition(threading.RLock())
        self._server = HttpServer(self._handle, port=port)
        self._wake = asyncio.Event()

    # --- running

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        if self._server.errors:
            raise self._server.errors[0]

    @property
    def url(self) -> str:
        """The API server's address, without /bot."""
        return f"http://127.0.0.1:{self._server.port}"

    # --- people

    def private(self, user: int = 7001) -> Chat:
        return self._chats.setdefault(user, Chat(user, "private"))

    def group(self, chat: int = -1009001, *, title: str = "Phòng QLTM", topics: tuple[int, ...] = ()) -> Chat:
        return self._chats.setdefault(chat, Chat(chat, "supergroup", title, topics=set(topics)))

    def say(
        self,
        chat: Chat,
        text: str,
        *,
        user: int | None = None,
        reply_to: Message | None = None,
        topic: int | None = None,
        caption: bool = False,
        **more: Any,
    ) -> int:
        """A person writes; returns the update's id. `more` goes into the message as it is."""
        with self._changed:
            author = user or (chat.id if not chat.group else 7001)
            message = Message(chat, next(self._ids), text, by_bot=False, user=author, topic=topic)
            self._messages[chat.id, message.message_id] = message
            body = self._message_json(message, field_name="caption" if caption else "text") | more
            if caption:
                body["photo"] = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
            if reply_to is not None:
                body["reply_to_message"] = self._message_json(reply_to)
            return self.push("message", body)

    def tap(self, message: Message, label: str, *, user: int | None = None, stale: bool = False) -> int:
        """Someone taps the one button whose label contains `label`; returns the update's id."""
        [button] = [b for row in message.keyboard for b in row if label in b["text"]]
        assert "callback_data" in button, "a link sends nothing"
        with self._changed:
            query = f"query-{next(self._ids)}"
            if not stale:
                self._queries.add(query)
            body = {
                "id": query,
                "from": _person(user or (message.user or 7001 if message.chat.group else message.chat.id)),
                "message": self._message_json(message),
                "chat_instance": "1",
                "data": button["callback_data"],
            }
            return self.push("callback_query", body)

    def push(self, kind: str, body: Any) -> int:
        """Any update, also one that no library can read."""
        with self._changed:
            update_id = next(self._update_ids)
            if not self._allowed or kind in self._allowed:
                self._updates.append({"update_id": update_id, kind: body})
            self._notify()
            return update_id

    def repeat(self, update: dict[str, Any]) -> None:
        """The same update once more, as Telegram does now and then."""
        with self._changed:
            self._updates.append(update)
            self._updates.sort(key=lambda u: int(u["update_id"]))
            self._notify()

    def migrate(self, chat: Chat, new_id: int) -> Chat:
        """The group becomes a supergroup; the old id is dead."""
        chat.migrated_to = new_id
        return self.group(new_id, title=chat.title)

    # --- what a test looks at

    def plan(self, method: str, *outcomes: Outcome) -> None:
        """How the next calls of this method end; after that they go well again."""
        with self._changed:
            self._plans[method].extend(outcomes)

    @property
    def sent(self) -> list[Message]:
        """Our messages in the order of sending, as they look now."""
        with self._changed:
            return [m for m in self._messages.values() if m.by_bot and not m.deleted]

    @property
    def pending(self) -> list[dict[str, Any]]:
        """Updates that haven't been confirmed."""
        with self._changed:
            return list(self._updates)

    def called(self, method: str) -> list[Call]:
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def wait_for(self, predicate: Callable[[], object], timeout: float = 20.0) -> None:
        """Wait until something holds; AssertionError when it doesn't come to."""
        with self._changed:
            held = self._changed.wait_for(predicate, timeout)
        assert held, f"not within {timeout} s; sent: {[m.text for m in self.sent]}"

    async def until(self, predicate: Callable[[], object], within: float = 20.0) -> None:
        """`wait_for`, for tests that run in a loop."""
        await asyncio.to_thread(self.wait_for, predicate, within)

    # --- inside: requests

    def _notify(self) -> None:
        self._changed.notify_all()
        with suppress(RuntimeError):  # not started yet, or closed
            self._server.loop.call_soon_threadsafe(self._stir)

    def _stir(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()
        with self._changed:
            fresh = (
                [u for u in self._updates if u["update_id"] not in self._delivering]
                if self.webhook.url
                else []
            )
            for update in fresh:
                task = asyncio.ensure_future(self._deliver(update, self.webhook.url))
                self._delivering[update["update_id"]] = task

    async def _handle(self, request: HttpRequest) -> HttpResponse:
        _, bot, method = [*request.path.split("/"), "", ""][:3]
        with self._changed:
            self.calls.append(Call(method, request.parameters, time.monotonic()))
            plans = self._plans[method]
            outcome = plans.popleft() if plans else Outcome()
            self._changed.notify_all()
        try:
            response = await self._run(bot, method, request.parameters, outcome)
        except Refusal as refusal:
            response = _error(refusal)
        with self._changed:
            self._changed.notify_all()
        if outcome.drop_after:
            raise Broken
        return response

    async def _run(self, bot: str, method: str, given: dict[str, Any], outcome: Outcome) -> HttpResponse:
        if outcome.drop_before:
            raise Broken
        await asyncio.sleep(outcome.delay)
        if outcome.refusal is not None:
            raise outcome.refusal
        if outcome.raw is not None:
            return outcome.raw
        if bot != f"bot{self.token}":
            raise Refusal(401, "Unauthorized")
        if method == "getUpdates":
            return _ok(await self._get_updates(given))
        function = getattr(self, f"_do_{method}", None)
        if function is None:
            raise Refusal(404, "Not Found: method not found")
        with self._changed:
            return _ok(function(given))

    # --- inside: updates

    async def _get_updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit = int(given.get("offset") or 0), min(100, max(1, int(given.get("limit") or 100)))
        deadline = time.monotonic() + min(50, max(0, int(given.get("timeout") or 0)))
        with self._changed:
            if self.webhook.url:
                raise Refusal(409, _WEBHOOK_ACTIVE)
            self._poll += 1  # a poll that waits ends with a conflict
            number = self._poll
            self._remember_allowed(given)
            self._confirm(offset)
            self._notify()
        while True:
            if number != self._poll:
                raise Refusal(409, _OTHER_POLL)
            if self.webhook.url:
                raise Refusal(409, "Conflict: terminated by setWebhook request")
            wake = self._wake
            with self._changed:
                updates = self._updates[:limit]
            left = deadline - time.monotonic()
            if updates or left <= 0:
                return updates
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), left)

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
        elif offset < 0:
            self._updates = self._updates[offset:]

    def _remember_allowed(self, given: dict[str, Any]) -> None:
        if "allowed_updates" in given:
            self._allowed = _list(given["allowed_updates"])

    def _do_setWebhook(self, given: dict[str, Any]) -> bool:
        url, secret = given.get("url", ""), given.get("secret_token", "")
        if url:
            self._check_webhook(url, secret)
        self._remember_allowed(given)
        self.webhook = Webhook(url, secret)
        self._notify()
        return True

    def _check_webhook(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        if not self.local_webhooks:
            if parts.scheme != "https":
                raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
            if (parts.port or 443) not in _PORTS:
                raise Refusal(
                    400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
                )
        if secret and not _SECRET.match(secret):
            raise Refusal(400, "Bad Request: secret token contains unallowed characters")

    def _do_deleteWebhook(self, given: dict[str, Any]) -> bool:
        if str(given.get("drop_pending_updates", "")).lower() == "true":
            self._updates.clear()
        self.webhook = Webhook()
        for task in self._delivering.values():
            task.cancel()
        self._delivering.clear()
        return True

    def _do_getWebhookInfo(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": self.webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        } | ({"last_error_message": self.webhook.last_error} if self.webhook.last_error else {})

    async def _deliver(self, update: dict[str, Any], url: str) -> None:
        """Post an update until it is taken."""
        delay = self.webhook_retry
        headers = {SECRET_HEADER: self.webhook.secret} if self.webhook.secret else {}
        async with httpx.AsyncClient(trust_env=False) as client:
            while self.webhook.url == url:
                try:
                    response = await client.post(url, json=update, headers=headers, timeout=30)
                    error = (
                        ""
                        if response.is_success
                        else f"Wrong response from the webhook: {response.status_code}"
                    )
                except httpx.HTTPError as failure:
                    error = type(failure).__name__
                with self._changed:
                    self.webhook.last_error = error
                    if not error:
                        self._updates.remove(update)
                        del self._delivering[update["update_id"]]
                    self._changed.notify_all()
                if not error:
                    return
                await asyncio.sleep(delay)
                delay *= 2

    # --- inside: methods

    def _do_getMe(self, _: dict[str, Any]) -> dict[str, Any]:
        return self._bot_json() | {"can_join_groups": True, "can_read_all_group_messages": False}

    def _do_getChat(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = self._chat(given)
        return chat.json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {}}

    def _do_sendChatAction(self, given: dict[str, Any]) -> bool:
        self._writable(given)
        if given.get("action") not in ("typing", "upload_document", "upload_photo"):
            raise Refusal(400, "Bad Request: wrong parameter action in request")
        return True

    def _do_sendMessage(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = self._writable(given)
        self._limit(chat)
        text = _text(given)
        message = Message(
            chat,
            next(self._ids),
            text,
            by_bot=True,
            markup=given.get("text", ""),
            parse_mode=given.get("parse_mode", ""),
            keyboard=_keyboard(given),
            topic=self._topic(chat, given),
            reply_to=self._quoted(chat, given),
        )
        self._messages[chat.id, message.message_id] = message
        return self._message_json(message)

    def _do_editMessageText(self, given: dict[str, Any]) -> dict[str, Any]:
        message = self._editable(given)
        text, keyboard = _text(given), _keyboard(given)
        if (text, keyboard, given.get("text")) == (message.text, message.keyboard, message.markup):
            raise Refusal(400, _NOT_MODIFIED)
        message.text, message.keyboard, message.markup = text, keyboard, given.get("text", "")
        message.parse_mode = given.get("parse_mode", "")
        message.edits += 1
        return self._message_json(message)

    def _do_editMessageReplyMarkup(self, given: dict[str, Any]) -> dict[str, Any]:
        message, keyboard = self._editable(given), _keyboard(given)
        if keyboard == message.keyboard:
            raise Refusal(400, _NOT_MODIFIED)
        message.keyboard = keyboard
        message.edits += 1
        return self._message_json(message)

    def _do_deleteMessage(self, given: dict[str, Any]) -> bool:
        message = self._messages.get((self._writable(given).id, _int(given, "message_id")))
        if message is None or message.deleted:
            raise Refusal(400, "Bad Request: message to delete not found")
        message.deleted = True
        return True

    def _do_answerCallbackQuery(self, given: dict[str, Any]) -> bool:
        query = given.get("callback_query_id", "")
        if len(given.get("text", "")) > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        if query not in self._queries:
            raise Refusal(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._queries.discard(query)
        self.answered_queries.append(query)
        return True

    # --- inside: rules

    def _chat(self, given: dict[str, Any]) -> Chat:
        if not given.get("chat_id"):
            raise Refusal(400, "Bad Request: chat_id is empty")
        chat = self._chats.get(int(given["chat_id"])) if _is_int(given["chat_id"]) else None
        if chat is None:
            raise Refusal(400, "Bad Request: chat not found")
        return chat

    def _writable(self, given: dict[str, Any]) -> Chat:
        chat = self._chat(given)
        if chat.migrated_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, words, migrate_to_chat_id=chat.migrated_to)
        if chat.blocked:
            raise Refusal(403, chat.blocked)
        return chat

    def _editable(self, given: dict[str, Any]) -> Message:
        message = self._messages.get((self._writable(given).id, _int(given, "message_id")))
        if message is None or message.deleted:
            raise Refusal(400, "Bad Request: message to edit not found")
        if not message.by_bot:
            raise Refusal(400, "Bad Request: message can't be edited")
        return message

    def _topic(self, chat: Chat, given: dict[str, Any]) -> int | None:
        if "message_thread_id" not in given:
            return None
        topic = _int(given, "message_thread_id")
        if topic not in chat.topics:
            raise Refusal(400, "Bad Request: message thread not found")
        return topic

    def _quoted(self, chat: Chat, given: dict[str, Any]) -> int | None:
        if "reply_parameters" not in given:
            return None
        parameters = _object(given["reply_parameters"], "reply parameters")
        number = int(parameters["message_id"])
        quoted = self._messages.get((chat.id, number))
        if quoted is not None and not quoted.deleted:
            return number
        if not parameters.get("allow_sending_without_reply"):
            raise Refusal(400, "Bad Request: message to be replied not found")
        return None

    def _limit(self, chat: Chat) -> None:
        now = time.monotonic()
        if self.limits:
            _hold(self._sent_at, now, count=30, span=1)
            _hold(chat.sent_at, now, count=1, span=1)
            if chat.group:
                _hold(chat.sent_at, now, count=20, span=60)
        self._sent_at.append(now)
        chat.sent_at.append(now)

    # --- inside: JSON

    def _bot_json(self) -> dict[str, Any]:
        return {"id": self.bot_id, "is_bot": True, "first_name": "Xin Luôn", "username": self.username}

    def _message_json(self, message: Message, *, field_name: str = "text") -> dict[str, Any]:
        body: dict[str, Any] = {
            "message_id": message.message_id,
            "date": int(time.time()),
            "chat": message.chat.json(),
            "from": self._bot_json() if message.by_bot else _person(message.user),
        }
        if message.text:
            body[field_name] = message.text
        if not message.by_bot and (entities := list(_entities(message.text))):
            body["entities" if field_name == "text" else "caption_entities"] = entities
        if message.topic is not None:
            body |= {"message_thread_id": message.topic, "is_topic_message": True}
        if message.keyboard:
            body["reply_markup"] = {"inline_keyboard": message.keyboard}
        return body


def _person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": f"Người {user}", "language_code": "vi"}


def _entities(text: str) -> Iterator[dict[str, Any]]:
    for kind, pattern in (("bot_command", _COMMAND), ("mention", _MENTION)):
        for match in pattern.finditer(text):
            offset, length = _utf16(text[: match.start()]), _utf16(match[0])
            yield {"type": kind, "offset": offset, "length": length}


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(given: dict[str, Any]) -> str:
    """The text as it will look. Refuses what Telegram refuses."""
    text = given.get("text", "")
    if len(text.encode()) > 32768:
        raise Refusal(400, "Bad Request: text is too long")
    mode = given.get("parse_mode", "")
    if mode not in ("", "HTML"):
        raise Refusal(400, "Bad Request: unsupported parse_mode")
    try:
        text = (shown(text) if mode else text).strip()
    except BadMarkup as error:
        raise Refusal(400, f"Bad Request: can't parse entities: {error}") from error
    if not text:
        raise Refusal(400, "Bad Request: message text is empty")
    if _utf16(text) > 4096:
        raise Refusal(400, "Bad Request: message is too long")
    return text


def _keyboard(given: dict[str, Any]) -> list[list[dict[str, Any]]]:
    if not given.get("reply_markup"):
        return []
    markup = _object(given["reply_markup"], "reply keyboard markup")
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refusal(400, "Bad Request: object expected as reply markup")
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100:
        raise Refusal(400, "Bad Request: reply markup is too long")
    for button in buttons:
        _check_button(button)
    return [row for row in rows if row]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"].strip():
        raise Refusal(400, "Bad Request: can't parse inline keyboard button: button text must be non-empty")
    if "url" in button:
        host = urlsplit(button["url"]).hostname or ""
        if not button["url"].startswith(("http://", "https://", "tg://")) or "." not in host:
            words = f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
            raise Refusal(400, f"Bad Request: {words}")
    elif "callback_data" not in button:
        raise Refusal(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
    elif not 0 < len(button["callback_data"].encode()) <= 64:
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")


def _object(value: Any, what: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Refusal(400, f"Bad Request: can't parse {what} JSON object")
    return parsed


def _list(value: Any) -> list[str]:
    parsed = json.loads(value) if isinstance(value, str) else value
    if not isinstance(parsed, list):
        raise Refusal(400, "Bad Request: can't parse allowed updates")
    return parsed


def _hold(times: list[float], now: float, *, count: int, span: float) -> None:
    recent = [at for at in times if at > now - span]
    if len(recent) >= count:
        wait = max(1, -int(-(recent[-count] + span - now) // 1))
        raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


def _int(given: dict[str, Any], name: str) -> int:
    return int(given[name]) if _is_int(given.get(name, "")) else 0


def _is_int(value: Any) -> bool:
    return re.fullmatch(r"-?\d+", str(value)) is not None


def _ok(result: Any) -> HttpResponse:
    return HttpResponse(200, json.dumps({"ok": True, "result": result}).encode())


def _error(refusal: Refusal) -> HttpResponse:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return HttpResponse(refusal.code, json.dumps(body).encode())
