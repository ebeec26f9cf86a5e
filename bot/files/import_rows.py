"""What a row of a list of work says: an assignment to be given, or what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from bot.files.tables import Row, Value
from bot.files.texts import words
from office import people
from office.assignments import Priority
from office.people import Person, plain
from scheduler.work import MAX_DAYS_AHEAD, Draft

_MOST_WORKING_DAYS = 500
_LENGTHS = {"title": 500, "document": 200, "given_by": 200, "description": 10_000, "express_reason": 2_000}
_PRIORITIES = {
    "": Priority.ORDINARY, "thuong": Priority.ORDINARY, "binh thuong": Priority.ORDINARY,
    "khan": Priority.URGENT, "thuong khan": Priority.URGENT, "hoa toc": Priority.EXPRESS,
}  # fmt: skip
_DATE = re.compile(r"(?:(?:hết )?ngày )?(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?")
_WORKING_DAYS = re.compile(r"(\d{1,5}) (?:ngay lam viec|ngay lv|nlv)")
_ADDRESSED = re.compile(r"(?:ông|bà|anh|chị|cô|đồng chí|đ/c|đ\.c|đc)[\s.]+", re.IGNORECASE)
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
_NAMED = 6  # people or departments written out in one problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong in a row (as the spreadsheet counts), in which column, and what to do about it."""

    row: int
    column: str
    message: str
    mend: str


