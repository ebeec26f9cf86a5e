"""The people of the fake Official Account: they follow, write, tap and send files; so does the office."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fakes.zalo_oa_methods import Methods
from tests.fakes.zalo_oa_parts import Group, Message, User, milliseconds
from tests.fakes.zalo_oa_rules import QUERIES
from tests.fakes.zalo_oa_webhook import Webhook

_SAMPLES: dict[str, dict[str, Any]] = {
    "location": {"coordinates": {"latitude": "10.7764745", "longitude": "106.7007761"}},  # strings
    "sticker": {"id": "46956", "url": "https://example.com/sticker"},
    "image": {"url": "https://example.com/a.jpg", "thumbnail": "https://example.com/a-small.jpg"},
    "file": {"url": "https://example.com/don.pdf", "name": "don.pdf", "size": "1024", "type": "pdf"},
}


class People(Methods, Webhook):
    """What happens without us. For the test's thread; what a message brings returns its msg_id.

    The shape of a group's events is an assumption. Only their names (user_send_group_*) are known, so the
    sender is the person, the recipient the account, and `group_key` says where the group's id is:
    "message.group_id", "recipient.group_id", "both" of them, or "recipient.id", where public integrations
    look for it, in place of the account's.
    """

    def follow(self, user: User, *, at: datetime | None = None, source: str = "") -> None:
        """Somebody follows the account."""
        with self._changed:
            user.follows = True
            moment = at or self.now()
            if self.switches.follow_opens:
                self._interacted(user, moment)
            self._emit(self._follow_event("follow", user, moment) | ({"source": source} if source else {}))

    def unfollow(self, user: User, *, at: datetime | None = None) -> None:
        """And no longer does."""
        with self._changed:
            user.follows = False
            self._emit(self._follow_event("unfollow", user, at or self.now()))

    def block(self, user: User) -> None:
        """Somebody wants nothing from us; no event tells of it."""
        user.blocked = True

    def unblock(self, user: User) -> None:
        user.blocked = False

    def say(
        self,
        chat: User | Group,
        text: str,
        *,
        at: datetime | None = None,
        msg_id: str | None = None,
        quote: str | Message | None = None,
        user: User | None = None,
    ) -> str:
        """A person writes, in a group as `user`."""
        return self._write(chat, user, "text", {"text": text}, at, msg_id, quote)

    def tap(self, user: User, message: Message, label: str) -> str:
        """Somebody taps the one button whose title contains `label`: its payload comes as their text."""
        [button] = [button for button in message.buttons if label in button["title"]]
        assert button["type"] in QUERIES, "such a button sends nothing"
        return self.say(user, button["payload"])

    def send(
        self,
        chat: User | Group,
        kind: str,
        payload: dict[str, Any] | None = None,
        *,
        text: str = "",
        at: datetime | None = None,
        msg_id: str | None = None,
        user: User | None = None,
    ) -> str:
        """A person sends an image, file, sticker, location, link, audio, video, gif or business_card."""
        shown = _SAMPLES.get(kind, {"url": "https://example.com/"}) if payload is None else payload
        content: dict[str, Any] = {"attachments": [{"type": kind, "payload": shown}]}
        if text:
            content["text"] = text
        return self._write(chat, user, kind, content, at, msg_id, None)

    def human_says(
        self, chat: User | Group, text: str, *, admin_id: str = "1111111111", at: datetime | None = None
    ) -> str:
        """A person of the office writes in the account's own chat tool."""
        with self._changed:
            message_id = self._message_id()
            self._emit(self._echo_event(chat, "text", message_id, {"text": text}, at, admin_id))
            return message_id

    def sees(self, user: User, message: Message, *, kind: str = "user_seen_message") -> None:
        """Somebody has received or seen a message of ours."""
        event = self._message_event(kind, user, self.now(), {"msg_ids": [message.message_id]})
        self._emit(event)

    def expire_group(self, group: Group) -> None:
        """The group's time is over."""
        group.expired = True

    def remove_from(self, group: Group) -> None:
        """The account is no longer in the group."""
        group.removed = True

    # --- inside: events

    def _write(
        self,
        chat: User | Group,
        user: User | None,
        kind: str,
        content: dict[str, Any],
        at: datetime | None,
        msg_id: str | None,
        quote: str | Message | None,
    ) -> str:
        with self._changed:
            author = chat if isinstance(chat, User) else user
            assert author is not None, "a group's message needs user="
            moment = at or self.now()
            message = content | {"msg_id": msg_id or self._message_id()}
            if quote is not None:
                message["quote_msg_id"] = quote.message_id if isinstance(quote, Message) else quote
            group = chat if isinstance(chat, Group) else None
            name = f"user_send_group_{kind}" if group else f"user_send_{kind}"
            event = self._message_event(name, author, moment, message)
            if group is None:
                self._interacted(author, moment)
            else:
                self._put_group(event, group)
            self._emit(event)
            return str(message["msg_id"])

    def _interacted(self, user: User, at: datetime) -> None:
        user.wrote_at = max(user.wrote_at or at, at)

    def _message_event(self, name: str, user: User, at: datetime, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "app_id": self.app_id,
            "sender": {"id": user.id},
            "user_id_by_app": user.id_by_app,
            "recipient": {"id": self.oa_id},
            "event_name": name,
            "message": message,
            "timestamp": milliseconds(at),
        }

    def _follow_event(self, name: str, user: User, at: datetime) -> dict[str, Any]:
        return {
            "oa_id": self.oa_id,
            "follower": {"id": user.id},
            "user_id_by_app": user.id_by_app,
            "event_name": name,
            "app_id": self.app_id,
            "timestamp": milliseconds(at),
        }

    def _put_group(self, event: dict[str, Any], group: Group) -> None:
        key = self.switches.group_key
        if key == "recipient.id":
            event["recipient"]["id"] = group.id
        if key in ("message.group_id", "both"):
            event["message"]["group_id"] = group.id
        if key in ("recipient.group_id", "both"):
            event["recipient"]["group_id"] = group.id

    def _echo(self, message: Message) -> None:
        content: dict[str, Any] = {"text": message.text} if message.text else {}
        kind = "text"
        if message.attachment is not None and not message.buttons:
            payload = message.attachment["payload"]
            kind = {"media": "image", "list": "list"}.get(payload.get("template_type"), "file")
            content["attachments"] = [{"type": kind, "payload": payload}]
        self._emit(self._echo_event(message.chat, kind, message.message_id, content, message.at))

    def _echo_event(
        self,
        chat: User | Group,
        kind: str,
        message_id: str,
        content: dict[str, Any],
        at: datetime | None,
        admin_id: str = "",
    ) -> dict[str, Any]:
        group = isinstance(chat, Group)
        event: dict[str, Any] = {
            "app_id": self.app_id,
            "sender": {"id": self.oa_id} | ({"admin_id": admin_id} if admin_id else {}),
            "recipient": {"id": chat.id},
            "event_name": f"oa_send_group_{kind}" if group else f"oa_send_{kind}",
            "message": content | {"msg_id": message_id},
            "timestamp": milliseconds(at or self.now()),
        }
        if isinstance(chat, User):
            event["user_id_by_app"] = chat.id_by_app
        else:
            self._put_group(event, chat)
        return event
