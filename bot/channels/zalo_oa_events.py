"""What Zalo posts of an Official Account: what we note of a person, and at most one Incoming."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from bot.channels.clean_text import clean
from bot.channels.postbox import Unreadable
from bot.channels.zalo_oa_loose import Loose, Text
from handlers import payloads
from handlers.staff.typed import payload_of
from office.assignments import TAP_VERB
from office.channel_names import ZALO_OA
from office.messages import PAYLOAD_BYTES, Event, Incoming, SentFile

_BARE = frozenset({payloads.MENU, payloads.FIELDS, payloads.HUMAN, payloads.OTHER})
_VERBS = frozenset({"e", "f", "k", "r", "t", "v", TAP_VERB, *_BARE})
_PAYLOAD = re.compile(r"([a-z]{1,3}):\S*\Z", re.ASCII)
_MENTION = re.compile(r"\[@(\w{1,64})\]", re.ASCII)
_ID = re.compile(r"[\w.:@-]{1,64}\Z", re.ASCII)
_PLAIN_KEY = re.compile(r"[!-~]{1,150}\Z")
_GROUP = "user_send_group_"
_SENT = "user_send_"
_OURS = "oa_send_"
_FETCHED = {"image": "image/jpeg", "file": ""}  # kinds whose content may be wanted → media type
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
}
_OLDEST, _AHEAD = timedelta(days=30), timedelta(minutes=5)  # of a timestamp that is believed


class What(StrEnum):
    """What an event is to us."""

    WROTE = "wrote"  # a message or tap of a person, or something else that they did towards us
    GROUP = "group"  # a message in a group: it calls us, or may answer what we have asked its writer
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    HUMAN = "human"  # somebody of the office wrote to a person in the account's own tool
    NOTHING = "nothing"  # none of our business


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event. `user`: whom it is about, "" for none. `incoming`: what handlers are told, if anything."""

    what: What
    key: str = ""
    user: str = ""
    at: datetime
    incoming: Incoming | None = None


class _Party(Loose):
    id: Text = ""
    admin_id: Text = ""
    group_id: Text = ""


class _Attachment(Loose):
    type: Text = ""
    payload: Any = None


class _Message(Loose):
    text: Text = ""
    msg_id: Text = ""
    group_id: Text = ""
    attachments: list[_Attachment] | None = None


class _Raw(Loose):
    event_name: str
    timestamp: Text = ""
    oa_id: Text = ""
    group_id: Text = ""
    sender: _Party | None = None
    recipient: _Party | None = None
    follower: _Party | None = None
    message: _Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event with what is missing filled in."""

    name: str
    at: datetime
    stamp: str
    oa_id: str
    group_id: str
    sender: _Party
    recipient: _Party
    follower: _Party
    message: _Message


def read_event(raw: Mapping[str, Any], *, oa_id: str, received: datetime) -> Happening:
    """Read an event; NOTHING for those of other accounts, of kinds that we don't know, and for our own
    messages coming back. Raises Unreadable.

    `received`: stands in for a timestamp that can't be.
    """
    try:
        event = _filled(_Raw.model_validate(raw), received)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
    except (ValueError, RecursionError, OverflowError) as error:
        where = type(error).__name__
    else:
        return _happening(event, oa_id)
    raise Unreadable(where[:100])


def payload_on_wire(payload: str) -> str:
    """A choice's payload as a button sends it: one that is a mere letter could be typed by anybody."""
    return f"{payload}:" if payload in _BARE else payload


def _filled(raw: _Raw, received: datetime) -> _Event:
    return _Event(
        name=raw.event_name,
        at=_moment(raw.timestamp, received),
        stamp=raw.timestamp,
        oa_id=raw.oa_id,
        group_id=raw.group_id,
        sender=raw.sender or _Party(),
        recipient=raw.recipient or _Party(),
        follower=raw.follower or _Party(),
        message=raw.message or _Message(),
    )


def _happening(event: _Event, oa_id: str) -> Happening:
    if event.name in ("follow", "unfollow"):
        return _following(event, oa_id)
    if event.name.startswith(_GROUP):
        return _in_group(event, oa_id)
    if event.name.startswith(_SENT) and event.recipient.id == oa_id:
        return _from_person(event, oa_id)
    if event.name == "user_submit_info" and event.recipient.id == oa_id:
        user = _id(event.sender.id, "sender.id")
        return Happening(what=What.WROTE, key=_key(event, user), user=user, at=event.at)
    if event.name.startswith(_OURS) and event.sender.id == oa_id and event.sender.admin_id:
        return _by_hand(event)
    return Happening(what=What.NOTHING, at=event.at)


