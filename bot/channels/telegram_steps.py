"""Messages as calls of Telegram, one after another, and what to leave out when one is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode

from bot.channels.telegram_files import Files
from bot.channels.telegram_render import Draft, render, simpler
from bot.channels.telegram_updates import Address
from office.messages import File, Reply

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_DEAD_TOPIC = ("thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")


@dataclass(frozen=True, slots=True)
class Removal:
    """A message of ours to be deleted."""

    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call: a message, a file, or the deletion of a message.

    `edits`: the message to show it in place of; where that can't be, it is sent anew, unless it is `fixed`.
    """

    content: Draft | File | Removal
    address: Address
    edits: int | None = None
    fixed: bool = False


def steps_of(replies: Sequence[Reply], address: Address) -> Iterator[Step]:
    """The calls that show these replies: each one's text, in parts where it is long, then its files."""
    editable = address.tapped
    for reply in replies:
        edits = editable if reply.replaces else None
        editable = None if reply.replaces else editable  # a second one would wipe out the first
        for draft in render(reply):
            yield Step(content=draft, address=address, edits=edits)
            edits = None
            address = replace(address, question=None)  # quoted once
        for file in reply.files:
            yield Step(content=file, address=address)


def adapted(step: Step, refusal: str) -> Step | None:
    """The step without what was refused: markup, links, the topic, the message to edit (then anew), or being
    a picture (then a file). None when there is nothing to leave out."""
    if isinstance(step.content, Draft):
        draft = simpler(step.content, refusal)
        if draft is not None:
            return replace(step, content=draft)
    if step.edits is not None:
        return None if step.fixed else replace(step, edits=None)
    if any(word in refusal.lower() for word in _DEAD_TOPIC):
        return _without_topic(step)
    if isinstance(step.content, File) and step.content.picture:
        return replace(step, content=replace(step.content, picture=False))
    return None


def _without_topic(step: Step) -> Step | None:
    if step.address.topic is None:
        return None
    return replace(step, address=replace(step.address, topic=None))


async def call(bot: Bot, step: Step, chat: int, files: Files) -> Message | bool:
    """Do a step in this chat, once. Raises TelegramError, or whatever the library stumbles over in an
    answer."""
    if isinstance(step.content, Removal):
        return await bot.delete_message(chat, step.content.message)
    if isinstance(step.content, File):
        return await files.send(bot, step.content, chat=chat, topic=step.address.topic)
    draft, address = step.content, step.address
    parse_mode = ParseMode.HTML if draft.as_html else None
    if step.edits is not None:
        return await bot.edit_message_text(
            draft.text,
            chat_id=chat,
            message_id=step.edits,
            parse_mode=parse_mode,
            reply_markup=draft.keyboard,
            link_preview_options=_NO_PREVIEW,
        )
    return await bot.send_message(
        chat,
        draft.text,
        parse_mode=parse_mode,
        reply_markup=draft.keyboard,
        link_preview_options=_NO_PREVIEW,
        message_thread_id=address.topic,
        reply_parameters=_quote(address.question),
    )


def _quote(question: int | None) -> ReplyParameters | None:
    return ReplyParameters(question, allow_sending_without_reply=True) if question is not None else None
