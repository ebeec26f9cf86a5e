"""What the Zalo Bot Platform tells us: one raw event becomes at most one Incoming."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from bot.channels.clean_text import clean
from bot.channels.postbox import Unreadable
from office.channel_names import ZALO_BOT
from office.messages import Incoming, SentFile

NAME = ZALO_BOT

# The inbox remembers keys for seven days. Some bots are handed the same event again for ever: one that is
# older may have been answered and forgotten.
TOO_OLD = timedelta(days=7) - timedelta(hours=1)

_KEY_LIMIT = 128
_SAFE_KEY = re.compile(r"[\x21-\x7e]+\Z")
_MESSAGES = frozenset(
    f"message.{kind}.received" for kind in ("text", "image", "sticker", "voice", "unsupported")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordless(Incoming):
    """A message without words: a sticker, a voice, a picture alone, or what the platform withholds."""


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


Id = Annotated[str, BeforeValidator(_id), Field(min_length=1, max_length=_KEY_LIMIT)]
Words = Annotated[str, BeforeValidator(_text)]


class _Chat(BaseModel):
    id: Id
    chat_type: Literal["PRIVATE", "GROUP"]


class _Sender(BaseModel):
    id: Id
    is_bot: bool = False
    display_name: Words = ""
    first_name: Words = ""  # of one sample of the documentation


class _Message(BaseModel):
    message_id: Id
    chat: _Chat
    sender: _Sender = Field(alias="from")
    date: Any = None  # milliseconds
    text: Words = ""
    caption: Words = ""
    photo_url: Words = ""  # on the wire
    photo: Words = ""  # in the documents
    voice_url: Words = ""


def unwrap(body: Any) -> dict[str, Any] | None:
    """The event in a body, which comes bare or in an envelope; None where there is none."""
    if isinstance(body, dict) and isinstance(body.get("result"), dict):
        body = body["result"]
    return body if isinstance(body, dict) and isinstance(body.get("event_name"), str) else None


def key_of(event: Mapping[str, Any]) -> str:
    """What an event is remembered by: its message's id, or what it is made of where it has none."""
    message = event.get("message")
    known = _id(message.get("message_id")) if isinstance(message, dict) else None
    if isinstance(known, str) and len(known) <= _KEY_LIMIT and _SAFE_KEY.match(known):
        return known
    whole = json.dumps(event, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"


def read_event(event: Any, *, account: str, now: datetime) -> Incoming | None:
    """What handlers know of an event; None for one that says nothing to us. Raises Unreadable.

    `now` stands in for a date that isn't told. In groups the mention of ourselves is still in the text.
    """
    name = event.get("event_name") if isinstance(event, dict) else None
    if not isinstance(name, str):
        raise Unreadable("event_name")
    if name not in _MESSAGES:
        return None
    message = _message(event.get("message"))
    at = _moment(message.date, now)
    if message.sender.is_bot or now - at > TOO_OLD:
        return None
    text = message.text or message.caption
    kind = Incoming if text else Wordless
    return kind(
        channel=NAME,
        account=account,
        key=key_of(event),
        chat=message.chat.id,
        sender=message.sender.id,
        at=at,
        text=text,
        group=message.chat.chat_type == "GROUP",  # of which we only get what names us or replies to us
        sender_name=message.sender.display_name or message.sender.first_name,
        file=_file(message),
    )


def without_mention(text: str, names: Iterable[str]) -> str:
    """The text without the mention of ourselves, by any of our names."""
    ours = sorted((clean(name) for name in names if clean(name)), key=len, reverse=True)
    if not ours:
        return text
    mention = re.compile(rf"@(?:{'|'.join(map(re.escape, ours))})(?!\w)", re.IGNORECASE)
    rest, found = mention.subn(" ", text)
    return re.sub(r" {2,}", " ", rest).strip().lstrip(",:; ") if found else text


def _message(raw: Any) -> _Message:
    try:
        return _Message.model_validate(raw)
    except ValidationError as error:
        # Where it is, not what: that may be somebody's words.
        where = ", ".join(sorted({".".join(map(str, part["loc"])) or "message" for part in error.errors()}))
    raise Unreadable(where[:200])


def _moment(date: Any, now: datetime) -> datetime:
    """The moment of a date in milliseconds, none later than now."""
    try:
        return min(now, datetime.fromtimestamp(float(date) / 1000, UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        return now


def _file(message: _Message) -> SentFile | None:
    if photo := message.photo_url or message.photo:
        return SentFile(id=photo, name="anh.jpg", media_type="image/jpeg")
    if message.voice_url:
        return SentFile(id=message.voice_url, name="ghi-am.aac", media_type="audio/aac")
    return None
