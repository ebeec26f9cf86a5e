"""What the Bot API refuses, and in which words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.http_server import Upload
from tests.fakes.telegram_html import BadMarkup, shown
from tests.fakes.telegram_parts import Refusal

_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff")
_PHOTO_LIMIT = 10 * 2**20
_FILE_LIMIT = 50 * 2**20


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text_of(given: dict[str, Any]) -> str:
    """The text as it will look. Refuses what Telegram refuses."""
    text = given.get("text", "")
    if len(text.encode()) > 32768:
        raise Refusal(400, "Bad Request: text is too long")
    mode = given.get("parse_mode", "")
    if mode not in ("", "HTML"):
        raise Refusal(400, "Bad Request: unsupported parse_mode")
    try:
        text = (shown(text) if mode else text).strip()
    except BadMarkup as error:
        raise Refusal(400, f"Bad Request: can't parse entities: {error}") from error
    if not text:
        raise Refusal(400, "Bad Request: message text is empty")
    if utf16(text) > 4096:
        raise Refusal(400, "Bad Request: message is too long")
    return str(text)


def keyboard_of(given: dict[str, Any]) -> list[list[dict[str, Any]]]:
    if not given.get("reply_markup"):
        return []
    markup = object_of(given["reply_markup"], "reply keyboard markup")
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refusal(400, "Bad Request: object expected as reply markup")
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100:
        raise Refusal(400, "Bad Request: reply markup is too long")
    for button in buttons:
        _check_button(button)
    return [row for row in rows if row]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"].strip():
        raise Refusal(400, "Bad Request: can't parse inline keyboard button: button text must be non-empty")
    if "url" in button:
        host = urlsplit(button["url"]).hostname or ""
        if not button["url"].startswith(("http://", "https://", "tg://")) or "." not in host:
            words = f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
            raise Refusal(400, f"Bad Request: {words}")
    elif "callback_data" not in button:
        raise Refusal(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
    elif not 0 < len(button["callback_data"].encode()) <= 64:
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")


def check_file(upload: Upload | None, *, picture: bool) -> Upload:
    """A file that may be sent."""
    if upload is None:
        raise Refusal(400, f"Bad Request: there is no {'photo' if picture else 'document'} in the request")
    if not upload.content:
        raise Refusal(400, "Bad Request: file must be non-empty")
    if len(upload.content) > _FILE_LIMIT:
        raise Refusal(413, "Request Entity Too Large")
    if picture and len(upload.content) > _PHOTO_LIMIT:
        raise Refusal(400, "Bad Request: file is too big")
    if picture and not upload.content.startswith(_PICTURES):
        raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
    return upload


def object_of(value: Any, what: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Refusal(400, f"Bad Request: can't parse {what} JSON object")
    return parsed


def list_of(value: Any) -> list[str]:
    parsed = json.loads(value) if isinstance(value, str) else value
    if not isinstance(parsed, list):
        raise Refusal(400, "Bad Request: can't parse allowed updates")
    return parsed


def hold(times: Sequence[float], now: float, *, count: int, span: float) -> None:
    """Refuse what would be one more than `count` within `span` seconds."""
    if len(times) >= count and times[-count] > now - span:
        wait = max(1, math.ceil(times[-count] + span - now))
        raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


def int_of(given: dict[str, Any], name: str) -> int:
    return int(given[name]) if is_int(given.get(name, "")) else 0


def is_int(value: Any) -> bool:
    return re.fullmatch(r"-?\d+", str(value)) is not None
