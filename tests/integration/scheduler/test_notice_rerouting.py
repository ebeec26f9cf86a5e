"""A notice that had to go to another chat of its reader: reported once, corrected where it really is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import accounts, codes, people
from office.deliveries import Delivery, Status
from office.people import Role
from scheduler.courier import Failed, Parcel
from scheduler.lane import LaneWorker
from scheduler.notices import corrections, sending
from scheduler.notices.audience import Audience, reach
from scheduler.notices.drafts import Draft
from scheduler.notices.figures import figures
from scheduler.notices.report import chats, progress, report
from scheduler.outbox import Outbox
from scheduler.pacer import Pacer
from scheduler.quiet import QuietHours
from scheduler.trouble import ChatTrouble
from tests.fakes.courier import FakeCourier
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.notice_office import FAST, LIMIT, NoticeOffice

EVERYONE = Audience(roles=(Role.MEMBER,))
CLOSED = Failed(reason="Quá 7 ngày chưa nhắn cho cơ quan.")


class TwoChannels(NoticeOffice):
    """The seven people are on Telegram; An is first on an Official Account, in the chat «An»."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock, quiet: QuietHours) -> None:
        super().__init__(sessions, clock, quiet)
        channels = {"telegram": LIMIT, "zalo_oa": LIMIT}
        self.outbox = Outbox(quiet=quiet, limits=channels, channels=channels)
        self.notices = replace(self.notices, outbox=self.outbox, channels=channels)
        self.steps._notices = self.notices
        self.an, now = self.people["An"].id, clock.now()
        with sessions.begin() as session:
            where = {"channel": "zalo_oa", "account": "7", "sender": "An", "chat": "An"}
            codes.tie(session, self.an, **where, now=now)
            [_, oa] = people.accounts_of(session, self.an)
            accounts.prefer(session, oa, actor=self.an, now=now)
        trouble = ChatTrouble(self.outbox)
        self.oa = FakeCourier(channel="zalo_oa", account="7")
        self.lanes = [
            LaneWorker(
                courier, sessions=sessions, clock=clock, policy=self.policy, pacer=Pacer(FAST), owner="a",
                trouble=trouble,
            )
            for courier in (self.courier, self.oa)
        ]  # fmt: skip

    def carry(self) -> None:
        while self.plan() or self._waits():
            for lane in self.lanes:
                asyncio.run(asyncio.wait_for(lane.drain(), 30))

    def correct(self, number: int, body: str) -> None:
        draft = Draft(title=self.row(number).title, body=body)
        self.call(corrections.correct, number, draft=draft, actor=self.clerk, reason="sai giờ")

    def of_an(self, number: int, rung: str | None = None) -> list[tuple[str, Status]]:
        rows = [row for row in self.deliveries(number, rung) if row.member_id == self.an]
        return [(row.channel, row.status) for row in rows]


@pytest.fixture
def office(sessions: sessionmaker[Session], clock: Clock, quiet: QuietHours) -> TwoChannels:
    return TwoChannels(sessions, clock, quiet)


def test_each_member_is_meant_in_one_chat_and_gets_one_message(office: TwoChannels) -> None:
    with office.sessions() as session:
        found = reach(session, EVERYONE, on=office.clock.now().date(), channels=office.notices.channels)
        assert sorted(one.recipient.to.chat for one in found.people) == ["2", "3", "4", "5", "6", "7", "An"]
        found = reach(session, EVERYONE, on=office.clock.now().date(), channels={"telegram"})
        assert [one.recipient.to.chat for one in found.people] == ["1", "2", "3", "4", "5", "6", "7"]
    number = office.out(audience=EVERYONE)
    office.call(sending.queue_some, number, most=7)
    with office.sessions.begin() as session:
        [_, telegram] = people.accounts_of(session, office.an)
        accounts.prefer(session, telegram, actor=office.an, now=office.clock.now())
    office.carry()
    assert len(office.deliveries(number)) == 7


