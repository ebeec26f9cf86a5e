"""What a button of the staff does, as words to type: for chats that have no buttons, and for messages that
nobody asked for, where a number would mean nothing."""

from __future__ import annotations

import re

from office.assignments import TAP_VERB
from scheduler.schedule import fold

_N = r"\d{1,9}"
_FORMS = {
    **dict.fromkeys(("nhan", "xong", "giahan", "xem", "xacnhan", "tralai", "ngaykhac"), _N),
    "nhom": rf"{_N} (?:{_N}|tuchoi)",
    "tin": rf"(?:toi|lai) {_N}",
    "tb": rf"[a-z]+ {_N}(?: [a-z0-9]+)?",
    "hd": rf"[a-z]+ {_N}(?: [a-z0-9._-]+)?",
}
# The buttons under a request for more time carry its own number, the commands «duyet 12» and «tuchoi 12» the
# number of the assignment: typed, they must not be taken for each other.
_RENAMED = {"duyet": "dongy", "tuchoi": "khongdongy"}
_VERBS = {word: verb for verb, word in _RENAMED.items()}
_CODE = re.compile(
    "|".join(f"{verb} {form}" for verb, form in (_FORMS | dict.fromkeys(_VERBS, _N)).items()), re.ASCII
)
_AS_LABELLED = {
    "danhan": "nhan", "hoanthanh": "xong", "xingiahan": "giahan", "chitiet": "xem",
    "dadoc": "tb doc", "doc": "tb doc",
}  # fmt: skip
_APART = re.compile(rf"([a-z ]+) ({_N}(?: {_N})?)", re.ASCII)

WITH_NUMBER = frozenset({"xacnhan", "tralai", "duyet", "tuchoi"})
"""Commands that need no slash when a number follows: they do what a button does, and more."""


def code_of(payload: str) -> str | None:
    """The words that do what a choice does: «s:nhan:12» → «nhan 12»; None when it has none."""
    tap, _, rest = payload.partition(":")
    verb, *arguments = rest.split(":")
    code = " ".join((_RENAMED.get(verb, verb), *arguments))
    known = tap == TAP_VERB and verb not in _VERBS and _CODE.fullmatch(code)
    return code if known and payload_of(code) == payload else None


def payload_of(text: str) -> str | None:
    """The choice that words stand for: «Nhận 12», «đã nhận 12» → «s:nhan:12»; None when they are no code."""
    code = fold(text)
    if not _CODE.fullmatch(code):
        code = _as_labelled(code)
    if not _CODE.fullmatch(code):
        return None
    verb, *arguments = code.split()
    return ":".join((TAP_VERB, _VERBS.get(verb, verb), *arguments))


def _as_labelled(said: str) -> str:
    """«gia han 12» → «giahan 12», «da doc 5» → «tb doc 5»: as people write what stands on the buttons."""
    apart = _APART.fullmatch(said)
    if apart is None:
        return said
    verb = apart[1].replace(" ", "")
    return f"{_AS_LABELLED.get(verb, verb)} {apart[2]}"
