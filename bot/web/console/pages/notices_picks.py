"""The form of recipients: boxes to tick, names a line each, a table; for notices and for saved lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.files import recipients
from bot.files.import_rows import RowProblem
from bot.web.console import forms
from bot.web.console.pages.notices_words import sentence, words
from bot.web.console.visit import FormErrors, Visit
from office import people
from office.groups import Group, GroupState
from office.people import Member, Role, plain
from scheduler.notices.audience import Audience
from scheduler.notices.recipients import RecipientRow, audience_from_rows
from scheduler.notices.templates import lists

MOST_BOXES = 300  # groups that are offered as boxes; more are named in a table
_PERSON = "người"
_NUMBERED = re.compile(r"#(\d+)\b.*")
_SHOWN = 20  # faults of names that are said at once

Ids = Annotated[tuple[Annotated[int, Field(gt=0, lt=2**62)], ...], forms.Several]


class Picks(forms.FormModel):
    """What is ticked, and the names."""

    all_groups: forms.Ticked = False
    groups: Ids = ()
    departments: Ids = ()
    members_of: Ids = ()
    roles: Annotated[tuple[Role, ...], forms.Several] = ()
    lists: Ids = ()
    names: Annotated[str, Field(max_length=100_000)] = ""


class TableFaults(FormErrors):
    """A table with rows that name nobody."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__({"table": words()("form.table", count=len(problems))})
        self.problems = tuple(problems)


def read_audience(visit: Visit) -> Audience:
    """Whom the form names. Raises FormErrors and TableFaults."""
    picks = forms.read(visit.form, Picks)
    ticked = Audience(
        all_groups=picks.all_groups,
        groups=picks.groups,
        departments=picks.departments,
        members_of=picks.members_of,
        roles=picks.roles,
        lists=picks.lists,
    )
    return ticked | _named(visit.session, picks.names) | _of_table(visit)


def _named(session: Session, text: str) -> Audience:
    """People, a line each."""
    rows = [
        RecipientRow(number=number, name=_NUMBERED.sub(r"#\1", line.strip()), kind=_PERSON)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    ]
    if not rows:
        return Audience()
    found, problems = audience_from_rows(session, rows)
    if problems:
        lines = [words()("form.names", row=p.row, message=p.message, mend=p.mend) for p in problems[:_SHOWN]]
        raise FormErrors({"names": " ".join(lines)})
    return found


def _of_table(visit: Visit) -> Audience:
    found = Audience()
    for upload in visit.form.files("table"):
        read = recipients.read_recipients(upload.content, upload.name, visit.session)
        if read.problems:
            raise TableFaults(read.problems)
        found |= read.audience
    return found


def options(session: Session, audience: Audience) -> dict[str, Any]:
    """What the template offers to tick, and what is ticked."""
    departments = [(row.id, row.name) for row in people.departments(session)]
    groups, more = _groups(session, audience, dict(departments))
    return {
        "audience": audience,
        "groups": groups,
        "more_groups": more,
        "departments": departments,
        "roles": [(str(role), sentence(role.label)) for role in Role if role is not Role.CITIZEN],
        "lists": [(row.id, row.name) for row in lists(session)],
        "names": "\n".join(_names(session, audience.members)),
    }


def _groups(
    session: Session, audience: Audience, departments: dict[int, str]
) -> tuple[list[tuple[int, str]], int]:
    """The groups to be ticked with their departments, and how many aren't shown."""
    query = select(Group).where(Group.state == GroupState.APPROVED).order_by(Group.title, Group.id)
    rows = session.scalars(query).all()
    shown = rows if len(rows) <= MOST_BOXES else [row for row in rows if row.id in audience.groups]
    return [(row.id, _group_label(row, departments)) for row in shown], len(rows) - len(shown)


def _group_label(row: Group, departments: dict[int, str]) -> str:
    title, department = row.title or f"Nhóm số {row.id}", departments.get(row.department_id or 0, "")
    return f"{title} ({department})" if department and department != title else title


def _names(session: Session, numbers: Sequence[int]) -> Iterable[str]:
    """Members as they may be typed: by name, with the number where several have it or nobody any more."""
    if not numbers:
        return
    everyone = session.execute(select(Member.id, Member.name, Member.left_at)).all()
    counts = Counter(plain(row.name) for row in everyone if row.left_at is None)
    known = {row.id: row for row in everyone}
    for number in numbers:
        row = known.get(number)
        if row is None:
            yield f"#{number}"
        elif row.left_at is not None or counts[plain(row.name)] > 1:
            yield f"#{number} {row.name}"
        else:
            yield row.name
