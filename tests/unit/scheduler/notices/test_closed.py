"""Who would not get a notice now, because of a platform's window or plan, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy.orm import Session, sessionmaker

from office import codes, contacts, groups, membership, quotas
from office.channel_settings import ZaloBot, ZaloBotQuota, ZaloOa
from office.database import make_engine, session_factory
from office.people import Role
from office.privacy import person_hash
from scheduler.calendar import WorkCalendar
from scheduler.notices.audience import Audience, reach
from scheduler.notices.closed import foreseen
from scheduler.notices.desk import Notices
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
KEY = b"k" * 32
CALENDAR = WorkCalendar.shipped()
OUTBOX = Outbox(quiet=QuietHours(since=time(20), until=time(6), days_off=True, calendar=CALENDAR))
EVERYONE = Audience(roles=(Role.MEMBER,), all_groups=True)
CLOSED, BILLED = "chưa nhắn Zalo OA trong 7 ngày", "chưa nhắn Zalo OA trong 48 giờ"
KEPT, SPENT = "Zalo Bot chỉ còn tin dành cho nhắc hạn", "Zalo Bot đã hết tin của tháng"
HOUR = timedelta(hours=1)


class Desk:
    """Members with the accounts a test gives them, and what a notice to all of them would reach."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self.sessions = sessions
        self.notices = Notices(
            outbox=OUTBOX,
            calendar=lambda: CALENDAR,
            channels={"telegram": 3500, "zalo_bot": 1500, "zalo_oa": 1500},
            hash_key=KEY,
            zalo_bot=ZaloBot(quota=ZaloBotQuota(messages_per_month=10, for_deadlines=0.2)),
        )

    def with_(self, **fields: Any) -> None:
        self.notices = replace(self.notices, **fields)

    def billed(self, billed: Literal["none", "deadlines", "all"]) -> None:
        self.with_(zalo_oa=ZaloOa(billed=billed))

    def add(self, name: str, *channels: str, wrote: timedelta | None = None) -> None:
        """A member on these channels, who wrote to the Official Account so long ago."""
        with self.sessions.begin() as session:
            who = membership.add_member(session, name, department_id=None, actor=None, now=NOW)
            for channel in channels:
                codes.tie(session, who.id, channel=channel, account="1", sender=name, chat=name, now=NOW)
            if wrote is not None:
                contacts.wrote(session, "zalo_oa", "1", person_hash("zalo_oa", name, KEY), at=NOW - wrote)

    def group(self, channel: str) -> None:
        with self.sessions.begin() as session:
            row, _ = groups.met(
                session, channel=channel, account="1", chat="g", title="Nhóm", added_by="", now=NOW
            )
            row.state = groups.GroupState.APPROVED

    def use(self, count: int) -> None:
        with self.sessions.begin() as session:
            for _ in range(count):
                quotas.spend(session, "zalo_bot", "1", now=NOW)

    def told(self) -> tuple[set[str], dict[str, str]]:
        """Who is reached; who isn't, and why."""
        with self.sessions() as session:
            found = reach(session, EVERYONE, on=date(2026, 11, 24), channels=self.notices.channels)
            found = foreseen(session, self.notices, EVERYONE, found, now=NOW)
        return {target.name for target in found.targets}, {one.name: one.why for one in found.unreached}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = make_engine(fresh_sqlite(tmp_path))
    yield Desk(session_factory(engine))
    engine.dispose()


def test_a_closed_window_keeps_a_notice_back(desk: Desk) -> None:
    desk.add("An", "zalo_oa", wrote=47 * HOUR)
    desk.add("Bình", "zalo_oa", wrote=169 * HOUR)
    desk.add("Chí", "zalo_oa")
    desk.add("Dung")
    assert desk.told() == (
        {"An"},
        {"Bình": CLOSED, "Chí": CLOSED, "Dung": "chưa nối tài khoản trò chuyện với bot"},
    )


@pytest.mark.parametrize(("billed", "reached"), [("none", False), ("deadlines", False), ("all", True)])
def test_what_costs_goes_only_where_the_office_lets_it(
    desk: Desk, billed: Literal["none", "deadlines", "all"], reached: bool
) -> None:
    desk.add("An", "zalo_oa", wrote=49 * HOUR)
    desk.billed(billed)
    found, lost = desk.told()
    assert found == ({"An"} if reached else set())
    assert all(why.startswith(BILLED) for why in lost.values())


def test_another_channel_opens_it(desk: Desk) -> None:
    desk.add("An", "zalo_oa", "telegram")
    desk.add("Bình", "zalo_bot", "zalo_oa")
    desk.use(8)
    desk.add("Chí", "zalo_bot", "zalo_oa", wrote=HOUR)
    found, lost = desk.told()
    assert found == {"An", "Chí"}
    assert set(lost) == {"Bình"}
    assert set(lost["Bình"].split("; ")) == {KEPT, CLOSED}


@pytest.mark.parametrize(("used", "why"), [(7, None), (8, KEPT), (10, SPENT)])
def test_a_spent_month_keeps_people_and_groups_back(desk: Desk, used: int, why: str | None) -> None:
    desk.add("An", "zalo_bot")
    desk.group("zalo_bot")
    desk.use(used)
    expected = {"An", "Nhóm"}
    assert desk.told() == ((expected, {}) if why is None else (set(), dict.fromkeys(expected, why)))


def test_groups_of_the_official_account_have_no_window(desk: Desk) -> None:
    desk.group("zalo_oa")
    desk.add("An", "zalo_oa")
    assert desk.told() == ({"Nhóm"}, {"An": CLOSED})


def test_without_the_key_windows_are_not_guessed(desk: Desk) -> None:
    desk.add("An", "zalo_oa")
    desk.with_(hash_key=b"")
    assert desk.told() == ({"An"}, {})


def test_an_account_of_a_channel_that_is_off_opens_nothing(desk: Desk) -> None:
    desk.add("An", "zalo_oa", "telegram")
    desk.with_(channels={"zalo_oa": 1500})
    assert desk.told() == (set(), {"An": CLOSED})
