"""What came in from Telegram: one raw update becomes at most one Incoming, and where its answer goes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telegram import CallbackQuery, Message, MessageEntity, Update
from telegram.constants import ChatType

from bot.channels.clean_text import clean
from bot.channels.telegram_events import (
    GROUPS,
    NAME,
    full_name,
    membership,
    migration,
    title_of,
    units,
)
from office.messages import Incoming, SentFile

_MEDIA = (
    *("photo", "document", "voice", "video", "video_note", "audio", "sticker", "animation"),
    *("location", "contact", "venue", "poll", "dice", "story"),
)


class Unreadable(Exception):
    """An update that can't be parsed; `error` is the class of what went wrong, never its content."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Ourselves:
    """The bot, as Telegram knows it."""

    id: int
    username: str

    def named(self, name: str) -> bool:
        return name.casefold() == self.username.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an answer goes."""

    chat: int
    topic: int | None = None
    question: int | None = None  # the message to quote, in groups
    tapped: int | None = None  # the message of ours whose button was tapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One update. `incoming` is None where there is nothing for the desk; `query` is a tap to be answered."""

    update_id: int
    address: Address
    incoming: Incoming | None = None
    query: str | None = None


def read_update(raw: dict[str, Any], ourselves: Ourselves, *, now: datetime) -> Arrival:
    """Parse one raw update. Raises Unreadable."""
    try:
        return _arrival(Update.de_json(raw), ourselves, now)
    except Exception as error:  # whatever the library stumbles over
        failure = type(error).__name__
    raise Unreadable(failure)


def _arrival(update: Update, ourselves: Ourselves, now: datetime) -> Arrival:
    if update.callback_query is not None:
        return _tap(update.update_id, update.callback_query, ourselves, now)
    if update.message is not None:
        return _message(update.update_id, update.message, ourselves)
    if update.my_chat_member is not None:
        event = membership(update.update_id, update.my_chat_member, account=str(ourselves.id))
        chat_id = update.my_chat_member.chat.id
        return Arrival(update_id=update.update_id, address=Address(chat=chat_id), incoming=event)
    chat = update.effective_chat
    return Arrival(update_id=update.update_id, address=Address(chat=chat.id if chat else 0))


def _tap(update_id: int, query: CallbackQuery, ourselves: Ourselves, now: datetime) -> Arrival:
    message = query.message
    if message is None or not query.data or query.from_user.is_bot:
        return Arrival(update_id=update_id, address=Address(chat=query.from_user.id), query=query.id)
    group = message.chat.type in GROUPS
    topic = _topic(message) if isinstance(message, Message) else None
    incoming = Incoming(
        channel=NAME,
        account=str(ourselves.id),
        key=f"update:{update_id}",
        chat=str(message.chat.id),
        sender=str(query.from_user.id),
        at=now,  # a tap has no date of its own; that of the message may be weeks old
        payload=query.data,
        group=group,
        title=title_of(message.chat),
        sender_name=full_name(query.from_user),
        topic=_topic_word(topic),
    )
    address = Address(
        chat=message.chat.id,
        topic=topic,
        question=message.message_id if group else None,
        tapped=message.message_id,
    )
    return Arrival(update_id=update_id, address=address, incoming=incoming, query=query.id)


def _message(update_id: int, message: Message, ourselves: Ourselves) -> Arrival:
    moved = migration(update_id, message, account=str(ourselves.id))
    if moved is not None:
        # Both messages of a move are served in one turn, that of the new chat.
        return Arrival(update_id=update_id, address=Address(chat=int(moved.moved_to)), incoming=moved)
    group = message.chat.type in GROUPS
    topic = _topic(message)
    address = Address(chat=message.chat.id, topic=topic, question=message.message_id if group else None)
    nothing = Arrival(update_id=update_id, address=address)
    if not _from_person(message):
        return nothing
    text, called = _heard(message, ourselves)
    file = _file(message)
    if group and not (called or ((text or file) and _replies_to(message, ourselves))):
        return nothing
    if not (text or called or _lone_media(message)):
        return nothing
    incoming = Incoming(
        channel=NAME,
        account=str(ourselves.id),
        key=f"update:{update_id}",
        chat=str(message.chat.id),
        sender=str(message.from_user.id) if message.from_user else "",
        at=message.date.astimezone(UTC),
        text=text,
        group=group,
        title=title_of(message.chat),
        sender_name=full_name(message.from_user),
        topic=_topic_word(topic),
        file=file,
        forwarded=message.forward_origin is not None,
    )
    return Arrival(update_id=update_id, address=address, incoming=incoming)


