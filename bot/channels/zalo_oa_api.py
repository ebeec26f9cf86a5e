"""What we ask of an Official Account's API: messages, uploads, templates, and what it says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from bot.channels.zalo_calls import AccessTokens, Lost, NotSent, Refused
from bot.channels.zalo_oa_errors import OaError, of_one_function
from bot.channels.zalo_oa_identity import PATH as IDENTITY_PATH
from bot.channels.zalo_oa_identity import Identity, read_identity
from bot.channels.zalo_oa_loose import Loose, Text
from bot.channels.zalo_oa_wire import Request, Upload, Wire

V3, V2 = "v3.0", "v2.0"  # of the API that takes messages to people
_CS = {V3: "/v3.0/oa/message/cs", V2: "/v2.0/oa/message"}
_GROUPS_A_PAGE = 50
_MOST_PAGES = 20
_STRANGE = "Zalo trả lời không đúng dạng khi được hỏi về {}."
_AGAIN = "Cách gửi tin đã dùng không còn được Zalo nhận; tin sẽ gửi lại bằng cách khác."

Pinned = Callable[[str], Awaitable[None]]
_M = TypeVar("_M", bound=Loose)


class OaGroup(Loose):
    """A GMF group of the account."""

    group_id: str = Field(min_length=1)
    name: Text = ""


class _GroupPage(Loose):
    groups: list[OaGroup]
    total: int | None = None


class _Made(Loose):
    message_id: Text = ""
    attachment_id: Text = ""
    token: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to tap: sends `payload`, which isn't shown in the chat."""

    title: str
    payload: str


