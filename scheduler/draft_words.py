"""One piece of what a clerk types of an assignment, known by its look: a deadline, a document, who …"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from office import people
from office.assignments import Priority

_WORKING_DAYS = re.compile(r"(?:trong )?(\d{1,3}) ngay(?: lam viec)?\Z")
_DAY = re.compile(
    r"(?:han |truoc |den |het |ngay |han den |han het )*(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?\Z"
)
_DOCUMENT = re.compile(
    r"(?:(?:theo|cv|công văn|kế hoạch|quyết định|văn bản|cong van|ke hoach|quyet dinh|van ban)\s+)*"
    r"(?:s[ốo]\s+)?"
    r"(?P<number>\d+[\w]*/[\w.&-]*[A-Za-zĐ][\w.&/-]*)"
    r"(?:\s*(?:,|ng[àa]y)?\s*(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4}))?\Z",
    re.IGNORECASE,
)
_PRIORITIES = {
    "thuong": Priority.ORDINARY,
    "khan": Priority.URGENT,
    "hoa toc": Priority.EXPRESS,
    "thuong khan": Priority.URGENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a piece says; only one kind is set. `text`: nothing else fitted, so it is the work itself."""

    text: str = ""
    department_id: int | None = None
    member_ids: tuple[int, ...] = ()
    due_on: date | None = None
    working_days: int | None = None
    document: str | None = None
    document_date: date | None = None
    given_by: str | None = None
    priority: str | None = None
    express_reason: str | None = None


def read_piece(session: Session, text: str, today: date) -> Piece:
    """Recognise a piece. A day without a year is the next such day."""
    words = " ".join(text.split())
    folded = people.plain(words)
    if match := _WORKING_DAYS.match(folded):
        return Piece(working_days=int(match[1]))
    if match := _DAY.match(_spaced(words)):
        return Piece(due_on=_day(match, today)) if _day(match, today) else Piece(text=words)
    if match := _DOCUMENT.match(words):
        return _document(match)
    if folded in _PRIORITIES:
        return Piece(priority=_PRIORITIES[folded])
    if folded.startswith("hoa toc "):
        reason = re.sub(r"^\S+\s+\S+\s*(?:(?:lý do|ly do|vì|vi)\s*:?\s*)?", "", words, flags=re.IGNORECASE)
        return Piece(priority=Priority.EXPRESS, express_reason=reason or None)
    for prefix in ("giao boi ", "nguoi giao "):
        if folded.startswith(prefix):
            return Piece(given_by=" ".join(words.split()[2:]).lstrip(": "))
    return _who(session, words) or Piece(text=words)


def _spaced(words: str) -> str:
    """Marks off, slashes kept."""
    return " ".join(people.plain(part) if "/" not in part else part for part in words.split())


def _day(match: re.Match[str], today: date) -> date | None:
    try:
        found = date(int(match[3] or today.year), int(match[2]), int(match[1]))
        if not match[3] and found < today:
            found = found.replace(year=today.year + 1)
    except ValueError:
        return None
    return found


def _document(match: re.Match[str]) -> Piece:
    dated = None
    if match["day"]:
        try:
            dated = date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            dated = None
    return Piece(document=match["number"], document_date=dated)


def _who(session: Session, words: str) -> Piece | None:
    """A department, or people, each named clearly."""
    department = people.find_department(session, words)
    if department is not None and _means(words, department.name, department.key):
        return Piece(department_id=department.id)
    names = [name.strip() for name in words.split(",") if name.strip()]
    found = [people.find_people(session, name) for name in names]
    if names and all(len(persons) == 1 for persons in found):
        return Piece(member_ids=tuple(persons[0].id for persons in found))
    return None


def _means(words: str, name: str, key: str) -> bool:
    """Whether the words are a name of the department, not a sentence in which it occurs."""
    said, full = people.plain(words), people.plain(name)
    short = full.removeprefix("phong ")
    return said in (full, short, key) or people.key_of(words) == key or len(said.split()) <= 4