def _file(message: Message) -> SentFile | None:
    """The document, or the largest size of the photo."""
    document = message.document
    if document is not None:
        return SentFile(
            id=document.file_id,
            name=clean(document.file_name or ""),
            media_type=document.mime_type or "",
            size=document.file_size or 0,
        )
    if message.photo:
        photo = max(message.photo, key=lambda size: size.width * size.height)
        # Telegram turns every photo into a JPEG without a name.
        return SentFile(id=photo.file_id, name="anh.jpg", media_type="image/jpeg", size=photo.file_size or 0)
    return None


def _from_person(message: Message) -> bool:
    """Not a bot, a channel nor an anonymous administrator, who write as a chat."""
    sender = message.from_user
    return (
        sender is not None
        and not sender.is_bot
        and message.sender_chat is None
        and message.chat.type in (ChatType.PRIVATE, *GROUPS)
    )


def _lone_media(message: Message) -> bool:
    """Media that deserves a word back: an album comes as many messages, so none of it."""
    return message.media_group_id is None and any(getattr(message, name) for name in _MEDIA)


def _topic(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


def _topic_word(topic: int | None) -> str:
    return str(topic) if topic is not None else ""


def _replies_to(message: Message, ourselves: Ourselves) -> bool:
    other = message.reply_to_message
    if other is None or other.from_user is None or other.forum_topic_created is not None:
        return False  # everything in a topic "replies" to the message that made the topic
    return other.from_user.id == ourselves.id and not _for_another_bot(message, ourselves)


def _heard(message: Message, ourselves: Ourselves) -> tuple[str, bool]:
    """The text without our name, and whether it calls us: by a command or by name."""
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities
    mentions = [e for e in entities if _names_us(text, e, ourselves)]
    heard = clean(_without(text, mentions) if mentions else text)
    command = _command(text, entities)
    if command is None:
        return heard, bool(mentions)
    name, _, target = command.partition("@")
    if target and not ourselves.named(target):
        return heard, bool(mentions)
    if name.lower() == "/start":
        return "/start", True  # what a deep link adds is no question
    return name + heard.removeprefix(command), True


def _for_another_bot(message: Message, ourselves: Ourselves) -> bool:
    command = _command(message.text or message.caption or "", message.entities or message.caption_entities)
    target = (command or "").partition("@")[2]
    return bool(target) and not ourselves.named(target)


def _command(text: str, entities: Iterable[MessageEntity]) -> str | None:
    for entity in entities:
        if entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
            return _piece(text, entity)
    return None


def _names_us(text: str, entity: MessageEntity, ourselves: Ourselves) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == ourselves.id
    return entity.type == MessageEntity.MENTION and ourselves.named(_piece(text, entity).removeprefix("@"))


def _piece(text: str, entity: MessageEntity) -> str:
    piece = units(text)[2 * entity.offset : 2 * (entity.offset + entity.length)]
    return piece.decode("utf-16-le", "replace")


def _without(text: str, entities: Iterable[MessageEntity]) -> str:
    left = units(text)
    for entity in sorted(entities, key=lambda e: -e.offset):
        left = left[: 2 * entity.offset] + left[2 * (entity.offset + entity.length) :]
    rest = left.decode("utf-16-le", "replace")
    return re.sub(r" {2,}", " ", rest).strip().lstrip(",:; ")
