"""What the commands about people share: their texts, how a person is named, telling somebody."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from handlers.staff.request import StaffRequest
from handlers.staff.words import one_person
from knowledge.phrases import Phrases
from office import people
from office.people import Department, Person
from office.refusal import Refused

_NAMED = 8  # people of one name listed


@cache
def words() -> Phrases:
    """The texts about people and groups, read once."""
    return Phrases.read(Path(__file__).with_name("texts_people.yaml"))


def refuse(name: str, mend: str = "", /, **values: object) -> Refused:
    """A refusal by the names of its texts."""
    return Refused(words()(name, **values), words()(mend, **values) if mend else "")


def department_name(session: Session, department_id: int | None) -> str:
    """A department's name; that there is none."""
    row = session.get(Department, department_id) if department_id is not None else None
    return row.name if row is not None else words()("no_department")


def described(session: Session, person: Person) -> str:
    """«Nguyễn Văn A, chuyên viên, Phòng Quản lý thương mại»."""
    parts = [person.name, person.title]
    if person.department_id is not None:
        parts.append(department_name(session, person.department_id))
    return ", ".join(part for part in parts if part)


def person_named(session: Session, said: str) -> Person:
    """The one member meant. Raises Refused; where there are several, with how to tell them apart."""
    found = people.find_people(session, said)
    if len(found) <= 1:
        return one_person(session, said)
    items = [
        words()("person_item", name=p.name, id=p.id, where=department_name(session, p.department_id))
        for p in found[:_NAMED]
    ]
    listed = "; ".join(items) + ("; …" if len(found) > _NAMED else "")
    first = found[0]
    department = session.get(Department, first.department_id) if first.department_id else None
    example = f"{first.name} ({department.key})" if department is not None else first.name
    raise refuse(
        "several_people",
        "several_people_mend",
        count=len(found),
        name=said.strip()[:60],
        list=listed,
        example=example,
        id=first.id,
    )


def fields(text: str) -> list[str]:
    """What stands between semicolons, or commas where there are none."""
    return [" ".join(part.split()) for part in text.split(";" if ";" in text else ",")]


def split_at(text: str, word: str) -> tuple[str, str]:
    """What stands before and after the last `word` (in small letters) that has something after it.

    The last, and in small letters, because Giao is a name too.
    """
    tokens = text.split()
    for at in range(len(tokens) - 2, -1, -1):
        if tokens[at] == word:
            return " ".join(tokens[:at]), " ".join(tokens[at + 1 :])
    return " ".join(tokens), ""


def demand_private(request: StaffRequest) -> None:
    """Raises Refused in a group: what follows isn't for everyone's eyes."""
    if not request.private:
        raise refuse("only_private")
