"""A period in words: tháng 11, tháng trước, quý 4, năm 2026, tuần, từ 01/11 đến 30/11."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from handlers.staff.words import parse_day
from office.people import plain
from office.refusal import Refused

_MONTH = re.compile(r"thang (\d{1,2})(?: (?:nam )?(\d{4}))?\Z")
_QUARTER = re.compile(r"quy ([1-4]|i{1,3}|iv)(?: (?:nam )?(\d{4}))?\Z")
_YEAR = re.compile(r"nam (\d{4})\Z")
_SPAN = re.compile(r"(?:tu\s+)?(\S+)\s+(?:den|-)\s+(\S+)\Z")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


def parse_period(text: str, today: date) -> tuple[date, date]:
    """The first and the last day; without words the present month. Raises Refused."""
    words = plain(text)
    if not words or words in ("thang", "thang nay"):
        return _month(today.year, today.month)
    if words == "thang truoc":
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    if words in ("tuan", "tuan nay"):
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=6)
    if words in ("nam", "nam nay"):
        return date(today.year, 1, 1), date(today.year, 12, 31)
    if match := _MONTH.match(words):
        month = int(match[1])
        if 1 <= month <= 12:
            return _month(int(match[2] or today.year), month)
    if match := _QUARTER.match(words):
        quarter = _ROMAN.get(match[1]) or int(match[1])
        year = int(match[2] or today.year)
        return date(year, 3 * quarter - 2, 1), _month(year, 3 * quarter)[1]
    if match := _YEAR.match(words):
        return date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)
    if match := _SPAN.match(" ".join(_plain_words(text))):
        since, until = parse_day(match[1], today), parse_day(match[2], today)
        if until < since:
            raise Refused("Ngày cuối phải sau ngày đầu.")
        return since, until
    raise Refused(
        f"Không rõ khoảng thời gian «{text[:40]}».",
        "Ví dụ: tháng 11, quý 4, năm 2026, hoặc 01/11 đến 30/11.",
    )


def _plain_words(text: str) -> list[str]:
    """Marks off the words, days left as they are."""
    return [word if "/" in word else plain(word) or word for word in text.split()]


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
