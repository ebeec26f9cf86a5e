"""Whether an event really comes from Zalo: the signature over the very bytes of its body."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

HEADER = "X-ZEvent-Signature"
PROBE = f"mac={'0' * 64}"  # never right: with it the office's own check asks whether wrong ones are refused
_PREFIX = "mac="
_HEX = re.compile(r"[0-9a-fA-F]{64}\Z")


def parse(body: bytes) -> dict[str, Any] | None:
    """The object in a body; None when there is none. A number keeps the digits it was written with."""
    try:
        raw = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None


def verify(body: bytes, header: str, *, app_id: str, secret: str) -> bool:
    """Whether a header is the signature of a body: SHA-256 (no HMAC) of the app's id, the body, the body's
    own timestamp and the secret; "mac=" before it or not.
    """
    raw = parse(body)
    stamp = raw.get("timestamp") if raw else None
    if not secret or not isinstance(stamp, str):
        return False
    expected = signature(body, app_id=app_id, timestamp=stamp, secret=secret)
    given = _bare(header).lower()
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def signature(body: bytes, *, app_id: str, timestamp: str, secret: str) -> str:
    """What Zalo computes, as 64 hexadecimal characters in lower case."""
    before, after = app_id.encode(), timestamp.encode("utf-8", "replace") + secret.encode()
    return hashlib.sha256(before + body + after).hexdigest()


def shape(header: str) -> str:
    """What a header looks like, in words that give nothing of it away, for the log."""
    if not header:
        return "không có"
    bare = _bare(header)
    prefix = "có mac=" if bare != header.strip() else "không có mac="
    if not _HEX.match(bare):
        return f"{prefix}, {len(bare)} ký tự không phải 64 chữ số hệ 16"
    case = "" if bare == bare.lower() else ", chữ hoa"
    return f"{prefix}, 64 chữ số hệ 16{case}"


def _bare(header: str) -> str:
    header = header.strip()
    return header[len(_PREFIX) :] if header[: len(_PREFIX)].lower() == _PREFIX else header
