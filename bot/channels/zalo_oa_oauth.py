"""One request to Zalo's OAuth v4: a code or a refresh token is given for a new pair of tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from bot.channels.unsent import UNSENT
from bot.channels.zalo_calls import Lost, NotSent, Refused
from office.channel_settings import ZaloOa

RATE = -32
BAD_APP, BAD_REDIRECT, BAD_SECRET, USED = -14002, -14003, -14004, -14020

READ_SECONDS = 12.0  # an answer that we don't wait for is a pair that is lost
_CONNECT, _WRITE = 3.0, 2.0
_DAY_AND_HOUR = timedelta(seconds=90_000)  # how long an access token lives, for an answer that doesn't say

_UNREACHED = "Không kết nối được tới máy chủ cấp quyền của Zalo ({}). Kiểm tra mạng, proxy rồi thử lại."
_TURNED_AWAY = "Máy chủ cấp quyền của Zalo chưa nhận yêu cầu (HTTP {}). Thử lại sau ít phút."
_BUSY = "Zalo đang nhận quá nhiều yêu cầu. Thử lại sau ít phút."
_LOST = "Mất câu trả lời của máy chủ cấp quyền của Zalo ({})."
_REASONS = {
    BAD_APP: "Zalo không nhận mã ứng dụng: kiểm tra zalo_oa.app_id",
    BAD_REDIRECT: "Zalo không nhận địa chỉ trả về: zalo_oa.redirect_url phải đúng từng chữ với Callback Url "
    "khai ở trang ứng dụng",
    BAD_SECRET: "Zalo không nhận khoá bí mật của ứng dụng: kiểm tra XINLUON_ZALO_OA_APP_SECRET",
    USED: "mã làm mới đã dùng rồi hoặc đã hết hạn",
}
_OTHER = "Zalo từ chối (mã lỗi {})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two tokens; `lifetime`: of the access token."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    lifetime: timedelta


def lifetime_of(expires_in: object) -> timedelta:
    """How long an access token lives, by what Zalo says: seconds, as a string or a number."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return _DAY_AND_HOUR
    return timedelta(seconds=seconds) if math.isfinite(seconds) and 0 < seconds < 1e8 else _DAY_AND_HOUR


def ask_for_pair(
    settings: ZaloOa,
    grant: Mapping[str, str],
    *,
    http: httpx.Client | None = None,
    read_seconds: float = READ_SECONDS,
) -> Pair:
    """The pair that is given for `grant` (grant_type and what belongs to it).

    Raises NotSent (nothing has happened), Lost (it may have: what was given may be used up) and Refused with
    Zalo's code. No error holds a token.
    """
    if http is None:
        with httpx.Client() as own:
            response = _post(settings, grant, own, read_seconds)
    else:
        response = _post(settings, grant, http, read_seconds)
    return _pair(response)


def _post(settings: ZaloOa, grant: Mapping[str, str], http: httpx.Client, read: float) -> httpx.Response:
    secret = settings.app_secret.get_secret_value() if settings.app_secret else ""
    try:
        return http.post(
            f"{settings.oauth_url.rstrip('/')}/v4/oa/access_token",
            data={"app_id": settings.app_id or "", **grant},
            headers={"secret_key": secret},
            timeout=httpx.Timeout(read, connect=_CONNECT, write=_WRITE, pool=_CONNECT),
            follow_redirects=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        failure, unsent = type(error).__name__, isinstance(error, UNSENT)
    # Outside of the except clause, so that the error with the request isn't even its context.
    raise NotSent(_UNREACHED.format(failure)) if unsent else Lost(_LOST.format(failure))


def _pair(response: httpx.Response) -> Pair:
    status, body = response.status_code, _object(response)
    if status == 429:
        raise NotSent(_BUSY, network=False)
    if status >= 500:
        raise Lost(_LOST.format(f"HTTP {status}"))
    code = _code(body)
    if code == RATE:
        raise NotSent(_BUSY, network=False)
    if code:
        raise Refused(_REASONS.get(code, _OTHER.format(code)), code=code)
    if status >= 300:  # something before Zalo has turned it away
        raise NotSent(_TURNED_AWAY.format(status), network=False)
    access, refresh = body.get("access_token"), body.get("refresh_token")
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise Lost(_LOST.format("không có mã truy cập trong câu trả lời"))
    return Pair(access=access, refresh=refresh, lifetime=lifetime_of(body.get("expires_in")))


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:  # also bytes that are no UTF-8
        return {}
    return body if isinstance(body, dict) else {}


def _code(body: Mapping[str, Any]) -> int:
    """Zalo's error code, a number or one in a string; 0 for none."""
    try:
        return int(str(body.get("error") or 0))
    except ValueError:
        return -1
