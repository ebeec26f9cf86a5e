"""A request for more time as a letter in the administrative layout, ready to be numbered and signed."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.orm import Session

from knowledge.phrases import Phrases
from office import people
from office.assignments import Assignment, Decision, Extension
from office.clock import ZONE
from office.people import Department
from office.settings import Office

_SYMBOL = re.compile(r"\d+(?:/\d{4})?/(?P<kind>[A-ZĐa-z]+)")
_HEADS = ("phòng", "văn phòng", "thanh tra", "trung tâm")  # what a department's name begins with


def letter(session: Session, row: Assignment, request: Extension, *, office: str) -> str:
    """The letter, in lines. `office`: its name. What only it knows (number, place, signer) is left open."""
    words = Phrases.read(Path(__file__).with_name("texts_letter.yaml"))
    asked = request.asked_at.astimezone(ZONE)
    department = _department(session, row, request)
    given_to = session.get(Department, row.department_id) if row.department_id else None
    name = words("office") if office == Office().name else office
    until = request.granted_due or request.asked_due
    text = words(
        "letter",
        office=name,
        leader=words("leader_of_so" if name.split()[0] == "Sở" else "leader"),
        department=department.name.upper() if department else words("unit"),
        signer=_signer(words, department),
        unit=given_to.name if given_to else words("unit"),
        day=asked.day,
        month=asked.month,
        year=asked.year,
        id=row.id,
        title=row.title,
        basis=_basis(words, row),
        due=f"{request.due_before:%d/%m/%Y}",
        asked=f"{until:%d/%m/%Y}",
        reason=request.reason,
        who=people.name_of(session, request.member_id),
    )
    if request.decision is Decision.WAITING:
        return text
    said = "refused" if request.decision is Decision.REFUSED else "granted"
    return f"{text}\n{words(f'answer.{said}', date=f'{until:%d/%m/%Y}')}"


def _department(session: Session, row: Assignment, request: Extension) -> Department | None:
    """Whose the work is; of work given to a person, where whoever asks belongs."""
    asking = people.person(session, request.member_id)
    number = row.department_id or (asking.department_id if asking else None)
    return session.get(Department, number) if number else None


def _signer(words: Phrases, department: Department | None) -> str:
    """Who signs: the head of the department, by the title that goes with its kind."""
    if department is None:
        return words("signer.unknown")
    name = department.name.casefold()
    kind = next((head for head in _HEADS if name.startswith(head)), "other")
    return words(f"signer.{people.key_of(kind)}", department=department.name.upper())


def _basis(words: Phrases, row: Assignment) -> str:
    """«Thực hiện Công văn số 375/SCT-VP ngày 29/03/2021, »; "" where no document is named.

    The kind is read from the symbol (12/KH-UBND); an official letter's begins with who wrote it instead.
    """
    if not row.document:
        return ""
    dated = row.document_date
    document = words("dated", document=row.document, date=f"{dated:%d/%m/%Y}") if dated else row.document
    symbol = _SYMBOL.match(row.document)
    if symbol is not None:
        document = words("numbered", kind=_kind(words, symbol["kind"]), document=document)
    return words("basis", document=document)


def _kind(words: Phrases, letters: str) -> str:
    """What a document with such letters after its number is called."""
    try:
        return words(f"kinds.{letters}")
    except KeyError:
        return words("official_letter" if len(letters) > 2 else "document")
