"""What the Zalo Bot Platform's answers mean: its codes for people, and how a call with one of them ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, BeforeValidator, ValidationError

from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast, WrongToken

IDLE = 408  # of getUpdates: nothing new; of anything else a failure
NOT_FOUND = 404  # of getWebhookInfo: none is set

HOLD_SECONDS = 60.0  # after «too many», since the platform says neither how long nor of what


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code of the platform, as people read it: what is wrong, and what to do."""

    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what}. {self.mend}"


MEANINGS: Mapping[int, Meaning] = {
    400: Meaning("Zalo Bot không nhận yêu cầu này (mã 400)", "Báo bộ phận kỹ thuật."),
    401: Meaning(
        "Zalo không nhận token của bot (mã 401)",
        "Lấy lại token trong Zalo Bot Creator, đặt lại rồi khởi động lại.",
    ),
    403: Meaning("Máy chủ Zalo gặp trục trặc (mã 403)", "Chương trình sẽ tự thử lại."),
    404: Meaning(
        "Zalo không tìm thấy bot này (mã 404)", "Kiểm tra token và zalo_bot.base_url rồi khởi động lại."
    ),
    408: Meaning("Zalo trả lời quá chậm (mã 408)", "Chương trình sẽ tự thử lại."),
    426: Meaning("Gọi thử webhook quá nhiều lần (mã 426)", "Đợi một lúc rồi thử lại."),
    429: Meaning("Zalo báo bot gọi quá số lần cho phép (mã 429)", "Chương trình tạm nghỉ rồi tự thử lại."),
}
_OF_MESSAGES: Mapping[int, Meaning] = {
    400: Meaning(
        "Zalo Bot không nhận tin này (mã 400)",
        "Kiểm tra người nhận hoặc nhóm còn dùng bot này không; nếu vẫn lỗi, báo bộ phận kỹ thuật.",
    ),
    404: Meaning(
        "Zalo không tìm thấy cuộc trò chuyện hoặc bot này (mã 404)",
        "Nhờ người nhận nhắn cho bot một tin, hoặc nối lại nhóm, rồi gửi lại.",
    ),
    408: Meaning("Zalo trả lời quá chậm (mã 408)", "Xem trong Zalo tin đã tới chưa trước khi gửi lại."),
    429: Meaning(
        "Zalo báo bot đã gửi quá số tin cho phép (mã 429)",
        "Chương trình tạm nghỉ rồi tự gửi lại; nếu kéo dài, gói tháng đã hết, xin Zalo nâng hạn mức.",
    ),
}
_UNHOOKED: Mapping[str, str] = {
    "webhook.http.403": "Tường lửa hoặc Cloudflare đang chặn chương trình gọi có tên «Java/…».",
    "webhook.http.404": "Đường dẫn trong zalo_bot.webhook.url phải dẫn tới zalo_bot.webhook.path.",
    "webhook.http.5xx": "Kiểm tra proxy đứng trước chương trình có chuyển tới đúng cổng không.",
    "webhook.err.tls": "Kiểm tra chứng chỉ https: còn hạn, đúng tên miền, đủ chuỗi.",
    "webhook.err.dns": "Kiểm tra tên miền.",
}
_LOOK_ALL_OVER = "Kiểm tra tên miền, chứng chỉ và tường lửa."
_NOT_CALLED = "Zalo chưa gọi được tới địa chỉ webhook ({}). {} Chương trình sẽ tự thử lại."
_SERVER_TROUBLE = "Máy chủ Zalo gặp trục trặc (mã {}). Chương trình sẽ tự thử lại."
_UNKNOWN = "Zalo Bot không nhận yêu cầu này (mã {}). Báo bộ phận kỹ thuật."
_GARBLED = "Zalo trả lời không đúng dạng (HTTP {})"
_TURNED_AWAY = "Yêu cầu bị chặn trước khi tới Zalo (HTTP {}). Kiểm tra đường mạng và địa chỉ máy chủ Zalo."


def unhooked(outcome: str) -> str:
    """That the platform can't call the webhook, by its own word for why, and what to look at."""
    return _NOT_CALLED.format(outcome, _UNHOOKED.get(outcome, _LOOK_ALL_OVER))


def meaning(code: int, *, message: bool = False) -> str:
    """What a code means and what to do, whichever it is. `message`: of one that was to be sent."""
    known = (_OF_MESSAGES.get(code) if message else None) or MEANINGS.get(code)
    if known is not None:
        return str(known)
    return _SERVER_TROUBLE.format(code) if code >= 500 else _UNKNOWN.format(code)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


class Envelope(BaseModel):
    """What every answer comes in. HTTP 200 alone is no success, and a success may carry a code 0."""

    ok: bool
    result: Any = None
    description: Annotated[str, BeforeValidator(_text)] = ""
    error_code: Annotated[int, BeforeValidator(_whole)] = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the platform, or of what stands before it: then `envelope` is None."""

    status: int
    envelope: Envelope | None

    @property
    def good(self) -> bool:
        """Whether it was done."""
        found = self.envelope
        return found is not None and found.ok and not found.error_code and self.status < 300

    @property
    def code(self) -> int:
        """The platform's code of a failure; 0 for none."""
        if self.good or self.envelope is None:
            return 0
        return self.envelope.error_code or self.status


def plain_json(body: bytes) -> Any:
    """What a body says; None for what is no JSON that a database would keep."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def answer_of(status: int, body: bytes) -> Answer:
    """Read an answer; never raises."""
    try:
        return Answer(status, Envelope.model_validate(plain_json(body)))
    except ValidationError:
        return Answer(status, None)


def result_of(answer: Answer, *, message: bool = False) -> Any:
    """What a good answer brings. Raises CallEnded for any other. `message`: one was to be sent."""
    if answer.good and answer.envelope is not None:
        return answer.envelope.result
    raise _turned_away(answer.status) if answer.envelope is None else _failure(answer, message=message)


def _failure(answer: Answer, *, message: bool) -> CallEnded:
    """How a call ended to which the platform itself said no."""
    code, said = answer.code, meaning(answer.code, message=message)
    if answer.envelope is not None and answer.envelope.ok:  # it says yes and no
        return Lost(_GARBLED.format(answer.status))
    if code == 401:
        return WrongToken(said)
    if code == 429:
        return TooFast(said, seconds=HOLD_SECONDS)
    if code == IDLE:
        return Lost(said)
    if code == 403 or code >= 500:  # it says itself that it wasn't done: 403 stands for a fault of theirs
        return NotSent(said, network=False)
    return Refused(said, code=code)


def _turned_away(status: int) -> CallEnded:
    """How a call ended whose answer isn't of the platform's form."""
    if status == 401:
        return WrongToken(meaning(status))
    if status == 429:
        return TooFast(meaning(status), seconds=HOLD_SECONDS)
    if 300 <= status < 500:
        return NotSent(_TURNED_AWAY.format(status))
    return Lost(_GARBLED.format(status))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