class RowReader:
    """Makes drafts of rows; what is wrong gathers in `problems`.

    `columns`: where each field stands; `names`: its heading, as problems quote it.
    """

    def __init__(
        self, session: Session, today: date, columns: Mapping[str, int], names: Mapping[str, str]
    ) -> None:
        self.problems: list[RowProblem] = []
        self._session = session
        self._today = today
        self._columns = columns
        self._names = names
        self._departments: dict[str, int | None] = {}
        self._people: dict[str, tuple[Person, ...]] = {}
        self._everyone = [f" {plain(p.name)} " for p in people.all_people(session)]

    def draft(self, row: Row) -> Draft | None:
        """The assignment of a row, with its `origin_key`; None when it has a problem."""
        before = len(self.problems)
        texts = {key: self._words(row, key) for key in _LENGTHS}
        if not texts["title"]:
            self._wrong(row, "title", "no_title", "no_title_mend")
        department_id = self._department(row)
        member_ids = self._members(row, department_id)
        due_on, working_days = self._due(row)
        document_date = self._document_date(row)
        priority = self._priority(row, texts["express_reason"])
        if len(self.problems) > before:
            return None
        draft = Draft(
            title=texts["title"],
            department_id=department_id,
            member_ids=member_ids,
            due_on=due_on,
            working_days=working_days,
            document=texts["document"],
            document_date=document_date,
            given_by=texts["given_by"],
            description=texts["description"],
            priority=priority,
            express_reason=texts["express_reason"] if priority is Priority.EXPRESS else "",
        )
        return replace(draft, origin_key=origin_key(draft))

    # --- cells

    def _value(self, row: Row, key: str) -> Value:
        column = self._columns.get(key)
        value = row.get(column) if column is not None else None
        if isinstance(value, str) and value in _ERRORS:
            self._wrong(row, key, "error_cell", "error_cell_mend", value=value)
        return value

    def _words(self, row: Row, key: str) -> str:
        written = as_text(self._value(row, key))
        text = written if key == "description" else " ".join(written.split())
        if len(text) > _LENGTHS[key]:
            mend = "long_title_mend" if key == "title" else "long_mend"
            self._wrong(row, key, "long", mend, most=_LENGTHS[key])
        return text

    def _department(self, row: Row) -> int | None:
        written = " ".join(as_text(self._value(row, "department")).split())
        if not written or written in _ERRORS:
            return None
        if written not in self._departments:
            found = people.find_department(self._session, written)
            self._departments[written] = found.id if found else None
        found_id = self._departments[written]
        if found_id is None:
            names = [d.name for d in people.departments(self._session)]
            known = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            known = known or words()("problems.no_departments")
            self._wrong(row, "department", "department", "department_mend", value=written[:60], known=known)
        return found_id

    def _members(self, row: Row, department_id: int | None) -> tuple[int, ...]:
        written = as_text(self._value(row, "members"))
        if written in _ERRORS:
            return ()
        found: dict[int, None] = {}
        named = [name for name in (" ".join(part.split()) for part in re.split(r"[;,\n]", written)) if name]
        for name in named:
            matches = self._called(name)
            if len(matches) > 1 and department_id is not None:
                matches = tuple(p for p in matches if p.department_id == department_id) or matches
            if len(matches) == 1:
                found[matches[0].id] = None
            elif matches:
                names = ", ".join(p.name for p in matches[:_NAMED])
                many = {"value": name[:60], "count": len(matches), "names": names}
                self._wrong(row, "members", "many_called", "many_called_mend", **many)
            else:
                self._wrong(row, "members", "nobody_called", "nobody_called_mend", value=name[:60])
        if not named and not as_text(self._value(row, "department")):
            self._wrong(
                row, "members" if "members" in self._columns else "department", "nobody", "nobody_mend"
            )
        return tuple(found)

    def _called(self, name: str) -> tuple[Person, ...]:
        """Whom a name means, also after «ông», «đ/c»."""
        if name not in self._people:
            found = self._find(name)
            address = _ADDRESSED.match(name)
            self._people[name] = found if found or not address else self._find(name[address.end() :])
        return self._people[name]

    def _find(self, name: str) -> tuple[Person, ...]:
        # Looking at the names first spares the database thousands of questions about people it doesn't know.
        wanted = f" {plain(name)} "
        if not wanted.strip() or not any(wanted in known for known in self._everyone):
            return ()
        return people.find_people(self._session, name)

    def _due(self, row: Row) -> tuple[date | None, int | None]:
        """The day, or the number of working days."""
        value = self._value(row, "due")
        written = " ".join(as_text(value).split())
        if not written:
            self._wrong(row, "due", "no_due", "due_mend")
            return None, None
        counted = _WORKING_DAYS.fullmatch(plain(written))
        if counted:
            count = int(counted[1])
            if count < 1:
                self._wrong(row, "due", "due", "due_mend", value=written[:60])
            elif count > _MOST_WORKING_DAYS:
                self._wrong(row, "due", "due_far", "due_mend", value=written[:60])
            return None, count
        day = as_day(value)
        if day is None:
            if written not in _ERRORS:
                self._wrong(row, "due", "due", "due_mend", value=written[:60])
        elif day < self._today:
            self._wrong(row, "due", "due_past", "due_past_mend", value=f"{day:%d/%m/%Y}")
        elif day - self._today > timedelta(days=MAX_DAYS_AHEAD):
            self._wrong(row, "due", "due_far", "due_mend", value=f"{day:%d/%m/%Y}")
        return day, None

    def _document_date(self, row: Row) -> date | None:
        value = self._value(row, "document_date")
        written = " ".join(as_text(value).split())
        if not written or written in _ERRORS:
            return None
        day = as_day(value)
        if day is None:
            self._wrong(row, "document_date", "date", "date_mend", value=written[:60])
        elif day > self._today:
            self._wrong(row, "document_date", "date_ahead", "date_ahead_mend", value=f"{day:%d/%m/%Y}")
        return day

    def _priority(self, row: Row, express_reason: str) -> Priority:
        written = as_text(self._value(row, "priority"))
        found = _PRIORITIES.get(plain(written))
        if found is None and written not in _ERRORS:
            self._wrong(row, "priority", "priority", "priority_mend", value=written[:60])
        if found is Priority.EXPRESS and not express_reason:
            key = "express_reason" if "express_reason" in self._columns else "priority"
            self._wrong(row, key, "express", "express_mend")
        return found or Priority.ORDINARY

    def _wrong(self, row: Row, key: str, message: str, mend: str, **values: object) -> None:
        text = words()
        column = self._names.get(key) or text.list(f"template.columns.{key}")[0]
        problem = RowProblem(
            row=row.number,
            column=column,
            message=text(f"problems.{message}", **values),
            mend=text(f"problems.{mend}", **values),
        )
        if problem not in self.problems[-len(self._columns) :]:
            self.problems.append(problem)


def origin_key(draft: Draft) -> str:
    """The same for what is the same work: title, document, who does it and when; notes may change."""
    said = (
        " ".join(draft.title.casefold().split()),
        draft.department_id,
        sorted(draft.member_ids),
        draft.due_on.isoformat() if draft.due_on else None,
        draft.working_days,
        plain(draft.document),
        draft.document_date.isoformat() if draft.document_date else None,
    )
    return "import:" + hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()


def as_text(value: Value) -> str:
    """A cell as a clerk would read it."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_day(value: Value) -> date | None:
    """A day that a cell says: a real date, dd/mm/yyyy or yyyy-mm-dd; None for anything else."""
    if isinstance(value, date):
        return value
    text = " ".join(as_text(value).split())
    match = _DATE.fullmatch(text)
    if match:
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