class OaApi:
    """One account's calls. Every method raises what bot.channels.zalo_calls has.

    `version`: of the API that takes our messages to people, "" while that isn't known; found by sending.
    """

    def __init__(
        self,
        base_url: str,
        tokens: AccessTokens,
        *,
        version: str = "",
        pinned: Pinned | None = None,
        rejected: Callable[[str], None] = lambda reason: None,
        heard: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`pinned` is told a version that works, "" when it no longer does. `rejected`, `heard`: see Wire."""
        self.version = version
        self._pinned = pinned
        self._wire = Wire(base_url, tokens, rejected=rejected, heard=heard)

    async def close(self) -> None:
        """No more calls."""
        await self._wire.close()

    async def send_text(
        self, chat: str, text: str, *, buttons: Sequence[Button] = (), group: bool = False
    ) -> str:
        """Send a text, with buttons to a person; the message's id, "" when it isn't told."""
        message: dict[str, Any] = {"text": text}
        if buttons:
            shown = [{"title": b.title, "type": "oa.query.hide", "payload": b.payload} for b in buttons]
            message["attachment"] = {"type": "template", "payload": {"buttons": shown}}
        return await self._send(chat, message, group=group, hide=(text,))

    async def send_picture(self, chat: str, attachment_id: str, *, group: bool = False) -> str:
        """Send a picture that was uploaded; the message's id."""
        element = {"media_type": "image", "attachment_id": attachment_id}
        payload = {"template_type": "media", "elements": [element]}
        return await self._send(chat, {"attachment": {"type": "template", "payload": payload}}, group=group)

    async def send_file(self, chat: str, token: str, *, group: bool = False) -> str:
        """Send a file that was uploaded; the message's id."""
        attachment = {"type": "file", "payload": {"token": token}}
        return await self._send(chat, {"attachment": attachment}, group=group)

    async def upload_picture(self, file: Upload) -> str:
        """Bring a picture (PNG or JPEG, 1 MB at most) to Zalo; its attachment_id, good for 7 days."""
        return (await self._upload("/v2.0/oa/upload/image", file)).attachment_id

    async def upload_file(self, file: Upload) -> str:
        """Bring a file (pdf, doc, docx, csv, 5 MB at most) to Zalo; its token, good for 7 days."""
        return (await self._upload("/v2.0/oa/upload/file", file)).token

    async def send_template(self, user: str, template: str, data: Mapping[str, str]) -> str:
        """Send a ZBS template message, which costs and needs no window; the message's id."""
        body = {"user_id": user, "template_id": template, "template_data": dict(data)}
        request = Request(
            method="POST", path="/v3.0/oa/message/template", body=body, hide=tuple(data.values())
        )
        return _made(await self._wire.call(request)).message_id

    async def identity(self) -> Identity:
        """What the account is; whether it can be used at all."""
        return read_identity(await self._wire.call(Request(method="GET", path=IDENTITY_PATH)))

    async def knock(self) -> None:
        """Hear whether Zalo is there. Raises Refused only where the account can't be used at all."""
        try:
            await self.identity()
        except Refused as refused:
            if not of_one_function(refused.code):
                raise

    async def groups(self) -> tuple[OaGroup, ...]:
        """All GMF groups of the account."""
        found: dict[str, OaGroup] = {}
        for _ in range(_MOST_PAGES):
            query = {"offset": str(len(found)), "count": str(_GROUPS_A_PAGE)}
            request = Request(method="GET", path="/v3.0/oa/group/getgroupsofoa", query=query)
            data = await self._wire.call(request)
            page = _read(_GroupPage, {"groups": data} if isinstance(data, list) else data, "các nhóm")
            before = len(found)
            found |= {group.group_id: group for group in page.groups}
            all_told = len(found) >= page.total if page.total else len(page.groups) < _GROUPS_A_PAGE
            if all_told or len(found) == before:
                break
        return tuple(found.values())

    # --- inside

    async def _send(
        self, chat: str, message: Mapping[str, Any], *, group: bool, hide: tuple[str, ...] = ()
    ) -> str:
        if not group:
            return await self._to_person(chat, message, hide)
        body = {"recipient": {"group_id": chat}, "message": message}
        request = Request(method="POST", path="/v3.0/oa/group/message", body=body, hide=hide)
        return _made(await self._wire.call(request)).message_id

    async def _to_person(self, user: str, message: Mapping[str, Any], hide: tuple[str, ...]) -> str:
        """By v3.0; by v2.0 where v3.0 says that it isn't for this kind of account, and from then on."""
        body = {"recipient": {"user_id": user}, "message": message}
        requests = {v: Request(method="POST", path=_CS[v], body=body, hide=hide) for v in (V3, V2)}
        if self.version != V2:
            try:
                data = await self._wire.call(requests[V3])
            except Refused as refused:
                if refused.code != OaError.OA_TYPE:
                    raise
            else:
                await self._pin(V3)
                return _made(data).message_id
        try:
            data = await self._wire.call(requests[V2])
        except Refused as refused:
            if refused.code != OaError.V2_SHUT or self.version != V2:
                raise
        else:
            await self._pin(V2)
            return _made(data).message_id
        await self._pin("")
        raise NotSent(_AGAIN, network=False)

    async def _pin(self, version: str) -> None:
        if self.version != version:
            self.version = version
            if self._pinned is not None:
                await self._pinned(version)

    async def _upload(self, path: str, file: Upload) -> _Made:
        """Raises NotSent where an upload is lost: no message has left."""
        try:
            made = _made(await self._wire.call(Request(method="POST", path=path, upload=file)))
        except Lost as lost:
            raise NotSent(lost.reason) from None
        if not (made.attachment_id or made.token):
            raise NotSent(_STRANGE.format("tệp vừa tải lên"), network=False)
        return made


def _made(data: Any) -> _Made:
    """What a call has made; Zalo has done it, even where it doesn't say what."""
    try:
        return _Made.model_validate(data)
    except ValidationError:
        return _Made()


def _read(model: type[_M], data: Any, what: str) -> _M:
    try:
        return model.model_validate(data)
    except ValidationError:
        pass  # raised below: the error's text quotes the answer
    raise NotSent(_STRANGE.format(what), network=False)