def _following(event: _Event, oa_id: str) -> Happening:
    if event.oa_id != oa_id:
        return Happening(what=What.NOTHING, at=event.at)
    user = _id(event.follower.id, "follower.id")
    follows = event.name == "follow"
    key = _short(f"{event.name}:{user}:{event.stamp}")
    incoming = Incoming(
        channel=ZALO_OA,
        account=oa_id,
        key=key,
        chat=user,
        sender=user,
        at=event.at,
        event=Event.UNBLOCKED if follows else Event.BLOCKED,
    )
    what = What.FOLLOWED if follows else What.UNFOLLOWED
    return Happening(what=what, key=key, user=user, at=event.at, incoming=incoming)


def _by_hand(event: _Event) -> Happening:
    """Groups have no one to be handed over: whoever writes there is one of the staff."""
    if event.name.startswith(f"{_OURS}group_"):
        return Happening(what=What.NOTHING, at=event.at)
    user = _id(event.recipient.id, "recipient.id")
    return Happening(what=What.HUMAN, key=_key(event, user), user=user, at=event.at)


def _from_person(event: _Event, oa_id: str) -> Happening:
    user = _id(event.sender.id, "sender.id")
    key = _key(event, user)
    said = clean(event.message.text)
    payload = _payload(said)
    incoming = Incoming(
        channel=ZALO_OA,
        account=oa_id,
        key=key,
        chat=user,
        sender=user,
        at=event.at,
        text="" if payload else said or _link(event.message.attachments or ()),
        payload=payload,
        file=_file(event.message.attachments or ()),
    )
    return Happening(what=What.WROTE, key=key, user=user, at=event.at, incoming=incoming)


def _in_group(event: _Event, oa_id: str) -> Happening:
    nothing = Happening(what=What.NOTHING, at=event.at)
    group = _group_of(event, oa_id)
    if not group:
        return nothing
    said = clean(event.message.text)
    text = _MENTION.sub(" ", said).strip()
    mentioned = _MENTION.findall(said)
    file = _file(event.message.attachments or ())
    calls = oa_id in mentioned or text.startswith("/") or bool(payload_of(text))
    if not calls and (mentioned or not (text or file) or not _ID.match(event.sender.id)):
        return nothing
    user = _id(event.sender.id, "sender.id")
    incoming = Incoming(
        channel=ZALO_OA,
        account=oa_id,
        key=_key(event, user),
        chat=_id(group, "group_id"),
        sender=user,
        at=event.at,
        text=text,
        group=True,
        addressed=calls,
        file=file,
    )
    return Happening(what=What.GROUP, key=incoming.key, user=user, at=event.at, incoming=incoming)


def _group_of(event: _Event, oa_id: str) -> str:
    """The group that an event is of, "" when it isn't one of ours. Where Zalo puts its id isn't published."""
    group = event.recipient.group_id or event.message.group_id or event.group_id
    to = event.recipient.id
    if event.oa_id not in ("", oa_id) or (group and to not in ("", oa_id, group)):
        return ""  # another account's of the same app
    return group or (to if to != oa_id else "")


def _payload(text: str) -> str:
    """The payload that a text is, as our buttons send it; "" for words."""
    match = _PAYLOAD.match(text)
    if match is None or match[1] not in _VERBS or len(text.encode()) > PAYLOAD_BYTES:
        return ""
    return match[1] if match[1] in _BARE and text == f"{match[1]}:" else text


def _link(attachments: Sequence[_Attachment]) -> str:
    """The address that somebody shared."""
    for attachment in attachments:
        if attachment.type == "link" and isinstance(attachment.payload, Mapping):
            return clean(str(attachment.payload.get("url") or ""))[:2000]
    return ""


def _file(attachments: Sequence[_Attachment]) -> SentFile | None:
    """The first picture or file, named by its address."""
    for attachment in attachments:
        given = attachment.payload
        if attachment.type not in _FETCHED or not isinstance(given, Mapping):
            continue
        url = given.get("url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > 2000:
            continue
        name = clean(str(given.get("name") or ""))[:200] or ("anh.jpg" if attachment.type == "image" else "")
        suffix = name.rpartition(".")[2].lower()
        return SentFile(
            id=clean(url),
            name=name,
            media_type=_MEDIA_TYPES.get(suffix, _FETCHED[attachment.type]),
            size=_number(given.get("size")),
        )
    return None


def _number(value: Any) -> int:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else 0


def _moment(stamp: str, received: datetime) -> datetime:
    """A timestamp in milliseconds; `received` for one that can't be (an example of Zalo's own is of 1974)."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 15):
        return received
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(stamp))
    return min(at, received) if received - _OLDEST <= at <= received + _AHEAD else received


def _key(event: _Event, user: str) -> str:
    return _short(event.message.msg_id or f"{event.name}:{user}:{event.stamp}")


def _short(key: str) -> str:
    """A key as the database takes it."""
    if _PLAIN_KEY.match(key):
        return key
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _id(value: str, where: str) -> str:
    if not _ID.match(value):
        raise Unreadable(where)
    return value
