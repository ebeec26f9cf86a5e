"""The methods of the fake Zalo Bot Platform that send."""

from __future__ import annotations

from typing import Any

from tests.fakes.zalo_bot_parts import Chat, Message, Refusal, State, milliseconds
from tests.fakes.zalo_bot_rules import check_styles, media_of, parse_mode_of, text_of


class Methods(State):
    """What the bot may do. Assumed, as nobody has seen the real answers: a chat that has never written, and
    one beyond the plan's users or groups, is refused with 400."""

    def _do_getMe(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": self.bot_id,
            "account_name": f"bot.{self.bot_id[-9:]}",
            "account_type": "BASIC",
            "can_join_groups": self.limits.groups > 0,
            "display_name": self.display_name,
        }

    def _do_sendMessage(self, given: dict[str, Any]) -> dict[str, Any]:
        chat, text, mode = self._writable(given), text_of(given), parse_mode_of(given)
        if not mode:  # it wins over the styles
            check_styles(given, text)
        return self._post(self._message(chat, text=text, parse_mode=mode))

    def _do_sendPhoto(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = self._writable(given)
        photo = media_of(given, "photo", local=self.local_webhooks)
        caption = text_of(given, "caption") if "caption" in given else ""
        return self._post(self._message(chat, photo=photo, caption=caption))

    def _do_sendSticker(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = self._writable(given)
        return self._post(self._message(chat, sticker=text_of(given, "sticker")))

    def _do_sendVoice(self, given: dict[str, Any]) -> dict[str, Any]:
        """Said to be sent, but a group doesn't get it."""
        chat = self._writable(given)
        voice = media_of(given, "voice_url", local=self.local_webhooks, ending=".aac")
        return self._post(self._message(chat, voice=voice), arrives=not chat.group)

    def _do_sendChatAction(self, given: dict[str, Any]) -> None:
        self._writable(given)
        if given.get("action") != "typing":
            raise Refusal(400, "Bad Request: unknown action")

    def _message(self, chat: Chat, **content: Any) -> Message:
        return Message(chat=chat, message_id=self._new_message_id(), **content)

    def _post(self, message: Message, *, arrives: bool = True) -> dict[str, Any]:
        """Count a message and put it into its chat."""
        if self.used >= self.limits.messages_per_month:
            raise Refusal(429, "Quota exceeded", status=self.quota_status)
        self.used += 1
        if arrives:
            self._messages.append(message)
        return {"message_id": message.message_id, "date": milliseconds()}

    def _writable(self, given: dict[str, Any]) -> Chat:
        chat_id = given.get("chat_id")
        if not isinstance(chat_id, str) or not chat_id:
            raise Refusal(400, "Bad Request: chat_id is empty")
        chat = self._chats.get(chat_id)
        if self.any_chat:
            chat = chat or self._new_chat("PRIVATE", f"Người {chat_id}", chat_id)
            self._admit(chat)
        if chat is None or not chat.known:
            raise Refusal(400, "Bad Request: chat not found")
        return chat
