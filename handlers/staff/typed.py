"""What a button of the staff does, as words to type: for chats that have no buttons, and for messages that
nobody asked for, where a number would mean nothing."""

from __future__ import annotations

import re

from office.assignments import TAP_VERB
from scheduler.schedule import fold

_N = r"\d{1,9}"
_ABOUT_WORK = ("nhan", "xong", "giahan", "xem", "xacnhan", "tralai", "duyet", "tuchoi", "ngaykhac")
_FORMS = {
    **dict.fromkeys(_ABOUT_WORK, _N),
    "nhom": rf"{_N} (?:{_N}|tuchoi)",
    "tin": rf"(?:toi|lai) {_N}",
    "tb": rf"[a-z]+ {_N}(?: [a-z0-9]+)?",
    "hd": rf"[a-z]+ {_N}(?: [a-z0-9._-]+)?",
}
_CODE = re.compile("|".join(f"{verb} {form}" for verb, form in _FORMS.items()), re.ASCII)


def code_of(payload: str) -> str | None:
    """The words that do what a choice does: «s:nhan:12» → «nhan 12»; None when it has none."""
    verb, _, rest = payload.partition(":")
    code = rest.replace(":", " ")
    return code if verb == TAP_VERB and " " not in rest and _CODE.fullmatch(code) else None


def payload_of(text: str) -> str | None:
    """The choice that words stand for, «Nhận 12» → «s:nhan:12»; None when they are no code."""
    code = fold(text)
    return f"{TAP_VERB}:{code.replace(' ', ':')}" if _CODE.fullmatch(code) else None
