"""The people of the fake Zalo Bot Platform, who write to the bot."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, TypedDict, Unpack

from tests.fakes.zalo_bot_methods import Methods
from tests.fakes.zalo_bot_parts import Chat, Event, Message, Update

_PHOTO = "https://photo-stal-1.zdn.vn/a1/0123456789abcdef.jpg"
_VOICE = "https://f2-voice-aac-dl.zdn.vn/a1/0123456789abcdef.aac"
_STICKER = "https://zalo-api.zadn.vn/api/emoticon/sticker/webpc?eid=0123"


class Options(TypedDict, total=False):
    """How somebody writes.

    `user`: who it is, in a group (else somebody new). `mention`, `reply_to` (a message of the bot's): without
    one of them the bot hears nothing of a group. `at`: aware, the date it carries. `message_id`: of its own
    choice, to send the same twice. `event`: another event's name. `duplicate`: how often it comes once more.
    `late`: seconds until it goes on its way, so that others overtake it.
    """

    user: Chat | None
    mention: bool
    reply_to: Message | None
    at: datetime | None
    message_id: str
    event: str
    duplicate: int
    late: float


class People(Methods):
    """What happens in chats without us. For the test's thread; each returns the message's id."""

    mention_in_text = True  # whether a mention stands in the text, «@Bot Xin Luôn lệ phí?»
    photo_key = "photo_url"

    def person(self, name: str = "Nguyễn Văn An") -> Chat:
        """Somebody new, who hasn't written yet, so that the bot can't write to them either."""
        with self._changed:
            return self._new_chat("PRIVATE", name)

    def group(self, name: str = "Phòng QLTM") -> Chat:
        """A new group with the bot in it, which hears of it when somebody mentions it there."""
        with self._changed:
            return self._new_chat("GROUP", name)

    def say(self, chat: Chat, text: str, **options: Unpack[Options]) -> str:
        """A person writes a text."""
        return self._write(
            chat, "message.text.received", {"text": self._with_mention(text, options)}, options
        )

    def send_photo(self, chat: Chat, url: str = _PHOTO, caption: str = "", **options: Unpack[Options]) -> str:
        """In a group the picture itself must carry the mention."""
        content = {self.photo_key: url, "message_type": "CHAT_PHOTO"}
        if caption := self._with_mention(caption, options):
            content["caption"] = caption
        return self._write(chat, "message.image.received", content, options)

    def send_sticker(self, chat: Chat, sticker: str = "0123", **options: Unpack[Options]) -> str:
        content = {"sticker": sticker, "url": _STICKER}
        return self._write(chat, "message.sticker.received", content, options)

    def send_voice(self, chat: Chat, url: str = _VOICE, **options: Unpack[Options]) -> str:
        content = {"voice_url": url, "message_type": "CHAT_VOICE"}
        return self._write(chat, "message.voice.received", content, options)

    def send_unsupported(self, chat: Chat, **options: Unpack[Options]) -> str:
        """Something whose content the bot isn't told."""
        return self._write(chat, "message.unsupported.received", {}, options)

    def _with_mention(self, text: str, options: Options) -> str:
        mention = f"@{self.display_name}"
        if self.mention_in_text and options.get("mention") and mention not in text:
            return f"{mention} {text}".strip()
        return text

    def _write(self, chat: Chat, name: str, content: dict[str, Any], options: Options) -> str:
        with self._changed:
            message_id = options.get("message_id") or self._new_message_id()
            author = chat
            if chat.group:
                author = options.get("user") or self._new_chat("PRIVATE", "Người trong nhóm")
                if not options.get("mention") and options.get("reply_to") is None:
                    return message_id  # not the bot's business
            if not self._admit(chat):
                return message_id  # one user or group more than the plan has
            at = options.get("at")
            body = {
                "date": int((at.timestamp() if at else time.time()) * 1000),
                "chat": {"chat_type": chat.kind, "id": chat.id},
                "message_id": message_id,
                "from": {"id": author.id, "is_bot": False, "display_name": author.name},
            }
            event = {"event_name": options.get("event") or name, "message": body | content}
            for _ in range(1 + options.get("duplicate", 0)):
                self.push(event, late=options.get("late", 0.0))
            return message_id

    def push(self, event: Event, *, late: float = 0.0) -> None:
        """Any event, also one that makes no sense."""
        update = Update(event)
        if late:
            self._server.loop.call_soon_threadsafe(self._server.loop.call_later, late, self._add, update)
        else:
            self._add(update)

    def _add(self, update: Update) -> None:
        with self._changed:
            self._updates.append(update)
            self._notify()
