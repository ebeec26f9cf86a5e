"""One question over HTTP that never raises: an answer, or in Vietnamese why there is none."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cache
from typing import Any

import httpx
from pydantic import SecretStr

from bot.doctor.findings import Finding, bad, fine, warn

SECONDS = 10.0
SKEW_WARNS, SKEW_FAILS = timedelta(seconds=60), timedelta(minutes=5)


class Why(StrEnum):
    """Why there is no answer. Each has its words."""

    NAME = "name"
    REFUSED = "refused"
    SLOW = "slow"
    TLS = "tls"
    PROXY = "proxy"
    OTHER = "other"

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]


_LABELS = {
    Why.NAME: "máy không tìm ra tên miền (DNS)",
    Why.REFUSED: "không ai nhận kết nối ở địa chỉ ấy",
    Why.SLOW: f"không trả lời trong {SECONDS:.0f} giây",
    Why.TLS: "chứng thư https không hợp lệ hoặc đã hết hạn",
    Why.PROXY: "proxy không cho đi qua",
    Why.OTHER: "kết nối bị cắt giữa chừng",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. `body`: the JSON object, None where it was none; `ms`: how long it took."""

    status: int
    ms: int
    date: str
    at: datetime
    body: Mapping[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came."""

    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request. `json`: its body, as JSON; `content`: its body as it is, with `headers` that fit."""

    method: str
    url: str = field(repr=False)
    json: Mapping[str, Any] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


async def ask(
    question: Question, *, proxy: SecretStr | None = None, direct: bool = False
) -> Answer | Silence:
    """Ask once, for ten seconds at most, whatever arrives; redirections are not followed.

    `direct`: past the proxies of the environment, for what is on this machine.
    """
    started, loop = datetime.now(UTC), asyncio.get_running_loop()
    before = loop.time()
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(
                proxy=proxy.get_secret_value() if proxy else None,
                trust_env=not direct,
                verify=_trusted(),
                timeout=SECONDS,
                follow_redirects=False,
            ) as client,
        ):
            response = await client.request(
                question.method,
                question.url,
                json=question.json,
                content=question.content,
                headers=dict(question.headers),
            )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Silence(_why(error))
    spent = loop.time() - before
    at = started + timedelta(seconds=spent / 2)
    return Answer(
        response.status_code,
        round(spent * 1000),
        response.headers.get("date", ""),
        at,
        _object(response.content),
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust; reading the certificates takes longer than most answers."""
    return httpx.create_ssl_context()


def _why(error: BaseException) -> Why:
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return Why.SLOW
    if isinstance(error, httpx.ProxyError):
        return Why.PROXY
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return Why.NAME
        if isinstance(cause, ssl.SSLError):
            return Why.TLS
        cause = cause.__cause__ or cause.__context__
    return Why.REFUSED if isinstance(error, httpx.ConnectError) else Why.OTHER


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def clock_finding(date: str, at: datetime) -> Finding | None:
    """How this machine's clock stands beside a server's Date header; None where it says nothing.

    `at`: by this machine's clock, when the header was written, roughly.
    """
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    off = at - theirs
    seconds = round(abs(off).total_seconds())
    if abs(off) <= SKEW_WARNS:
        return fine("clock.skew.right", seconds=seconds)
    values = {"by": _said(seconds), "way": "nhanh" if off > timedelta(0) else "chậm"}
    return bad("clock.skew.far", **values) if abs(off) > SKEW_FAILS else warn("clock.skew.near", **values)


def _said(seconds: int) -> str:
    return f"{seconds} giây" if seconds < 120 else f"{seconds // 60} phút"
