"""What the pages count and page in the database agrees with the whole report, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session, sessionmaker

from office.deliveries import Delivery, Status
from office.notices import Notice
from scheduler.notices import confirmed, corrections, reading
from scheduler.notices.audience import Audience
from scheduler.notices.drafts import draft_of
from scheduler.notices.figures import Figures, figures
from scheduler.notices.report import chats, progress, report
from scheduler.quiet import QuietHours
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.notice_office import NoticeOffice


@pytest.fixture
def office(sessions: sessionmaker[Session], clock: Clock, quiet: QuietHours) -> NoticeOffice:
    return NoticeOffice(sessions, clock, quiet)


@pytest.fixture
def number(office: NoticeOffice) -> int:
    """Two departments' groups, and one of their people, the clerk and the leader privately; all sent."""
    who = tuple(office.people[name].id for name in ("An", "Phòng", "Lãnh"))
    made = office.out(audience=Audience(all_groups=True, members=who), confirm=True)
    office.carry()
    return made


def says(office: NoticeOffice, number: int, *names: str) -> None:
    for name in names:
        with office.sessions.begin() as session:
            reading.confirm(
                session,
                number,
                office.people[name],
                channel="telegram",
                account="42",
                chat="-1",
                now=office.clock.now(),
            )
        office.later(minutes=1)


def test_nobody_is_counted_twice_and_strangers_apart(office: NoticeOffice, number: int) -> None:
    says(office, number, "Lãnh", "An", "Trị")
    with office.sessions() as session:
        found, whole = progress(session, number), report(session, number)
        row = session.get_one(Notice, number)
        missing = confirmed.missing(session, row, limit=10)
        first = confirmed.confirmed(session, row, limit=2)
    assert (found.expected, found.confirmed, found.others) == (6, 2, 1)  # An is asked twice, counted once
    assert found == whole.progress
    assert missing == tuple(sorted(whole.missing)) == ("Bình", "Cường", "Phòng", "Trưởng")
    assert [name for name, _ in first] == ["Lãnh", "An"]


def test_a_correction_asks_everybody_anew(office: NoticeOffice, number: int) -> None:
    says(office, number, "Lãnh", "An", "Trị")
    draft = replace(draft_of(office.row(number)), title="Họp 9 giờ")
    office.call(corrections.correct, number, draft=draft, actor=office.clerk, reason="đổi giờ")
    says(office, number, "An")
    with office.sessions() as session:
        found, whole = progress(session, number), report(session, number)
        listed = figures(session, [number, 999])
    assert (found.expected, found.confirmed, found.confirmed_before, found.others) == (6, 1, 1, 0)
    assert found == whole.progress
    assert listed == {number: Figures(sent=5, total=5, confirmed=1, expected=6)}


def test_a_page_of_chats_is_a_piece_of_the_report(office: NoticeOffice, number: int) -> None:
    says(office, number, "An")
    with office.sessions.begin() as session:
        lost = session.get_one(Delivery, office.deliveries(number)[1].id)
        lost.status, lost.reason = Status.UNCERTAIN, "Mất kết nối."
    with office.sessions() as session:
        whole = {one.name: one for one in report(session, number).chats}
        pages = [chats(session, number, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
        doubtful = chats(session, number, statuses=(Status.UNCERTAIN,), limit=9)
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert pages[0][0].status is Status.UNCERTAIN  # trouble comes first
    assert {one.name: one for page in pages for one in page} == whole
    assert doubtful == pages[0][:1]
