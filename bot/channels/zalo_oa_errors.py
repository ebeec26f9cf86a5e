"""The errors of an Official Account's API: what each means, what to do about it, how the call has ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.channels.zalo_calls import CallEnded, NotSent, Refused, TooFast

RATE_PAUSE = 30.0  # seconds after -32: the count is by the minute, and Zalo doesn't say when it ends
_LONGEST = 120  # characters kept of what the platform says of an error that we don't know
_TOKENLIKE = re.compile(r"[\w.\-+/=]{20,}")


class Kind(StrEnum):
    """What may be done after an error."""

    RETRY = "retry"  # the same call, later
    REFRESH = "refresh"  # the same call once more with a new access token
    RECIPIENT = "recipient"  # it lies with who was to get it, or with the hour
    PERMANENT = "permanent"  # it lies with the account or with us


class OaError(IntEnum):
    """Every error number that is known. Each has a kind, a label and what to do next."""

    RATE = -32
    BUSY = -100
    SEND_FAILED = -200
    BAD_PARAMETER = -201
    OA_DISABLED = -204
    OA_MISSING = -205
    APP_INACTIVE = -209
    OVER_LIMIT = -210
    OUT_OF_QUOTA = -211
    API_NOT_REGISTERED = -212
    NOT_FOLLOWER = -213
    TOKEN_INVALID = -216
    RECIPIENT_REFUSED = -217
    RECIPIENT_QUOTA = -218
    APP_REMOVED = -219
    TOKEN_EXPIRED = -220
    OA_UNVERIFIED = -221
    NOT_GRANTED = -223
    PLAN_MISSING = -224
    USER_BLOCKED = -227
    WINDOW = -230
    WINDOW_CLOSED = -232
    BAD_TYPE = -233
    NIGHT = -234
    OA_TYPE = -235
    GROUP_EXPIRED = -237
    V2_SHUT = -240
    NO_PROOF = -242
    USER_RESTRICTS = -244
    POLICY = -248
    NO_ZCA = -320
    ZCA_EMPTY = -321
    NOT_IN_GROUP = -403

    @property
    def kind(self) -> Kind:
        """What may be done after it."""
        return _MEANINGS[self].kind

    @property
    def label(self) -> str:
        """What it means, as people read it."""
        return _MEANINGS[self].label

    @property
    def next_action(self) -> str:
        """What a clerk or the technical staff do about it."""
        return _MEANINGS[self].action

    @property
    def unreachable(self) -> bool:
        """Whether nothing else gets through to this chat either, until somebody there acts."""
        return _MEANINGS[self].unreachable


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: Kind
    label: str
    action: str
    unreachable: bool = False


_TELL_IT = "Báo bộ phận kỹ thuật."
_ASK_TO_WRITE = "Nhờ người ấy nhắn OA một tin, hoặc gửi qua kênh khác."
_APP_PAGE = "Kiểm tra ứng dụng ở developers.zalo.me."

# Unreachable are only states that somebody must end: not following, blocked, restricting, a group that is
# over or without us. A closed window isn't one (a template may still pass), nor is -217, whose meaning isn't
# published: to cut somebody off on a guess would do more harm than to be refused again.
_MEANINGS = {
    OaError.RATE: _Meaning(
        Kind.RETRY, "Zalo yêu cầu gọi chậm lại.", "Không phải làm gì, tin tự gửi lại khi đến lượt."
    ),
    OaError.BUSY: _Meaning(
        Kind.RETRY, "Hệ thống Zalo đang có lỗi.", "Không phải làm gì, tin tự gửi lại khi đến lượt."
    ),
    OaError.SEND_FAILED: _Meaning(
        Kind.PERMANENT, "Zalo không gửi được tin này.", "Gửi lại; nếu vẫn lỗi thì báo bộ phận kỹ thuật."
    ),
    OaError.BAD_PARAMETER: _Meaning(Kind.PERMANENT, "Zalo không nhận nội dung của tin này.", _TELL_IT),
    OaError.OA_DISABLED: _Meaning(
        Kind.PERMANENT, "OA đang bị khoá.", "Mở lại OA ở oa.zalo.me hoặc liên hệ Zalo."
    ),
    OaError.OA_MISSING: _Meaning(
        Kind.PERMANENT, "Zalo không tìm thấy OA.", "Kiểm tra mã OA (oa_id) trong cấu hình."
    ),
    OaError.APP_INACTIVE: _Meaning(
        Kind.PERMANENT, "Ứng dụng Zalo chưa được kích hoạt.", "Kích hoạt ứng dụng ở developers.zalo.me."
    ),
    OaError.OVER_LIMIT: _Meaning(
        Kind.PERMANENT, "Nội dung hoặc tệp vượt giới hạn của Zalo.", "Gửi nội dung ngắn hơn hoặc tệp nhỏ hơn."
    ),
    OaError.OUT_OF_QUOTA: _Meaning(
        Kind.PERMANENT, "OA đã dùng hết số tin của gói.", "Mua thêm ở oa.zalo.me hoặc gửi qua kênh khác."
    ),
    OaError.API_NOT_REGISTERED: _Meaning(
        Kind.PERMANENT, "Ứng dụng chưa đăng ký dùng chức năng này của Zalo.", _APP_PAGE
    ),
    OaError.NOT_FOLLOWER: _Meaning(
        Kind.RECIPIENT,
        "Người nhận chưa quan tâm OA.",
        "Nhờ người ấy bấm Quan tâm OA, hoặc gửi qua kênh khác.",
        unreachable=True,
    ),
    OaError.TOKEN_INVALID: _Meaning(
        Kind.REFRESH, "Zalo không nhận mã truy cập của OA.", "Chạy «xinluon zalo login» để cấp quyền lại."
    ),
    OaError.RECIPIENT_REFUSED: _Meaning(
        Kind.RECIPIENT, "Zalo không cho gửi tới người này.", "Gửi qua kênh khác."
    ),
    OaError.RECIPIENT_QUOTA: _Meaning(
        Kind.PERMANENT,
        "Người nhận đã nhận đủ số tin mà Zalo cho phép.",
        "Gửi vào hôm khác hoặc qua kênh khác.",
    ),
    OaError.APP_REMOVED: _Meaning(Kind.PERMANENT, "Ứng dụng Zalo đã bị gỡ.", _APP_PAGE),
    OaError.TOKEN_EXPIRED: _Meaning(
        Kind.REFRESH, "Mã truy cập của OA đã hết hạn.", "Chạy «xinluon zalo login» để cấp quyền lại."
    ),
    OaError.OA_UNVERIFIED: _Meaning(
        Kind.PERMANENT, "OA chưa được xác thực.", "Làm thủ tục xác thực OA ở oa.zalo.me."
    ),
    OaError.NOT_GRANTED: _Meaning(
        Kind.PERMANENT,
        "OA chưa cấp quyền này cho ứng dụng.",
        "Chạy «xinluon zalo login» và đồng ý đủ các quyền.",
    ),
    OaError.PLAN_MISSING: _Meaning(
        Kind.PERMANENT, "Gói dịch vụ của OA không có chức năng này.", "Mua hoặc gia hạn gói ở oa.zalo.me."
    ),
    OaError.USER_BLOCKED: _Meaning(
        Kind.RECIPIENT,
        "Người nhận đã chặn OA hoặc không dùng Zalo hơn 45 ngày.",
        _ASK_TO_WRITE,
        unreachable=True,
    ),
    OaError.WINDOW: _Meaning(
        Kind.RECIPIENT, "Người nhận chưa nhắn OA trong 7 ngày nên Zalo không cho gửi.", _ASK_TO_WRITE
    ),
    OaError.WINDOW_CLOSED: _Meaning(
        Kind.RECIPIENT, "Người nhận quá lâu chưa nhắn OA nên Zalo không cho gửi.", _ASK_TO_WRITE
    ),
    OaError.BAD_TYPE: _Meaning(Kind.PERMANENT, "Zalo không nhận loại tin này.", _TELL_IT),
    OaError.NIGHT: _Meaning(
        Kind.RECIPIENT, "Zalo không cho gửi loại tin này từ 22 giờ đến 6 giờ.", "Gửi lại vào ban ngày."
    ),
    OaError.OA_TYPE: _Meaning(
        Kind.PERMANENT, "Loại OA này không được dùng chức năng gửi tin này.", "Hỏi Zalo về quyền của loại OA."
    ),
    OaError.GROUP_EXPIRED: _Meaning(
        Kind.RECIPIENT,
        "Nhóm của OA đã hết hạn.",
        "Gia hạn nhóm ở oa.zalo.me hoặc dùng nhóm khác.",
        unreachable=True,
    ),
    OaError.V2_SHUT: _Meaning(
        Kind.PERMANENT, "Zalo đã đóng cách gửi tin cũ với OA này.", "Hỏi Zalo về quyền của loại OA."
    ),
    OaError.NO_PROOF: _Meaning(
        Kind.PERMANENT,
        "Ứng dụng đang bắt buộc appsecret_proof, chương trình không dùng.",
        "Tắt mục này ở developers.zalo.me.",
    ),
    OaError.USER_RESTRICTS: _Meaning(
        Kind.RECIPIENT, "Người nhận hạn chế tin từ OA.", _ASK_TO_WRITE, unreachable=True
    ),
    OaError.POLICY: _Meaning(
        Kind.PERMANENT, "Zalo cho rằng tin trái quy định.", "Sửa nội dung rồi gửi lại, hoặc liên hệ Zalo."
    ),
    OaError.NO_ZCA: _Meaning(
        Kind.PERMANENT,
        "Ứng dụng chưa nối tài khoản Zalo Cloud.",
        "Nối tài khoản Zalo Cloud (ZCA) với ứng dụng.",
    ),
    OaError.ZCA_EMPTY: _Meaning(
        Kind.PERMANENT,
        "Tài khoản Zalo Cloud không dùng được.",
        "Kiểm tra trạng thái và số dư của tài khoản Zalo Cloud (ZCA).",
    ),
    OaError.NOT_IN_GROUP: _Meaning(
        Kind.RECIPIENT, "OA không ở trong nhóm này.", "Kiểm tra lại nhóm ở oa.zalo.me.", unreachable=True
    ),
}


_OF_FUNCTIONS = frozenset(
    {OaError.API_NOT_REGISTERED, OaError.NOT_GRANTED, OaError.PLAN_MISSING, OaError.OA_TYPE}
)
_OF_ACCOUNT = frozenset(
    {
        OaError.OA_DISABLED,
        OaError.OA_MISSING,
        OaError.APP_INACTIVE,
        OaError.OUT_OF_QUOTA,
        OaError.APP_REMOVED,
        OaError.OA_UNVERIFIED,
        OaError.V2_SHUT,
        OaError.NO_PROOF,
    }
)


def known(code: int) -> OaError | None:
    """The error of a number, None for one that we don't know."""
    try:
        return OaError(code)
    except ValueError:
        return None


