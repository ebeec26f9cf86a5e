"""What the Zalo Bot Platform refuses. The words are our own: nobody has written down the real ones."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tests.fakes.zalo_bot_parts import Refusal

_LIMIT = 2000
_PARSE_MODES = ("markdown", "html")
_STYLE = re.compile(r"[bius]|f_(13|15|18|20)|c_(050a19|15a85f|f7b503|f27806|db342e)|lst_[12]|ind_[1-5]")
_THIS_MACHINE = ("127.0.0.1", "localhost")
_PRIVATE = re.compile(r"localhost|(127|10)\..*|192\.168\..*")


def text_of(given: dict[str, Any], name: str = "text") -> str:
    """A text as it arrived. Counted as the style offsets are, in UTF-16 units: the stricter reading."""
    text = given.get(name)
    if not isinstance(text, str) or not text.strip():
        raise Refusal(400, f"Bad Request: {name} is empty")
    if utf16(text) > _LIMIT:
        raise Refusal(400, f"Bad Request: {name} is longer than {_LIMIT} characters")
    return text


def parse_mode_of(given: dict[str, Any]) -> str:
    mode = given.get("parse_mode")
    if mode is not None and mode not in _PARSE_MODES:
        raise Refusal(400, "Bad Request: unknown parse_mode")
    return mode or ""


def check_styles(given: dict[str, Any], text: str) -> None:
    """`text_styles`: [{"start", "len", "st": [codes]}]."""
    if "text_styles" not in given:
        return
    styles = given["text_styles"]
    try:
        styles = json.loads(styles) if isinstance(styles, str) else styles
        for style in styles:
            inside = style["start"] >= 0 and style["len"] > 0 and style["start"] + style["len"] <= utf16(text)
            if not inside or not all(_STYLE.fullmatch(code) for code in style["st"]):
                raise ValueError(style)
    except (ValueError, TypeError, KeyError) as cause:
        raise Refusal(400, "Bad Request: bad text_styles") from cause


def media_of(given: dict[str, Any], name: str, *, local: bool, ending: str = "") -> str:
    """The address of a picture or voice. `local`: http to this machine will do."""
    url = given.get(name)
    parts = _split(url)
    if parts is None or not (parts.scheme == "https" or (local and on_this_machine(str(url)))):
        raise Refusal(400, f"Bad Request: {name} must be an https URL")
    if not parts.path.endswith(ending):
        raise Refusal(400, f"Bad Request: {name} must end in {ending}")
    return str(url)


def check_webhook(url: Any, secret: Any, *, local: bool) -> None:
    """`local`: http and https to this machine will do."""
    parts = _split(url)
    if parts is None:
        raise Refusal(400, "Bad Request: url is missing or no URL")
    if not (local and on_this_machine(url)):
        if parts.scheme != "https":
            raise Refusal(400, "Bad Request: url must be https")
        if _PRIVATE.fullmatch(parts.hostname or ""):
            raise Refusal(400, "Bad Request: url must be public")
    if not isinstance(secret, str) or not 8 <= len(secret) <= 256:
        raise Refusal(400, "Bad Request: secret_token must have 8 to 256 characters")


def seconds_of(given: dict[str, Any]) -> float:
    """The time-out of a poll: a number or a string of digits; 30 when none is given."""
    timeout = given.get("timeout", 30)
    if isinstance(timeout, bool) or not re.fullmatch(r"\d{1,5}(\.\d+)?", str(timeout)):
        raise Refusal(400, "Bad Request: bad timeout")
    return float(timeout)


def on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in _THIS_MACHINE


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _split(url: Any) -> SplitResult | None:
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None
