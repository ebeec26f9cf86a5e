"""The people of the fake Bot API: they write, tap, send files, and add, mute, kick and block the bot."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.http_server import Upload
from tests.fakes.telegram_methods import Methods
from tests.fakes.telegram_parts import Chat, Message, person_json

_RIGHTS = (
    *("send_messages", "send_audios", "send_documents", "send_photos", "send_videos", "send_video_notes"),
    *("send_voice_notes", "send_polls", "send_other_messages", "add_web_page_previews", "change_info"),
    *("invite_users", "pin_messages", "manage_topics", "edit_tag", "react_to_messages"),
)


class People(Methods):
    """What happens in chats without us. For the test's thread; each returns the update's id."""

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
        """A person writes. `more` goes into the message as it is."""
        with self._changed:
            author = user or (chat.id if not chat.group else 7001)
            message = Message(chat, next(self._ids), text, by_bot=False, user=author, topic=topic)
            self._messages[chat.id, message.message_id] = message
            body = self._message_json(message, field_name="caption" if caption else "text") | more
            if caption and "document" not in more:
                body["photo"] = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
            if reply_to is not None:
                body["reply_to_message"] = self._message_json(reply_to)
            return self.push("message", body)

    def upload(
        self,
        chat: Chat,
        name: str,
        content: bytes,
        *,
        caption: str = "",
        media_type: str = "application/octet-stream",
        **more: Any,
    ) -> int:
        """A person sends a document, which getFile knows from now on."""
        with self._changed:
            file_id = f"file{next(self._ids)}"
            self._uploads[file_id] = Upload(name, content, media_type)
            document: dict[str, Any] = {
                "file_id": file_id,
                "file_unique_id": f"u{file_id}",
                "file_name": name,
            }
            document |= {"mime_type": media_type, "file_size": len(content)}
            return self.say(chat, caption, caption=True, document=document, **more)

    def tap(self, message: Message, label: str, *, user: int | None = None, stale: bool = False) -> int:
        """Someone taps the one button whose label contains `label`."""
        [button] = [b for row in message.keyboard for b in row if label in b["text"]]
        assert "callback_data" in button, "a link sends nothing"
        with self._changed:
            query = f"query-{next(self._ids)}"
            if not stale:
                self._queries.add(query)
            author = user or (message.user or 7001 if message.chat.group else message.chat.id)
            body = {
                "id": query,
                "from": person_json(author),
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

    # --- what becomes of our membership

    def add_to(self, group: Chat, *, by: int = 7001) -> int:
        """Somebody puts the bot into a group."""
        group.blocked, group.muted = "", False
        return self._became(group, by, "left", "member")

    def kick(self, group: Chat, *, by: int = 7001) -> int:
        """Somebody throws the bot out."""
        group.blocked = f"Forbidden: bot was kicked from the {group.type} chat"
        return self._became(group, by, "member", "kicked")

    def mute(self, group: Chat, *, by: int = 7001) -> int:
        """Somebody takes from the bot the right to write."""
        group.muted = True
        return self._became(group, by, "member", "restricted")

    def block(self, chat: Chat) -> int:
        """A person blocks the bot."""
        chat.blocked = "Forbidden: bot was blocked by the user"
        return self._became(chat, chat.id, "member", "kicked")

    def unblock(self, chat: Chat) -> int:
        """And takes it back."""
        chat.blocked = ""
        return self._became(chat, chat.id, "kicked", "member")

    def migrate(self, chat: Chat, new_id: int, *, told: bool = True) -> Chat:
        """The group becomes a supergroup; the old id is dead. `told`: with the two messages that say so."""
        chat.migrated_to = new_id
        new = self.group(new_id, title=chat.title)
        if told:
            self._service(chat, migrate_to_chat_id=new_id)
            self._service(new, migrate_from_chat_id=chat.id)
        return new

    def _service(self, chat: Chat, **what: int) -> int:
        body = {"message_id": next(self._ids), "date": int(time.time()), "chat": chat.json()}
        return self.push("message", body | {"from": person_json(7001)} | what)

    def _became(self, chat: Chat, by: int, before: str, after: str) -> int:
        body = {
            "chat": chat.json(),
            "from": person_json(by),
            "date": int(time.time()),
            "old_chat_member": self._member(before),
            "new_chat_member": self._member(after),
        }
        return self.push("my_chat_member", body)

    def _member(self, status: str) -> dict[str, Any]:
        member: dict[str, Any] = {"user": self._bot_json(), "status": status}
        if status in ("kicked", "restricted"):
            member["until_date"] = 0
        if status == "restricted":
            member |= {f"can_{right}": False for right in _RIGHTS} | {"is_member": True}
        return member
