"""What people type after a command: days, names, reasons. All raise office.refusal.Refused."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sqlalchemy.orm import Session

from handlers.staff import said
from office import people
from office.people import Department, Person
from office.refusal import Refused

_REASON = re.compile(r"(?:^|[\s,;])(?:lý do|ly do|vì)\s*:?\s+", re.IGNORECASE)
_NAMED_DAYS = {"hom nay": 0, "nay": 0, "mai": 1, "ngay mai": 1, "mot": 2, "ngay kia": 2}


def parse_day(text: str, today: date) -> date:
    """25/11, 25/11/2026, hôm nay, mai. Without a year: the next such day, or one at most 60 days ago."""
    words = text.strip()
    shift = _NAMED_DAYS.get(people.plain(words))
    if shift is not None:
        return today + timedelta(days=shift)
    match = said.DAY.fullmatch(words)
    if match:
        day, month = int(match[1]), int(match[2])
        year = int(match[3]) if match[3] else today.year
        try:
            found = date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            match = None
        else:
            if not match[3] and (today - found).days > 60:
                return _in_year(found, today.year + 1)
            return found
    raise Refused(f"«{words[:40]}» không phải ngày.", "Viết ngày/tháng, ví dụ 30/11 hoặc 30/11/2026.")


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:  # 29/2
        return date(year, 3, 1)


def split_reason(text: str) -> tuple[str, str]:
    """What stands before «lý do …», and the reason ("" where there is none)."""
    match = _REASON.search(text)
    if match is None:
        return text.strip(), ""
    return text[: match.start()].strip(" ,;"), text[match.end() :].strip()


def day_and_reason(text: str) -> tuple[str, str]:
    """«đến 20/12 vi chờ số liệu»: the day and the reason, which needs no «lý do» after a day."""
    day_text, reason = split_reason(text)
    day_text = said.day_in(day_text)
    day, _, more = day_text.partition(" ")
    if reason or not more or not said.is_day(day):
        return day_text, reason
    first, _, others = more.strip(" ,;").partition(" ")
    led = people.plain(first) in ("vi", "do", "tai") and others
    return day.rstrip(",;"), others.strip() if led else more.strip(" ,;")


def demand_reason(text: str) -> None:
    """Refuse an answer that can't be the reason that was asked for."""
    if said.empty(text):
        raise Refused("Em chưa ghi: đây chưa phải lý do.", "Xin viết lý do, hoặc gõ «thôi» để dừng.")


def take_number(text: str) -> tuple[int, str]:
    """The number of an assignment in front, and the rest; «việc số 12 ạ» is a number too."""
    at = said.leading(text)
    parts = text.split(maxsplit=at + 1)[at:]
    found = said.number_in(parts[0]) if parts else None
    if found is None:
        raise Refused("Cần số của nhiệm vụ.", "Ví dụ: nhan 12. Xem số ở danh sách việc: /viec")
    rest = parts[1].strip() if len(parts) > 1 else ""
    return found, "" if said.idle(rest) else rest


def one_person(session: Session, words: str) -> Person:
    """The one member of that name."""
    found = people.find_people(session, words)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(f"Không thấy ai tên «{words.strip()[:60]}».", "Xem danh sách: /nguoi")
    known = people.departments(session)
    where = {department.id: department.name for department in known}
    names = "; ".join(f"{p.name} ({where.get(p.department_id or 0, 'chưa có phòng')})" for p in found[:6])
    raise Refused(f"Có {len(found)} người tên «{words.strip()[:60]}»: {names}.", "Viết đủ họ tên.")


def one_department(session: Session, words: str) -> Department:
    """The one department of that name, key or initials."""
    found = people.find_department(session, words)
    if found is None:
        known = (
            ", ".join(department.name for department in people.departments(session)) or "chưa có phòng nào"
        )
        raise Refused(f"Không rõ phòng «{words.strip()[:60]}».", f"Các phòng: {known}.")
    return found