def test_the_report_names_a_person_once_with_the_channel_that_reached_them(office: TwoChannels) -> None:
    number = office.out(audience=EVERYONE, confirm=True)
    office.oa.outcomes.append(CLOSED)
    office.carry()
    assert office.of_an(number) == [("zalo_oa", Status.REROUTED), ("telegram", Status.SENT)]
    with office.sessions() as session:
        found = report(session, number)
        assert found.progress.by_status == progress(session, number).by_status == {Status.SENT: 7}
        [an] = [chat for chat in found.chats if chat.name == "An"]
        assert (an.channel, an.status, an.missing) == ("telegram", Status.SENT, ("An",))
        listed = chats(session, number, statuses=(Status.SENT,), limit=10)
        assert [one.name for one in listed].count("An") == 1
        shown = figures(session, [number])[number]
        assert (shown.sent, shown.total, shown.expected) == (7, 7, 7)


def test_a_correction_changes_the_message_where_it_really_is(office: TwoChannels) -> None:
    number = office.out(audience=Audience(members=(office.an,)))
    office.oa.outcomes.append(CLOSED)
    office.carry()
    office.later(hours=1)
    office.correct(number, "Họp lúc 9:00.")
    parcels: list[Parcel] = []
    office.courier.before = parcels.append
    office.carry()
    assert [(one.to.chat, one.act.value) for one in parcels if one.act.value != "send"] == [("1", "edit")]
    assert office.of_an(number, "tin.2") == []


def test_a_correction_that_goes_elsewhere_still_counts_for_the_person_and_the_next_is_told_anew(
    office: TwoChannels,
) -> None:
    number = office.out(audience=Audience(members=(office.an,)))
    office.carry()
    for revision, body in ((2, "Họp lúc 9:00."), (3, "Họp lúc 10:00.")):
        office.later(days=1)
        office.correct(number, body)
        office.oa.outcomes.append(CLOSED)
        office.carry()
        assert office.of_an(number, f"tin.{revision}") == [
            ("zalo_oa", Status.REROUTED),
            ("telegram", Status.SENT),
        ]
        with office.sessions() as session:
            [an] = report(session, number).chats
            assert (an.status, an.change) == (Status.SENT, "đã gửi tin đính chính")
            assert progress(session, number).by_status == {Status.SENT: 1}
            assert chats(session, number, limit=5) == (an,)
    assert office.row(number).finished_at is not None


def test_what_was_passed_on_and_not_sent_yet_gets_the_new_words(office: TwoChannels) -> None:
    number = office.out(audience=Audience(members=(office.an,)))
    office.oa.outcomes.append(CLOSED)
    office.plan()
    asyncio.run(office.lanes[1].drain())
    assert office.of_an(number)[1] == ("telegram", Status.QUEUED)
    office.later(minutes=5)
    office.correct(number, "Họp lúc 9:00.")
    assert office.of_an(number) == []
    office.oa.outcomes.append(CLOSED)
    office.carry()
    assert office.of_an(number) == [("zalo_oa", Status.REROUTED), ("telegram", Status.SENT)]
    with office.sessions() as session:
        rows = session.scalars(select(Delivery).where(Delivery.chat == "1", Delivery.status == Status.SENT))
        assert [("9:00" in str(row.body)) for row in rows] == [True]


def test_a_retraction_calls_off_what_was_passed_on(office: TwoChannels) -> None:
    number = office.out(audience=Audience(members=(office.an,)))
    office.oa.outcomes.append(CLOSED)
    office.plan()
    asyncio.run(office.lanes[1].drain())
    office.call(corrections.retract, number, actor=office.clerk, reason="nhầm")
    office.clock.at += timedelta(minutes=1)
    office.carry()
    assert office.of_an(number) == [("zalo_oa", Status.REROUTED), ("telegram", Status.CANCELLED)]