def is_readers(code: int) -> bool:
    """Whether an error lies with who was to get the message, so that nothing else would be taken either."""
    error = known(code)
    return error is not None and error.kind is Kind.RECIPIENT


def shuts_window(code: int) -> bool:
    """Whether a message came too late after its reader's last interaction."""
    return code in (OaError.WINDOW, OaError.WINDOW_CLOSED)


def of_one_function(code: int) -> bool:
    """Whether an error may be about the one function that was called, so that others may work."""
    return known(code) is None or code in _OF_FUNCTIONS


def of_account(code: int) -> bool:
    """Whether every message of this kind will be refused, whoever it is for, until the office acts."""
    return code in _OF_ACCOUNT or code in _OF_FUNCTIONS


def needs_new_token(code: int) -> bool:
    """Whether the same call may go well with a new access token."""
    error = known(code)
    return error is not None and error.kind is Kind.REFRESH


def ended(code: int, message: str = "", *, hide: Iterable[str] = ()) -> CallEnded:
    """How a call has ended that the platform answered with an error; REFRESH is the caller's to try.

    `message`: the platform's, shown only of errors that we don't know. `hide`: what must not be shown of it:
    tokens, people's words.
    """
    error = known(code)
    if error is None:
        said = _redacted(message, hide)
        reason = f"Zalo báo lỗi {code}{f' ({said})' if said else ''}. Báo bộ phận kỹ thuật mã lỗi này."
        return Refused(reason, code=code)
    reason = f"{error.label} {error.next_action} (Mã lỗi của Zalo: {code}.)"
    if error is OaError.RATE:
        return TooFast(reason, seconds=RATE_PAUSE)
    if error.kind is Kind.RETRY:
        return NotSent(reason, network=False)
    return Refused(reason, unreachable=error.unreachable, code=code)


def _redacted(message: str, hide: Iterable[str]) -> str:
    for secret in hide:
        if secret:
            message = message.replace(secret, "…")
    return _TOKENLIKE.sub("…", " ".join(message.split()))[:_LONGEST]
