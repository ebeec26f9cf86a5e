"""An office that sends notices, for the tests of the console's pages about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from openpyxl import Workbook
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from office import codes, groups, membership, people
from office.audit import Deed
from office.database import execute
from office.deliveries import Delivery, Doubt, Status
from office.notices import Notice
from office.people import Person
from scheduler.notices import approval, drafts, templates
from scheduler.notices.audience import Audience
from scheduler.notices.drafts import Draft
from scheduler.notices.moments import occurrence_of
from scheduler.notices.planning import NoticePlanner
from tests.console_office import ADMIN, CLERK, LEADER, ConsoleOffice, serving

TELEGRAM: dict[str, Any] = {"channel": "telegram", "account": "42"}
NEVER_QUIET = {"quiet": {"since": "0:00", "until": "0:00", "days_off": False}}
PDF = b"%PDF-1.7\n%%EOF\n"
HOME = "/van-phong/thong-bao"


def fill(office: ConsoleOffice) -> None:
    """Two departments' groups and one of everybody; all but the member have a chat; two of one name."""
    now = office.clock.now()
    with office.sessions.begin() as session:
        for number, (title, department) in enumerate(
            [("Nhóm Thương mại", 2), ("Nhóm Văn phòng", 1), ("Toàn cơ quan", None)], 1
        ):
            row, _ = groups.met(session, **TELEGRAM, chat=f"-{number}", title=title, added_by="An", now=now)
            groups.decide(
                session,
                row,
                approve=True,
                department_id=department,
                actor=office.ids[ADMIN],
                reason="",
                now=now,
            )
        for number, name in enumerate((ADMIN, CLERK, LEADER), 1):
            codes.tie(session, office.ids[name], **TELEGRAM, sender=str(number), chat=str(number), now=now)
        for department in (1, 2):
            membership.add_member(session, "Võ Văn Hai", department_id=department, actor=None, now=now)
        templates.sync_templates(session, now=now)


def serving_notices(folder: Path) -> AbstractContextManager[ConsoleOffice]:
    """An office whose notices go out by Telegram at any hour."""
    settings = {"telegram": {"enabled": True}, "delivery": NEVER_QUIET}
    environ = {"XINLUON_TELEGRAM_TOKEN": "42:abcdefghijklmnopqrstuvwxyzabcdefghi"}
    return serving(folder, settings, environ=environ, fill=fill)


def person(session: Session, office: ConsoleOffice, name: str) -> Person:
    found = people.person(session, office.ids[name])
    assert found
    return found


def drafted(office: ConsoleOffice, title: str = "Họp giao ban", **fields: Any) -> int:
    """A notice of the clerk's to all groups."""
    values: dict[str, Any] = {
        "body": "Mời các phòng dự.",
        "audience": Audience(all_groups=True),
        "confirm": True,
    } | fields
    with office.sessions.begin() as session:
        draft = Draft(title=title, **values)
        notices = office.office.staff.notices
        return drafts.create(
            session, notices, draft, actor=person(session, office, CLERK), now=office.clock.now()
        ).id


def left(office: ConsoleOffice, title: str = "Họp giao ban", **fields: Any) -> int:
    """One that has been approved, and whose messages have all arrived."""
    number, now, notices = drafted(office, title, **fields), office.clock.now(), office.office.staff.notices
    with office.sessions.begin() as session:
        approval.submit(session, notices, number, actor=person(session, office, CLERK), now=now)
        approval.approve(session, notices, number, actor=person(session, office, LEADER), now=now)
    planner = NoticePlanner(notices, sessions=office.sessions, clock=office.clock, breath=0)
    while planner.plan():
        pass
    with office.sessions.begin() as session:
        mine = update(Delivery).where(Delivery.doubt == Doubt.ASK, Delivery.status == Status.QUEUED)
        execute(session, mine.values(status=Status.SENT, finished_at=now, message_id="7"))
    while planner.plan():
        pass
    return number


def row(office: ConsoleOffice, number: int) -> Notice:
    with office.sessions() as session:
        return session.get_one(Notice, number)


def newest(office: ConsoleOffice) -> Notice:
    with office.sessions() as session:
        return session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()


def written(office: ConsoleOffice) -> int:
    """How many notices there are."""
    with office.sessions() as session:
        return session.scalar(select(func.count()).select_from(Notice)) or 0


def deed(office: ConsoleOffice, action: str) -> Deed:
    """The last deed of a kind."""
    with office.sessions() as session:
        query = select(Deed).where(Deed.action == action).order_by(Deed.id.desc()).limit(1)
        return session.scalars(query).one()


def delivery(office: ConsoleOffice, number: int, chat: str, **values: Any) -> int:
    """A notice's message to a chat, with other values; its number."""
    with office.sessions.begin() as session:
        sending = occurrence_of(session, number)
        assert sending
        query = select(Delivery).where(Delivery.occurrence_id == sending.id, Delivery.chat == chat)
        found = session.scalars(query).one()
        for name, value in values.items():
            setattr(found, name, value)
        return found.id


def text_of(response: httpx.Response) -> str:
    """What the page says, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def table(rows: list[tuple[str, ...]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for one in rows:
        sheet.append(one)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


WRITTEN: Mapping[str, Any] = {"title": "Lịch trực", "body": "Theo lịch kèm theo.", "priority": "ordinary"}
