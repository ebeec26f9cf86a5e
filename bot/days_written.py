"""Days and months as people write them on the command line."""

from __future__ import annotations

import re
from datetime import date


class BadDay(Exception):
    """A date or month that can't be read; the text says how to write it."""


def month_of(text: str) -> tuple[int, int]:
    """Year and month of 2026-02 or 02/2026. Raises BadDay."""
    match = re.fullmatch(r"(\d{4})-(\d{1,2})", text) or re.fullmatch(r"(\d{1,2})/(\d{4})", text)
    if match:
        year, month = (int(n) for n in (match.groups() if "-" in text else reversed(match.groups())))
        if 1975 <= year <= 2199 and 1 <= month <= 12:
            return year, month
    raise BadDay(f"«{text}» không phải tháng: viết dạng 2026-02 hoặc 02/2026")


def day_of(text: str) -> date:
    """The date of 2026-02-10 or 10/02/2026. Raises BadDay."""
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    parts = match.groups() if match else ()
    if not match and (match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)):
        parts = match.groups()[::-1]
    try:
        found = date(*(int(part) for part in parts))
    except (TypeError, ValueError):
        found = date.min
    if not 1975 <= found.year <= 2199:
        raise BadDay(f"«{text}» không phải ngày: viết dạng 2026-02-10 hoặc 10/02/2026")
    return found
