"""What the fake Official Account refuses of a message, whoever it is for. Every function raises Refusal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.zalo_oa_parts import Refusal, User

LONGEST_TEXT = 2000  # code points as they come: two for a letter with its tone apart
FREE, BILLED = timedelta(hours=48), timedelta(days=7)
MOST_BUTTONS, LONGEST_TITLE, LONGEST_PAYLOAD, MOST_ELEMENTS = 5, 100, 1000, 5
QUERIES = ("oa.query.show", "oa.query.hide")
_BUTTON_TYPES = ("oa.open.url", *QUERIES, "oa.open.phone", "oa.open.sms")


def bad(message: str) -> Refusal:
    return Refusal(-201, message)


def part(given: Any, key: str) -> dict[str, Any]:
    """An object inside an object."""
    value = given.get(key) if isinstance(given, dict) else None
    if not isinstance(value, dict):
        raise bad(f"{key} is invalid")
    return value


def checked_text(message: dict[str, Any], *, needed: bool) -> str:
    text = message.get("text", "")
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise bad("text is invalid")
    if needed and not text.strip():
        raise bad("text is empty")
    return text


def checked_buttons(payload: dict[str, Any]) -> list[dict[str, Any]]:
    buttons = payload.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MOST_BUTTONS:
        raise bad("buttons is invalid")
    for button in buttons:
        _check_button(button)
    return buttons


def _check_button(button: Any) -> None:
    if not isinstance(button, dict):
        raise bad("button is invalid")
    title, kind, payload = button.get("title"), button.get("type"), button.get("payload")
    if not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TITLE:
        raise bad("button title is invalid")
    if kind not in _BUTTON_TYPES:
        raise bad("button type is invalid")
    if kind in QUERIES:
        fine = isinstance(payload, str) and 0 < len(payload) <= LONGEST_PAYLOAD
    elif kind == "oa.open.url":
        url = payload.get("url") if isinstance(payload, dict) else None
        fine = (
            isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= LONGEST_PAYLOAD
        )
    else:
        fine = isinstance(payload, dict) and bool(payload)
    if not fine:
        raise bad("button payload is invalid")


def checked_elements(payload: dict[str, Any]) -> list[dict[str, Any]]:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= MOST_ELEMENTS:
        raise bad("elements is invalid")
    if not all(isinstance(element, dict) for element in elements):
        raise bad("element is invalid")
    return elements


def billed(user: User, now: datetime, window_error: int) -> bool:
    """Whether a customer-service message to somebody costs now. Refusal where it may not be sent at all."""
    if user.blocked:
        raise Refusal(-227, "User is banned or has been inactive for more than 45 days")
    if user.wrote_at is None and not user.follows:
        raise Refusal(-213, "User has not followed OA")
    if user.wrote_at is None or now - user.wrote_at > BILLED:
        raise Refusal(window_error, "User has not interacted with the OA in the past 7 days")
    return now - user.wrote_at > FREE
