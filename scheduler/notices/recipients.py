"""Recipients out of a table: what each row means, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import people
from office.groups import Group, GroupState
from office.notices import RecipientList
from office.people import Role, plain
from scheduler.notices.addressed import Audience
from scheduler.notices.desk import words

_NAMED = 6  # people or departments written out in one problem
_KINDS = {
    "": "",
    "nhom": "group", "group": "group",
    "phong": "department", "don vi": "department", "nhom cua phong": "department",
    "nguoi cua phong": "members_of", "ca phong": "members_of", "tung nguoi cua phong": "members_of",
    "nguoi": "member", "ca nhan": "member", "cong chuc": "member", "vien chuc": "member",
    "vai tro": "role", "chuc vu": "role",
    "danh sach": "list",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """A row as it is written. `number` as the spreadsheet counts; `kind`: nhóm, phòng, người …, "" where the
    table doesn't say; `department` tells people of the same name apart."""

    number: int
    name: str
    kind: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientProblem:
    """What is wrong in a row and what to do about it. `field`: name, kind or department."""

    row: int
    field: str
    message: str
    mend: str


class _Wrong(Exception):
    """A row that names nobody: the field, the problem and its mend by their names in the texts."""

    def __init__(self, field: str, message: str, **values: object) -> None:
        super().__init__(message)
        self.field = field
        self.several = message in ("many", "groups_many")
        self.message = words()(f"recipients.{message}", **values)
        self.mend = words()(f"recipients.{message}_mend", **values)


def audience_from_rows(
    session: Session, rows: Iterable[RecipientRow]
) -> tuple[Audience, tuple[RecipientProblem, ...]]:
    """Whom the rows name, and the rows that name nobody."""
    finder = _Finder(session)
    found, problems = Audience(), []
    for row in rows:
        try:
            found |= finder.find(row)
        except _Wrong as wrong:
            problem = RecipientProblem(
                row=row.number, field=wrong.field, message=wrong.message, mend=wrong.mend
            )
            problems.append(problem)
    return found, tuple(problems)


class _Finder:
    """Looks names up; groups, lists and departments are read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        approved = select(Group).where(Group.state == GroupState.APPROVED).order_by(Group.id)
        self._groups = list(session.scalars(approved))
        self._lists = {plain(row.name): row.id for row in session.scalars(select(RecipientList))}
        self._roles = {plain(role.label): role for role in Role if role is not Role.CITIZEN}
        self._departments: dict[str, int | None] = {}
        self._everyone = [f" {plain(who.name)} " for who in people.all_people(session)]
        self._ways: Mapping[str, Callable[[str, str], Audience]] = {
            "": self._anything,
            "group": self._group,
            "department": lambda name, _: Audience(departments=(self._department(name, "name"),)),
            "members_of": lambda name, _: Audience(members_of=(self._department(name, "name"),)),
            "member": self._member,
            "role": self._role,
            "list": self._list,
        }

    def find(self, row: RecipientRow) -> Audience:
        """Whom a row names. Raises _Wrong."""
        name, kind = " ".join(row.name.split()), _KINDS.get(plain(row.kind))
        if not name:
            raise _Wrong("name", "no_name")
        if kind is None:
            raise _Wrong("kind", "kind", value=row.kind.strip()[:60], kinds=_kinds())
        return self._ways[kind](name, row.department.strip())

    def _anything(self, name: str, department: str) -> Audience:
        """A row without a kind: a group by its very title, a department, a list, a person."""
        for way in (self._group, self._ways["department"], self._list, self._member):
            try:
                return way(name, department)
            except _Wrong as wrong:
                if wrong.several:
                    raise
        raise _Wrong("name", "unclear", value=name[:60], kinds=_kinds())

    def _group(self, name: str, _: str) -> Audience:
        number = name.removeprefix("#")
        if name.startswith("#") and number.isdecimal():
            found = [row for row in self._groups if row.id == int(number)]
        else:
            found = [row for row in self._groups if plain(row.title) == plain(name) and plain(name)]
        if not found:
            raise _Wrong("name", "group", value=name[:60])
        if len(found) > 1:
            many = {"count": len(found), "value": name[:60], "example": found[0].id}
            raise _Wrong("name", "groups_many", **many)
        return Audience(groups=(found[0].id,))

    def _department(self, name: str, field: str) -> int:
        if name not in self._departments:
            found = people.find_department(self._session, name)
            self._departments[name] = found.id if found is not None else None
        number = self._departments[name]
        if number is None:
            names = [one.name for one in people.departments(self._session)]
            known = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            raise _Wrong(field, "department", value=name[:60], known=known)
        return number

    def _member(self, name: str, department: str) -> Audience:
        within = self._department(department, "department") if department else None
        found = people.find_people(self._session, name) if self._may_be(name) else ()
        if within is not None:
            found = tuple(who for who in found if who.department_id == within)
        if not found:
            raise _Wrong("name", "nobody", value=name[:60])
        if len(found) > 1:
            names = ", ".join(f"{who.name} (#{who.id})" for who in found[:_NAMED])
            raise _Wrong("name", "many", count=len(found), value=name[:60], names=names)
        return Audience(members=(found[0].id,))

    def _may_be(self, name: str) -> bool:
        """Looking at the names first spares the database thousands of questions about strangers."""
        bare = plain(name.partition("(")[0])
        return name.startswith("#") or (bool(bare) and any(f" {bare} " in one for one in self._everyone))

    def _role(self, name: str, _: str) -> Audience:
        role = self._roles.get(plain(name))
        if role is None:
            known = ", ".join(one.label for one in self._roles.values())
            raise _Wrong("name", "role", value=name[:60], known=known)
        return Audience(roles=(role,))

    def _list(self, name: str, _: str) -> Audience:
        number = self._lists.get(plain(name))
        if number is None:
            raise _Wrong("name", "list", value=name[:60])
        return Audience(lists=(number,))


def _kinds() -> str:
    return ", ".join(words().list("recipients.kinds"))
