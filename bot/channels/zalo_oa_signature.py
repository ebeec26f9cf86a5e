"""Whether an event really comes from Zalo: the signature over the very bytes of its body."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

HEADER = "X-ZEvent-Signature"
PROBE = f"mac={'0' * 64}"  # never right: with it the office's own check asks whether wrong ones are refused
_PREFIX = "mac="
_HEX = re.compile(r"[0-9a-fA-F]{64}\Z")
# In JSON a quotation mark inside a string has a backslash before it, so no text of a citizen looks like this.
_STAMP = re.compile(rb'"timestamp"\s{0,9}:\s{0,9}(?:"([^"\\]{1,64})"|([-+.0-9eE]{1,64}))')
_STAMPS = 4  # that are tried: an event has one, and what it carries may have others


def parse(body: bytes) -> dict[str, Any] | None:
    """The object in a body; None when there is none. A number keeps the digits it was written with."""
    try:
        raw = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None


def verify(body: bytes, header: str, *, app_id: str, secrets: Sequence[str]) -> str:
    """The secret that a header's signature of a body was made with, "" for none of them: SHA-256 (no HMAC) of
    the app's id, the body, the body's own timestamp and the secret; "mac=" before it or not.

    Of a body that isn't known to be Zalo's nothing is read but the timestamp, where it stands.
    """
    given = _bare(header).lower().encode("utf-8", "replace")
    begun = hashlib.sha256(app_id.encode() + body)
    stamps = [*islice(_stamps(body), _STAMPS)]
    right = ""
    for secret in filter(None, secrets):
        for stamp in stamps:
            whole = begun.copy()
            whole.update(stamp + secret.encode())
            if hmac.compare_digest(given, whole.hexdigest().encode()):
                right = secret
    return right


def looks_like_event(body: bytes) -> bool:
    """Whether a body may be an event of Zalo's, by its bytes: anybody can post anything else."""
    return b'"event_name"' in body and next(_stamps(body), None) is not None


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


def _stamps(body: bytes) -> Iterator[bytes]:
    """What may be the timestamp, as it was written."""
    return (match[1] or match[2] for match in _STAMP.finditer(body))
