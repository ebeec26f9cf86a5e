"""A request for more time as a letter in the administrative layout, ready to be numbered and signed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from knowledge.phrases import Phrases
from office import people
from office.assignments import Assignment, Decision, Extension
from office.clock import ZONE
from office.people import Department


def letter(session: Session, row: Assignment, request: Extension) -> str:
    """The letter, in lines. What only the office knows (number, place, signer) is left open."""
    words = Phrases.read(Path(__file__).with_name("texts_letter.yaml"))
    asked = request.asked_at.astimezone(ZONE)
    department = session.get(Department, row.department_id) if row.department_id else None
    document = words("none")
    if row.document:
        dated = row.document_date
        document = words("dated", document=row.document, date=f"{dated:%d/%m/%Y}") if dated else row.document
    answer = ""
    if request.decision is not Decision.WAITING:
        granted = f" {request.granted_due:%d/%m/%Y}" if request.granted_due else ""
        answer = words("answer", decision=request.decision.label + granted)
    text = words(
        "letter",
        department=department.name.upper() if department else words("unit"),
        unit=department.name if department else words("unit"),
        day=asked.day,
        month=asked.month,
        year=asked.year,
        id=row.id,
        title=row.title,
        document=document,
        due=f"{request.due_before:%d/%m/%Y}",
        asked=f"{request.asked_due:%d/%m/%Y}",
        reason=request.reason,
        who=people.name_of(session, request.member_id),
    )
    return text + (f"\n{answer}" if answer else "")
