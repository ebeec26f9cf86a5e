"""What people type about a notice: its text, to whom, when, which document. All raise Refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from handlers.staff.words import one_department, one_person, parse_day
from knowledge.phrases import Phrases
from office import people
from office.assignments import Priority
from office.clock import ZONE
from office.groups import Group, GroupState
from office.notices import RecipientList
from office.people import Role, plain
from office.refusal import Refused
from scheduler.notices.audience import Audience

MAX_TITLE = 300
_LONG_TITLE = 150  # a first line above this is text, not a title
_EVERYONE = frozenset({"tat ca", "tat ca cac nhom", "tat ca nhom", "toan co quan", "moi nhom"})
_ROLES = {
    "lanh dao": Role.LEADER,
    "truong phong": Role.HEAD,
    "cac truong phong": Role.HEAD,
    "van phong": Role.VAN_PHONG,
    "quan tri": Role.ADMIN,
    "moi nguoi": Role.MEMBER,
    "toan the cong chuc": Role.MEMBER,
    "cong chuc vien chuc": Role.MEMBER,
}
_EACH_OF = ("tung nguoi ", "rieng ")
_TIME = re.compile(r"(?<![\d/])(\d{1,2})\s*(?:giờ|gio|[:hg](\d{2})?)(?![\d/\w])", re.IGNORECASE)
_LINKING = re.compile(r"(?:vào|lúc|gửi|hẹn|ngày|hôm)(?=\s|$)", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"(?:(?:cv|công văn|văn bản|vb)\s*)?(?:số\s*)?(\d{1,5}/[A-ZĐ][\w.&Đ/-]*)"
    r"(?:,?\s*(?:ngày|ngay)?\s*(\d{1,2}[/.-]\d{1,2}[/.-]\d{4}))?",
    re.IGNORECASE,
)
_PRIORITIES = {
    "thuong": Priority.ORDINARY,
    "khan": Priority.URGENT,
    "hoa toc": Priority.EXPRESS,
}


@cache
def words() -> Phrases:
    """The texts about notices, read once."""
    return Phrases.read(Path(__file__).with_name("texts_notices.yaml"))


def refuse(name: str, mend: str = "", /, **values: object) -> Refused:
    """A refusal by the names of its texts."""
    return Refused(words()(name, **values), words()(mend, **values) if mend else "")


def title_and_body(text: str) -> tuple[str, str]:
    """The first line is the title where it is short and something follows; else the first sentence's words
    stand for it and the whole text is the body."""
    first, _, rest = text.strip().partition("\n")
    if rest.strip() and len(first) <= _LONG_TITLE:
        return first.strip(), rest.strip()
    if len(text.strip()) <= _LONG_TITLE and "\n" not in text.strip():
        return text.strip(), ""
    head = re.split(r"(?<=[.!?;:])\s", first.strip(), maxsplit=1)[0]
    return (head if len(head) <= _LONG_TITLE else head[: _LONG_TITLE - 1] + "…"), text.strip()


def read_audience(session: Session, text: str) -> Audience:
    """«tất cả», «qltm, qlnl», «lãnh đạo», «nhóm 5», «từng người qltm», «danh sách Khối tham mưu», a name;
    several with commas or semicolons."""
    found = Audience()
    for piece in re.split(r"[;,\n]", text):
        if piece.strip():
            found = found | _one(session, piece.strip())
    if found == Audience():
        raise refuse("audience.unknown", "audience.how", words=text.strip()[:60])
    return found


def _one(session: Session, piece: str) -> Audience:
    said = plain(piece)
    if said in _EVERYONE:
        return Audience(all_groups=True)
    if said in _ROLES:
        return Audience(roles=(_ROLES[said],))
    if said.startswith("danh sach "):
        return Audience(lists=(_list_named(session, said.removeprefix("danh sach ")).id,))
    if said.startswith("nhom ") and said.removeprefix("nhom ").isdecimal():
        return Audience(groups=(_group(session, int(said.removeprefix("nhom "))).id,))
    for prefix in _EACH_OF:
        if said.startswith(prefix):
            return Audience(members_of=(one_department(session, said.removeprefix(prefix)).id,))
    department = people.find_department(session, piece)
    if department is not None:
        return Audience(departments=(department.id,))
    named = _lists(session).get(said)
    if named is not None:
        return Audience(lists=(named.id,))
    if people.find_people(session, piece):
        return Audience(members=(one_person(session, piece).id,))
    raise refuse("audience.unknown", "audience.how", words=piece[:60])


def _group(session: Session, group_id: int) -> Group:
    row = session.get(Group, group_id) if group_id < 2**62 else None
    if row is None or row.state is not GroupState.APPROVED:
        raise refuse("audience.no_group", "audience.no_group_mend", id=group_id)
    return row


def _lists(session: Session) -> dict[str, RecipientList]:
    return {plain(row.name): row for row in session.scalars(select(RecipientList))}


def _list_named(session: Session, said: str) -> RecipientList:
    lists = _lists(session)
    if said not in lists:
        known = ", ".join(row.name for row in lists.values()) or words()("audience.no_lists")
        raise refuse("audience.no_list", "audience.no_list_mend", words=said[:60], known=known)
    return lists[said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a line changes about a notice; None: nothing."""

    priority: Priority | None = None
    document: str | None = None
    document_date: date | None = None
    send_at: datetime | None = None
    at_once: bool = False
    confirm: bool | None = None

    @property
    def nothing(self) -> bool:
        return self == Said()


