"""What an Official Account says of itself (getoa)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.channels.zalo_calls import NotSent, WrongToken
from bot.channels.zalo_oa_errors import OaError, ended, needs_new_token
from bot.channels.zalo_oa_loose import Loose, Text
from knowledge.vietnamese import fold

PATH = "/v2.0/oa/getoa"
STATE_AGENCY = "4"  # «Cơ quan nhà nước»

_GENERIC = frozenset(
    {"ubnd", "uy", "ban", "nhan", "dan", "hdnd", "so", "phong", "chi", "cuc", "trung", "tam", "van", "tinh"}
    | {"thanh", "pho", "tp", "huyen", "quan", "phuong", "xa", "thi", "tran", "dac", "khu", "oa", "zalo"}
    | {"cong", "thong", "tin", "dien", "tu", "chinh", "co", "chua", "dat", "ten"}
)

_UNREADABLE = "Không đọc được câu trả lời của Zalo khi hỏi thông tin của OA."


class Identity(Loose):
    """What an account is. `oa_type`: see STATE_AGENCY."""

    oa_id: Text = ""
    name: Text = ""
    is_verified: bool | None = None
    oa_type: Text = ""
    package_name: Text = ""


def looks_alike(name: str, office: str) -> bool:
    """Whether an account's name and an office's share a word that says which office it is, be it by its first
    letters («SCT»); True where there is none to go by."""
    ours, theirs = (re.findall(r"[a-z0-9]+", fold(said)) for said in (office, name))
    telling = set(ours) - _GENERIC, set(theirs) - _GENERIC
    if not all(telling):
        return True
    initials = "".join(word[0] for word in ours)
    return any(
        word in telling[0]
        or (len(word) > 2 and word in initials)
        or any(len(own) > 3 and own in word for own in telling[0])
        for word in telling[1]
    )


def read_identity(data: Any) -> Identity:
    """The data of a good answer. Raises NotSent."""
    try:
        return Identity.model_validate(data)
    except ValidationError:
        pass  # raised below: the error's text quotes the answer
    raise NotSent(_UNREADABLE, network=False)


def identity_of(body: Mapping[str, Any] | None) -> Identity:
    """A whole answer (None: it was no JSON object), for who asks without the channel. Raises WrongToken where
    the access token isn't taken, and what bot.channels.zalo_calls has for other errors."""
    code = _code(body)
    if body is None or code is None:
        raise NotSent(_UNREADABLE, network=False)
    if needs_new_token(code):
        raise WrongToken(OaError.TOKEN_INVALID.label)
    if code:
        raise ended(code, str(body.get("message") or ""))
    return read_identity(body.get("data"))


def _code(body: Mapping[str, Any] | None) -> int | None:
    try:
        return int(str((body or {}).get("error")))
    except ValueError:
        return None
