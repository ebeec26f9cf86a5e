"""Reads what an Official Account says of itself (getoa), for who asks without the channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.channels.zalo_calls import Lost, WrongToken
from bot.channels.zalo_oa_api import Identity
from bot.channels.zalo_oa_errors import OaError, ended, needs_new_token

PATH = "/v2.0/oa/getoa"
STATE_AGENCY = "4"  # «Cơ quan nhà nước»

_UNREADABLE = "Không đọc được câu trả lời của Zalo."


def identity_of(body: Mapping[str, Any] | None) -> Identity:
    """Read an answer (None: it was no JSON object). Raises WrongToken where the access token isn't taken, and
    what bot.channels.zalo_calls has for other errors."""
    code = _code(body)
    if body is None or code is None:
        raise Lost(_UNREADABLE)
    if needs_new_token(code):
        raise WrongToken(OaError.TOKEN_INVALID.label)
    if code:
        raise ended(code, str(body.get("message") or ""))
    try:
        return Identity.model_validate(body.get("data"))
    except ValidationError:
        pass  # raised below: the error's text quotes the answer
    raise Lost(_UNREADABLE)


def _code(body: Mapping[str, Any] | None) -> int | None:
    try:
        return int(str((body or {}).get("error")))
    except ValueError:
        return None
