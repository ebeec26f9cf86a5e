"""What is kept of a person: a keyed hash instead of the platform's id, and words without personal numbers."""

from __future__ import annotations

import hashlib
import hmac
import re

HASH_LENGTH = 32

_GAP = r"[\s.\-‐‑–()]"
_DATE = r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])(?P<sep>[./-])(?:0?[1-9]|1[0-2])(?P=sep)(?:19|20)\d{2}(?![.-]?\d)"
_ISO_DATE = r"(?<!\d)(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!-?\d)"
_PROCEDURE = r"(?<!\d)(?<!\d\.)[1-9]\.\d{6}(?:\.\d{3}(?:\.\d{2}){2}\.h\d{2})?(?!\d)"
_DOSSIER = r"(?<!\w)(?=[\d.]{0,12}[gh]\d\d)[0-9a-z]{2,3}(?:\.[0-9a-z]{2,3})*-\d{6}-\d{4,6}(?!\d)"
_MONEY = r"(?<!\d)[1-9]\d*(?:[., ]\d{3})*\s?(?:đồng|đ|vnđ|vnd|nghìn|ngàn|triệu|tr|tỷ|tỉ|usd)\b"
_AMOUNT = r"(?<!\d)(?<!\d\.)[1-9]\d{0,2}(?:\.\d{3})+(?!\.?\d)"
_PHONE = (
    rf"(?<!\d)(?:\((?=\+?\d{{2,4}}\)))?(?:(?:\+|00)?84{_GAP}{{0,3}}0?|0){_GAP}{{0,2}}"
    rf"(?:[35789](?:{_GAP}{{0,2}}\d){{8}}|2(?:{_GAP}{{0,2}}\d){{8,9}})(?!\d)"
)
_NAMED = (
    r"(?P<name>(?<!\w)(?:stk|tài khoản|cmnd|cmt|cccd|căn cước(?: công dân)?|hộ chiếu)(?:\s|:|số|là)*)"
    r"[a-z]?\d(?:[\s.\-]?\d){5,18}(?!\d)"
)
_GROUPS = (
    r"(?<!\d)(?:\d{3,4}(?:[\s\-]\d{3,4}){2,}(?:[\s\-]\d{1,3})?|0\d\d(?:\.\d{3}){2,}|\d{4}(?:\.\d{4}){2,})"
    r"(?!\d|/\d{4}/)"
)
_RUN = r"(?<!\d)\d{9,}"

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# The first alternative that fits wins. A telephone number comes before a bare amount: 84.912.345.678 may be
# either, and a lost amount does less harm than a kept telephone number.
_NUMBER = re.compile(
    rf"(?P<keep>{_DATE}|{_ISO_DATE}|{_PROCEDURE}|{_DOSSIER}|{_MONEY})|(?P<phone>{_PHONE})|(?P<amount>{_AMOUNT})"
    rf"|{_NAMED}|(?P<number>{_GROUPS}|{_RUN})",
    re.IGNORECASE,
)


def keyed_hash(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 of the parts, told apart from each other, as 32 hexadecimal characters."""
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:HASH_LENGTH]


def person_hash(channel: str, sender: str, key: bytes) -> str:
    """The name under which a sender's questions are kept: always the same, and useless without the key."""
    return keyed_hash(key, channel, sender)


def redact(text: str) -> str:
    """Put words in brackets for telephone, identity card, account and card numbers and e-mail addresses.

    Codes of procedures and dossiers, numbers of documents, amounts of money and dates stay. Bare numbers of
    nine digits or more go; threes of digits with dots are taken for an amount unless a word before says
    otherwise.
    """
    return _NUMBER.sub(_mask, _EMAIL.sub("[email]", text))


def _mask(match: re.Match[str]) -> str:
    if match["keep"] or match["amount"]:
        return match[0]
    if match["phone"]:
        return "[số điện thoại]"
    name = match["name"] or ""
    digits = sum(c.isdigit() for c in match[0])
    return name + ("[số giấy tờ]" if digits in (9, 12) else "[số tài khoản]")
