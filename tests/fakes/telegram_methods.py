"""The methods of the fake Bot API that write, edit and look up."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from tests.fakes.http_server import HttpRequest, HttpResponse, Upload
from tests.fakes.telegram_parts import Chat, Message, Refusal, State, error, person_json
from tests.fakes.telegram_rules import (
    check_file,
    hold,
    int_of,
    is_int,
    keyboard_of,
    object_of,
    text_of,
    utf16,
)

_COMMAND = re.compile(r"(?<!\S)/\w+(?:@\w+)?")
_MENTION = re.compile(r"(?<![\w/@])@\w+")
_NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly"
    " the same as a current content and reply markup of the message"
)
_DOWNLOAD_LIMIT = 20 * 2**20
_DELETABLE = 48 * 3600  # seconds


class Methods(State):
    """What a bot may do to chats."""

    def _do_getMe(self, _: HttpRequest) -> dict[str, Any]:
        return self._bot_json() | {"can_join_groups": True, "can_read_all_group_messages": False}

    def _do_getChat(self, request: HttpRequest) -> dict[str, Any]:
        chat = self._chat(request.parameters)
        return chat.json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {}}

    def _do_sendChatAction(self, request: HttpRequest) -> bool:
        self._writable(request.parameters)
        if request.parameters.get("action") not in ("typing", "upload_document", "upload_photo"):
            raise Refusal(400, "Bad Request: wrong parameter action in request")
        return True

    def _do_sendMessage(self, request: HttpRequest) -> dict[str, Any]:
        given = request.parameters
        chat = self._writable(given)
        text, keyboard = text_of(given), keyboard_of(given)
        return self._post(chat, given, text=text, keyboard=keyboard)

    def _do_sendDocument(self, request: HttpRequest) -> dict[str, Any]:
        return self._send_file(request, "document")

    def _do_sendPhoto(self, request: HttpRequest) -> dict[str, Any]:
        return self._send_file(request, "photo")

    def _send_file(self, request: HttpRequest, name: str) -> dict[str, Any]:
        chat = self._writable(request.parameters)
        upload = self._file_of(request, name)
        keyboard = keyboard_of(request.parameters)
        caption = str(request.parameters.get("caption", ""))
        return self._post(
            chat, request.parameters, text=caption, keyboard=keyboard, file=upload, picture=name == "photo"
        )

    def _file_of(self, request: HttpRequest, name: str) -> Upload:
        """What is sent now, or what the bot or a person has sent before, by its file_id."""
        file_id = request.parameters.get(name)
        if file_id is None or name in request.files:
            return check_file(request.files.get(name), picture=name == "photo")
        if str(file_id) in self._uploads:
            kind, known = "document", self._uploads[str(file_id)]
        elif str(file_id) in self._sent_files:
            kind, known = self._sent_files[str(file_id)]
        else:
            raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        if kind != name:
            raise Refusal(400, f"Bad Request: can't use file of type {kind.title()} as {name.title()}")
        return known

    def _post(
        self,
        chat: Chat,
        given: dict[str, Any],
        *,
        text: str,
        keyboard: list[list[dict[str, Any]]],
        file: Upload | None = None,
        picture: bool = False,
    ) -> dict[str, Any]:
        topic, quoted = self._topic(chat, given), self._quoted(chat, given)
        self._limit(chat)
        message = Message(
            chat,
            next(self._ids),
            text,
            by_bot=True,
            markup=given.get("text", ""),
            parse_mode=given.get("parse_mode", ""),
            keyboard=keyboard,
            topic=topic,
            reply_to=quoted,
            file=file,
            picture=picture,
        )
        self._messages[chat.id, message.message_id] = message
        if file is not None:
            self._sent_files[_file_id(message)] = "photo" if picture else "document", file
        return self._message_json(message)

    def _do_editMessageText(self, request: HttpRequest) -> dict[str, Any]:
        given = request.parameters
        message = self._editable_text(given)
        text, keyboard = text_of(given), keyboard_of(given)
        if (text, keyboard, given.get("text")) == (message.text, message.keyboard, message.markup):
            raise Refusal(400, _NOT_MODIFIED)
        self._limit(message.chat)
        message.text, message.keyboard, message.markup = text, keyboard, given.get("text", "")
        message.parse_mode = given.get("parse_mode", "")
        message.edits += 1
        return self._message_json(message)

    def _do_editMessageReplyMarkup(self, request: HttpRequest) -> dict[str, Any]:
        message, keyboard = self._editable(request.parameters), keyboard_of(request.parameters)
        if keyboard == message.keyboard:
            raise Refusal(400, _NOT_MODIFIED)
        self._limit(message.chat)
        message.keyboard = keyboard
        message.edits += 1
        return self._message_json(message)

    def _do_deleteMessage(self, request: HttpRequest) -> bool:
        given = request.parameters
        message = self._messages.get((self._writable(given).id, int_of(given, "message_id")))
        if message is None or message.deleted:
            raise Refusal(400, "Bad Request: message to delete not found")
        if not message.by_bot and message.chat.group:
            raise Refusal(400, "Bad Request: message can't be deleted")
        if message.at < time.time() - _DELETABLE:
            raise Refusal(400, "Bad Request: message can't be deleted for everyone")
        message.deleted = True
        return True

    def _do_answerCallbackQuery(self, request: HttpRequest) -> bool:
        query = request.parameters.get("callback_query_id", "")
        if len(request.parameters.get("text", "")) > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        if query not in self._queries:
            raise Refusal(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._queries.discard(query)
        self.answered_queries.append(query)
        return True

    # --- files of people

    def _do_getFile(self, request: HttpRequest) -> dict[str, Any]:
        file_id = request.parameters.get("file_id", "")
        upload = self._uploads.get(file_id)
        if upload is None:
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(upload.content) > _DOWNLOAD_LIMIT:
            raise Refusal(400, "Bad Request: file is too big")
        path = f"documents/{file_id}.bin"
        size = len(upload.content)
        return {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": size, "file_path": path}

    def _download(self, path: str) -> HttpResponse:
        """GET /file/bot<token>/documents/<file_id>.bin"""
        bot, _, name = path.removeprefix("/file/").partition("/documents/")
        upload = self._uploads.get(name.removesuffix(".bin"))
        if bot != f"bot{self.token}":
            return error(Refusal(401, "Unauthorized"))
        if upload is None:
            return error(Refusal(404, "Not Found"))
        return HttpResponse(200, upload.content, "application/octet-stream")

    # --- rules

    def _chat(self, given: dict[str, Any]) -> Chat:
        if not given.get("chat_id"):
            raise Refusal(400, "Bad Request: chat_id is empty")
        number = int(given["chat_id"]) if is_int(given["chat_id"]) else 0
        chat = self._chats.get(number)
        if chat is None and self.any_chat and number:
            chat = self.private(number) if number > 0 else self.group(number)
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
        if chat.muted:
            raise Refusal(400, "Bad Request: not enough rights to send text messages to the chat")
        return chat

    def _editable(self, given: dict[str, Any]) -> Message:
        message = self._messages.get((self._writable(given).id, int_of(given, "message_id")))
        if message is None or message.deleted:
            raise Refusal(400, "Bad Request: message to edit not found")
        if not message.by_bot:
            raise Refusal(400, "Bad Request: message can't be edited")
        return message

    def _editable_text(self, given: dict[str, Any]) -> Message:
        message = self._editable(given)
        if message.file is not None:
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        return message

    def _topic(self, chat: Chat, given: dict[str, Any]) -> int | None:
        if "message_thread_id" not in given:
            return None
        topic = int_of(given, "message_thread_id")
        if topic not in chat.topics:
            raise Refusal(400, "Bad Request: message thread not found")
        return topic

    def _quoted(self, chat: Chat, given: dict[str, Any]) -> int | None:
        if "reply_parameters" not in given:
            return None
        parameters = object_of(given["reply_parameters"], "reply parameters")
        number = int(parameters["message_id"])
        quoted = self._messages.get((chat.id, number))
        if quoted is not None and not quoted.deleted:
            return number
        if not parameters.get("allow_sending_without_reply"):
            raise Refusal(400, "Bad Request: message to be replied not found")
        return None

    def _limit(self, chat: Chat) -> None:
        """Count a message or an edit that is in order otherwise; refuse it when it comes too fast."""
        now = time.monotonic()
        if self.limits:
            hold(chat.sent_at, now, count=1, span=1)
            if chat.group:
                hold(chat.sent_at, now, count=20, span=60)
            hold(self._sent_at, now, count=30, span=1)
        self._sent_at.append(now)
        chat.sent_at.append(now)

    # --- JSON

    def _message_json(self, message: Message, *, field_name: str = "text") -> dict[str, Any]:
        body: dict[str, Any] = {
            "message_id": message.message_id,
            "date": int(message.at),
            "chat": message.chat.json(),
            "from": self._bot_json() if message.by_bot else person_json(message.user),
        }
        if message.text:
            body["caption" if message.file else field_name] = message.text
        if not message.by_bot and (entities := list(_entities(message.text))):
            body["entities" if field_name == "text" else "caption_entities"] = entities
        if message.topic is not None:
            body |= {"message_thread_id": message.topic, "is_topic_message": True}
        if message.keyboard:
            body["reply_markup"] = {"inline_keyboard": message.keyboard}
        if message.file is not None:
            body |= _file_json(message.file, _file_id(message), picture=message.picture)
        return body


def _file_id(message: Message) -> str:
    """Of what a message of ours carries; another message with the same file has another."""
    return f"sent{message.message_id}"


def _file_json(file: Upload, file_id: str, *, picture: bool) -> dict[str, Any]:
    known: dict[str, Any] = {
        "file_id": file_id,
        "file_unique_id": f"u{file_id}",
        "file_size": len(file.content),
    }
    if picture:
        return {"photo": [known | {"width": 90, "height": 60}]}
    return {"document": known | {"file_name": file.name, "mime_type": file.media_type}}


def _entities(text: str) -> Iterator[dict[str, Any]]:
    for kind, pattern in (("bot_command", _COMMAND), ("mention", _MENTION)):
        for match in pattern.finditer(text):
            offset, length = utf16(text[: match.start()]), utf16(match[0])
            yield {"type": kind, "offset": offset, "length": length}
