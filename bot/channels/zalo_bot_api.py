"""The Zalo Bot Platform over HTTP: the calls that we use, and errors that hold no token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import BaseModel, BeforeValidator, SecretStr, ValidationError

from bot.channels.unsent import UNSENT
from bot.channels.zalo_bot_codes import IDLE, NOT_FOUND, Answer, answer_of, result_of
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused

TEXT_LIMIT = 2000  # characters of a message, and of a caption

_UNREACHED = "Không kết nối được tới Zalo ({})"
_LOST = "Mất kết nối với Zalo giữa chừng ({})"
_STRANGE = "Zalo trả lời không đúng dạng"
_UNWRITABLE = "Nội dung có ký tự không gửi được. Báo bộ phận kỹ thuật."


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """In seconds. A picture takes long, since the platform fetches it from its address before it answers."""

    connect: float = 10.0
    read: float = 20.0
    picture: float = 150.0
    beyond_poll: float = 10.0  # beside what getUpdates itself waits


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, dict) else str(value)


Text = Annotated[str, BeforeValidator(_text)]


class Me(BaseModel):
    """The bot itself."""

    id: Text = ""
    account_name: Text = ""
    display_name: Text = ""


class _Verification(BaseModel):
    ok: bool = True
    outcome: Text = ""


class WebhookState(BaseModel):
    """A webhook. `verification`: what came of the platform's first call of it, where it tells."""

    url: Text = ""
    verification: _Verification | None = None

    @property
    def trouble(self) -> str:
        """The platform's word for why it can't reach us; "" when it can or doesn't say."""
        found = self.verification
        return "" if found is None or found.ok else found.outcome or "không rõ"


class _SentMessage(BaseModel):
    message_id: Text = ""


class ZaloBotApi:
    """One bot's calls. Each raises what bot.channels.zalo_calls has; none raises anything else."""

    def __init__(self, token: SecretStr, *, base_url: str, timeouts: Timeouts | None = None) -> None:
        """`base_url`: the API server, without «/bot». Close it in the end."""
        self._token = token
        self._server = base_url.rstrip("/")
        self._timeouts = timeouts or Timeouts()
        self.client = httpx.AsyncClient(timeout=self._limits(self._timeouts.read))

    async def close(self) -> None:
        """Let the connections go."""
        await self.client.aclose()

    async def me(self) -> Me:
        """getMe."""
        return _as(Me, await self._call("getMe"))

    async def updates(self, *, wait: int) -> list[dict[str, Any]]:
        """getUpdates: the raw events that are there or come within `wait` seconds, in truth at most one."""
        # A number in the documented example, a string in its table and on the wire of clients that work.
        read = wait + self._timeouts.beyond_poll
        answer = await self._ask("getUpdates", {"timeout": str(wait)}, read=read)
        if answer.code == IDLE:
            return []
        result = result_of(answer)
        events = result if isinstance(result, list) else [result]
        return [event for event in events if isinstance(event, dict)]

    async def set_webhook(self, url: str, secret: SecretStr) -> WebhookState:
        """setWebhook."""
        parameters = {"url": url, "secret_token": secret.get_secret_value()}
        return _as(WebhookState, await self._call("setWebhook", parameters))

    async def delete_webhook(self) -> None:
        """deleteWebhook; also where none is set."""
        await self._call("deleteWebhook")

    async def webhook(self) -> str:
        """getWebhookInfo: the address that is set, "" for none."""
        answer = await self._ask("getWebhookInfo")
        if answer.code == NOT_FOUND:
            return ""
        return _as(WebhookState, result_of(answer)).url

    async def send_message(self, chat: str, text: str) -> str:
        """sendMessage; the message's id, "" where the answer has none."""
        return await self._send("sendMessage", {"chat_id": chat, "text": text})

    async def send_photo(self, chat: str, address: str, caption: str = "") -> str:
        """sendPhoto, which the platform fetches from an https address; the message's id."""
        parameters = {"chat_id": chat, "photo": address} | ({"caption": caption} if caption else {})
        return await self._send("sendPhoto", parameters, read=self._timeouts.picture)

    async def typing(self, chat: str) -> None:
        """sendChatAction."""
        await self._call("sendChatAction", {"chat_id": chat, "action": "typing"})

    # --- inside

    async def _send(self, method: str, parameters: Mapping[str, str], *, read: float | None = None) -> str:
        answer = await self._ask(method, parameters, read=read)
        try:
            result = result_of(answer, message=True)
        except Refused as refused:
            code, reason = refused.code, refused.reason
        else:
            # It is sent, whether we understand the rest or not.
            return _as(_SentMessage, result if isinstance(result, dict) else {}).message_id
        raise Refused(reason, unreachable=code == NOT_FOUND or _names_the_chat(answer), code=code)

    async def _call(self, method: str, parameters: Mapping[str, str] | None = None) -> Any:
        return result_of(await self._ask(method, parameters))

    async def _ask(
        self, method: str, parameters: Mapping[str, str] | None = None, *, read: float | None = None
    ) -> Answer:
        url = f"{self._server}/bot{self._token.get_secret_value()}/{method}"
        timeout = self._limits(read or self._timeouts.read)
        ended: CallEnded
        if self.client.is_closed:
            raise NotSent(_UNREACHED.format("đã đóng"))
        try:
            response = await self.client.post(url, json=dict(parameters or {}), timeout=timeout)
        except UNSENT as error:
            ended = NotSent(_UNREACHED.format(type(error).__name__))
        except (httpx.HTTPError, RuntimeError) as error:
            ended = Lost(_LOST.format(type(error).__name__))
        except ValueError:  # half of a character
            ended = Refused(_UNWRITABLE)
        else:
            return answer_of(response.status_code, response.content)
        # Outside of the except clause, so that the error with the address isn't even its context.
        raise ended

    def _limits(self, read: float) -> httpx.Timeout:
        return httpx.Timeout(read, connect=self._timeouts.connect)


def _names_the_chat(answer: Answer) -> bool:
    """Whether a refusal is of whom we write to. Its words are known of nowhere, so this is a guess that may
    only miss."""
    said = answer.envelope.description.casefold() if answer.envelope else ""
    return "chat" in said or "user" in said


_Shape = TypeVar("_Shape", bound=BaseModel)


def _as(kind: type[_Shape], result: Any) -> _Shape:
    """What an answer brings, in its form. Raises Lost."""
    try:
        return kind.model_validate(result)
    except ValidationError:
        pass
    raise Lost(_STRANGE)