def read_change(text: str, now: datetime) -> Said:
    """«khẩn», «375/SCT-VP ngày 29/3/2021», «8:00 ngày mai», «gửi ngay», «cần xác nhận» or not."""
    said = plain(text)
    if said in _PRIORITIES:
        return Said(priority=_PRIORITIES[said])
    if said in ("gui ngay", "ngay khi duyet", "khong hen gio"):
        return Said(at_once=True)
    if said in ("xac nhan", "can xac nhan", "can xac nhan da doc"):
        return Said(confirm=True)
    if said in ("khong xac nhan", "khong can xac nhan"):
        return Said(confirm=False)
    document = _DOCUMENT.fullmatch(text.strip())
    if document is not None:
        dated = parse_day(document[2], now.astimezone(ZONE).date()) if document[2] else None
        return Said(document=document[1], document_date=dated)
    if _is_moment(text):
        return Said(send_at=read_moment(text, now))
    return Said()


def _is_moment(text: str) -> bool:
    """Whether a line is an hour and perhaps a day, not a sentence that has an hour in it."""
    match = _TIME.search(text)
    if match is None:
        return False
    rest = plain(_LINKING.sub(" ", text[: match.start()] + " " + text[match.end() :]))
    return not rest or bool(re.fullmatch(r"(?:hom )?(?:nay|mai|mot|kia)|[\d ]+", rest))


def read_moment(text: str, now: datetime) -> datetime:
    """«8:00», «14h30 mai», «7:30 ngày 27/11»: the next such moment. Raises Refused for a past one."""
    match = _TIME.search(text)
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59:
        raise refuse("when.unknown", "when.how", words=text.strip()[:40])
    local = now.astimezone(ZONE)
    rest = _LINKING.sub(" ", text[: match.start()] + " " + text[match.end() :]).strip(" ,;")
    day = parse_day(rest, local.date()) if rest else local.date()
    moment = local.replace(
        year=day.year,
        month=day.month,
        day=day.day,
        hour=int(match[1]),
        minute=int(match[2] or 0),
        second=0,
        microsecond=0,
    )
    if moment <= local and not rest:
        moment += timedelta(days=1)
    if moment <= local:
        raise refuse("when.past", "when.how", moment=f"{moment:%H:%M %d/%m/%Y}")
    return moment


def shortened(text: str, most: int) -> str:
    """Cut with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
