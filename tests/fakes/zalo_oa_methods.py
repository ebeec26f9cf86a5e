"""What the fake Official Account's API does: messages to people and groups, templates, profiles, uploads."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from tests.fakes.http_server import HttpRequest, HttpResponse, Upload
from tests.fakes.zalo_oa_oauth import OAuth
from tests.fakes.zalo_oa_parts import Group, Message, Refusal, User, error, milliseconds, ok
from tests.fakes.zalo_oa_rules import bad, billed, checked_buttons, checked_elements, checked_text, part

UPLOAD_LASTS = timedelta(days=7)
LARGEST_IMAGE, LARGEST_FILE = 1024 * 1024, 5 * 1024 * 1024
_MINUTE = timedelta(minutes=1)
_STARTS = {"image": (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"), "gif": (b"GIF87a", b"GIF89a")}
_FILES = (".pdf", ".doc", ".docx", ".csv")
_LAST_OFFSET, _MOST_USERS = 9951, 50

_Method = Callable[[HttpRequest], Any]


class Methods(OAuth):
    """Each method returns what goes into `data`, or raises Refusal."""

    def _methods(self) -> dict[tuple[str, str], _Method]:
        return {
            ("POST", "/v3.0/oa/message/cs"): self._cs,
            ("POST", "/v2.0/oa/message"): self._message_v2,
            ("POST", "/v3.0/oa/message/template"): self._template,
            ("POST", "/v3.0/oa/message/transaction"): self._discontinued,
            ("POST", "/v3.0/oa/message/promotion"): self._discontinued,
            ("POST", "/v3.0/oa/group/message"): self._group_message,
            ("GET", "/v3.0/oa/group/getgroupsofoa"): self._groups_of_oa,
            ("GET", "/v2.0/oa/getoa"): self._getoa,
            ("GET", "/v3.0/oa/user/detail"): self._detail,
            ("GET", "/v3.0/oa/user/getlist"): self._getlist,
            ("POST", "/v2.0/oa/upload/image"): self._upload,
            ("POST", "/v2.0/oa/upload/gif"): self._upload,
            ("POST", "/v2.0/oa/upload/file"): self._upload,
        }

    def _api(self, request: HttpRequest) -> HttpResponse:
        """A call of the API, answered."""
        function = self._methods().get((request.method, request.path))
        if function is None:
            return HttpResponse(404, b'{"error":404,"message":"Empty api"}')
        headers: dict[str, str] = {}
        with self._changed:
            try:
                self._check_access(request)
                headers = self._counted()
                return ok(function(request), headers)
            except Refusal as refusal:
                return error(refusal, headers | (self._limits() if refusal.error == -32 else {}))

    # --- how often

    def _counted(self) -> dict[str, str]:
        """Count a call against the minute's. Its headers."""
        if self.per_minute is None:
            return {}
        now = self.now()
        while self._asked_at and now - self._asked_at[0] >= _MINUTE:
            self._asked_at.popleft()
        if len(self._asked_at) >= self.per_minute:
            self.rate_refusals += 1
            raise Refusal(-32, "Rate limit exceeded")
        self._asked_at.append(now)
        return self._limits()

    def _limits(self) -> dict[str, str]:
        limit = self.per_minute or 0
        return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remain": str(limit - len(self._asked_at))}

    # --- messages to people

    def _cs(self, request: HttpRequest) -> dict[str, Any]:
        if self.switches.state_agency:
            raise Refusal(-235, "This API does not support this type of OA")
        return self._to_person(request, "v3")

    def _message_v2(self, request: HttpRequest) -> dict[str, Any]:
        if not self.switches.state_agency:
            raise Refusal(-240, "MessageV2 API has been shut down")
        return self._to_person(request, "v2")

    def _discontinued(self, _: HttpRequest) -> None:
        raise Refusal(-212, "This API has been discontinued")  # the number isn't published

    def _to_person(self, request: HttpRequest, version: str) -> dict[str, Any]:
        given = body_of(request)
        user = self._user(part(given, "recipient").get("user_id"))
        content = self._content(part(given, "message"), buttons=self.switches.buttons)
        costs = billed(user, self.now(), self.switches.window_error)
        message = self._sent_message(user, version, billed=costs, **content)
        data: dict[str, Any] = {
            "message_id": message.message_id,
            "user_id": user.id,
            "sent_time": milliseconds(message.at),
        }
        if self.switches.quota and not costs:
            data |= {"quota": {"quota_type": "reply"}}
        return data

    def _template(self, request: HttpRequest) -> dict[str, Any]:
        given = body_of(request)
        user = self._user(given.get("user_id"))
        needed = self._templates.get(str(given.get("template_id", "")))
        filled = given.get("template_data")
        if not self.switches.zca:
            raise Refusal(-320, "Zalo Cloud Account is not linked")
        if needed is None:
            raise bad("template_id is invalid")
        if not isinstance(filled, dict) or not all(str(filled.get(name, "")).strip() for name in needed):
            raise bad("template_data is invalid")
        if user.blocked:
            raise Refusal(-227, "User is banned or has been inactive for more than 45 days")
        what = {"template_id": given["template_id"], "template_data": filled}
        message = self._sent_message(user, "template", text="", billed=True, template=what)
        return {"message_id": message.message_id, "user_id": user.id, "sent_time": milliseconds(message.at)}

    def _user(self, user_id: Any) -> User:
        if not isinstance(user_id, str) or not user_id.isdigit():
            raise bad("user_id is invalid")
        if user_id not in self._users and self.any_chat:
            self._users[user_id] = User(user_id, f"Người {user_id}", user_id, wrote_at=self.now())
        if user_id not in self._users:
            raise bad("user_id is invalid")
        return self._users[user_id]

    # --- messages to groups

    def _group_message(self, request: HttpRequest) -> dict[str, Any]:
        given = body_of(request)
        group_id = part(given, "recipient").get("group_id")
        group = self._groups.get(group_id) if isinstance(group_id, str) else None
        content = self._content(part(given, "message"), buttons=False)
        if group is None or group.removed:
            raise Refusal(-403, "OA is not in this group")
        if group.expired:
            raise Refusal(-237, "Group has expired")
        message = self._sent_message(group, "group", **content)
        return {"message_id": message.message_id, "group_id": group.id}

    def _groups_of_oa(self, request: HttpRequest) -> dict[str, Any]:
        offset, count = page_of(request.parameters)
        groups = [group for group in self._groups.values() if not group.removed]
        shown = [
            {"group_id": g.id, "name": g.name, "status": "disabled" if g.expired else "enabled"}
            for g in groups[offset : offset + count]
        ]
        return {"total": len(groups), "offset": offset, "count": len(shown), "groups": shown}

    # --- what a message holds

    def _content(self, message: dict[str, Any], *, buttons: bool) -> dict[str, Any]:
        """The parts of a message: text, buttons, attachment, file, quote."""
        attachment = message.get("attachment")
        quote = str(message.get("quote_message_id", ""))
        if attachment is None:
            return {"text": checked_text(message, needed=True), "quote": quote}
        payload = part(message, "attachment").get("payload")
        if not isinstance(payload, dict):
            raise bad("payload is invalid")
        found: dict[str, Any] = {"attachment": attachment, "quote": quote}
        kind = attachment.get("type"), payload.get("template_type")
        if kind == ("file", None):
            found |= {"file": self._uploaded(payload.get("token"), "file")}
        elif kind == ("template", "media"):
            [element, *more] = checked_elements(payload)
            if more or element.get("media_type") not in ("image", "gif"):
                raise bad("media element is invalid")
            found |= {"file": self._uploaded(element.get("attachment_id"), element["media_type"])}
        elif kind in (("template", None), ("template", "button")) and buttons:
            found |= {"buttons": checked_buttons(payload)}
        elif kind in (("template", "list"), ("template", "request_user_info")) and buttons:
            checked_elements(payload)
        else:
            raise bad("attachment is invalid")
        return found | {"text": checked_text(message, needed="buttons" in found)}

    def _uploaded(self, token: Any, kind: str) -> Upload:
        known = self._files.get(token) if isinstance(token, str) else None
        if known is None or known[0] != kind or self.now() - known[2] > UPLOAD_LASTS:
            raise bad("attachment has expired or is invalid")
        return known[1]

    def _sent_message(self, chat: User | Group, version: str, *, text: str, **more: Any) -> Message:
        message = Message(
            chat=chat, text=text, version=version, message_id=self._message_id(), at=self.now(), **more
        )
        self._messages.append(message)
        if self.echoes:
            self._echo(message)
        return message

    def _echo(self, message: Message) -> None:
        raise NotImplementedError

    # --- profiles and files

    def _getoa(self, _: HttpRequest) -> dict[str, Any]:
        return {
            "oa_id": self.oa_id,
            "name": "UBND phường Thí Điểm",
            "is_verified": True,
            "oa_type": 4 if self.switches.state_agency else 2,
            "num_follower": sum(user.follows for user in self._users.values()),
            "package_name": "Nâng cao",
        }

    def _detail(self, request: HttpRequest) -> dict[str, Any]:
        user = self._user(data_of(request).get("user_id"))
        last = user.wrote_at
        return {
            "user_id": user.id,
            "user_id_by_app": user.id_by_app,
            "display_name": user.name,
            "avatar": "",
            "user_is_follower": user.follows,
            "user_last_interaction_date": f"{last:%d/%m/%Y}" if last else "",
            "is_sensitive": False,
            "shared_info": {},
        }

    def _getlist(self, request: HttpRequest) -> dict[str, Any]:
        offset, count = page_of(data_of(request))
        if offset > _LAST_OFFSET or count > _MOST_USERS:
            raise Refusal(-210, "Parameter exceeds the limit")
        followers = [user.id for user in self._users.values() if user.follows]
        shown = [{"user_id": user_id} for user_id in followers[offset : offset + count]]
        return {"total": len(followers), "offset": offset, "count": len(shown), "users": shown}

    def _upload(self, request: HttpRequest) -> dict[str, str]:
        kind = request.path.rpartition("/")[2]
        file = request.files.get("file")
        if file is None or not file.content:
            raise bad("file is empty")
        if len(file.content) > (LARGEST_FILE if kind == "file" else LARGEST_IMAGE):
            raise Refusal(-210, "File exceeds the maximum size")
        if kind == "file":
            fine = PurePath(file.name).suffix.lower() in _FILES
        else:
            fine = file.content.startswith(_STARTS[kind])
        if not fine:
            raise bad("file type is not supported")
        token = f"{kind}-{next(self._ids):024x}"
        self._files[token] = kind, file, self.now()
        return {"token" if kind == "file" else "attachment_id": token}


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a request carries; a form isn't read."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise bad("body is not JSON")
    given = json.loads(request.body or b"{}")
    if not isinstance(given, dict):
        raise bad("body is invalid")
    return given


def data_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the query's `data`."""
    try:
        given = json.loads(request.parameters.get("data", ""))
    except ValueError:
        raise bad("data is invalid") from None
    if not isinstance(given, dict):
        raise bad("data is invalid")
    return given


def page_of(given: dict[str, Any]) -> tuple[int, int]:
    try:
        offset, count = int(given.get("offset", 0)), int(given.get("count", 0))
    except (TypeError, ValueError):
        raise bad("offset or count is invalid") from None
    if offset < 0 or count < 1:
        raise bad("offset or count is invalid")
    return offset, count
