"""Consent to a Zalo Official Account with PKCE, decided without talking to anybody: the address that asks for
it, and what the address says that the browser ends at."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlencode, urlsplit

VERIFIER_LENGTH = 43


class Encoding(StrEnum):
    """How the challenge is written; sources differ on what Zalo takes."""

    URL = "base64url"
    PLAIN = "base64"


class BadReturn(Exception):
    """The address that was pasted doesn't do; `reason` says in Vietnamese why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A question to the account's administrator: `url` asks it, the rest belongs to its answer."""

    url: str
    verifier: str = field(repr=False)
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What consent brought: `code` is exchanged for tokens; `oa_id` "" where the address doesn't say."""

    code: str = field(repr=False)
    oa_id: str


def challenge_of(verifier: str, encoding: Encoding = Encoding.URL) -> str:
    """SHA-256 of a verifier, without padding."""
    digest = hashlib.sha256(verifier.encode()).digest()
    encode = base64.urlsafe_b64encode if encoding is Encoding.URL else base64.b64encode
    return encode(digest).decode().rstrip("=")


def ask_consent(
    *, oauth_url: str, app_id: str, redirect_url: str, encoding: Encoding = Encoding.URL
) -> Consent:
    """A new question with secrets of its own."""
    verifier = secrets.token_urlsafe(32)[:VERIFIER_LENGTH]  # 32 bytes make 43 characters
    state = secrets.token_urlsafe(12)
    query = urlencode(
        {
            "app_id": app_id,
            "redirect_uri": redirect_url,
            "code_challenge": challenge_of(verifier, encoding),
            "state": state,
        }
    )
    return Consent(url=f"{oauth_url.rstrip('/')}/v4/oa/permission?{query}", verifier=verifier, state=state)


def read_return(pasted: str, *, state: str, oa_id: str) -> Returned:
    """The code in the address that the browser ended at, or in its query. Raises BadReturn.

    Zalo may leave out the state; one that is there must be ours.
    """
    text = "".join(pasted.split()).strip("<>\"'«»")
    if not text:
        raise BadReturn("chưa dán địa chỉ nào: dán cả địa chỉ trình duyệt dừng lại")
    try:
        query = urlsplit(text).query or text.rpartition("?")[2]
    except ValueError:
        query = ""
    if not query:
        raise BadReturn("địa chỉ không đúng dạng: chép cả địa chỉ trên thanh địa chỉ của trình duyệt")
    found = {name: values[0] for name, values in parse_qs(query).items()}
    if "/v4/oa/permission" in text:
        raise BadReturn(
            "đây là địa chỉ để mở, chưa phải địa chỉ trả về: mở nó trên trình duyệt, đồng ý cấp quyền, rồi "
            "chép địa chỉ mà trình duyệt chuyển tới"
        )
    if "code" not in found:
        raise BadReturn(
            "địa chỉ không có «code=»: chép cả địa chỉ trên thanh địa chỉ sau khi bấm đồng ý; nếu đã bấm từ "
            "chối thì mở lại địa chỉ vừa in ra"
        )
    if found.get("state", state) != state:
        raise BadReturn("địa chỉ này thuộc một lần cấp quyền khác: mở địa chỉ vừa in ra")
    chosen = found.get("oa_id", "")
    if chosen and chosen != oa_id:
        raise BadReturn(
            f"đã cấp quyền cho OA {chosen}, còn cấu hình là OA {oa_id}: mở lại địa chỉ vừa in ra và chọn "
            "đúng OA, hoặc sửa zalo_oa.oa_id"
        )
    return Returned(code=found["code"], oa_id=chosen)
