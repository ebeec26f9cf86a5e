"""What a plan's month allows: decided purely, then counted in a real database by several processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from office import quotas
from office.channel_settings import ZaloBotQuota
from office.database import make_engine, session_factory
from office.deliveries import Delivery, Doubt, Occurrence, OccurrenceState, Source, Status
from office.messages import ChatAddress, Reply
from office.quotas import Usage
from scheduler.courier import Parcel
from scheduler.ration import ALARM, Purpose, purpose_of
from scheduler.rationing import MonthlyRation, decide, kept
from tests.databases import fresh_sqlite

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PLAN = ZaloBotQuota()
TINY = ZaloBotQuota(messages_per_month=10, for_deadlines=0.2)
DEADLINE, ANSWER, OTHER = Purpose.DEADLINE, Purpose.ANSWER, Purpose.OTHER


class TestDeciding:
    @pytest.mark.parametrize(
        ("used", "allowed"),
        [
            (0, {DEADLINE, ANSWER, OTHER}),
            (2399, {DEADLINE, ANSWER, OTHER}),
            (2400, {DEADLINE}),
            (2999, {DEADLINE}),
            (3000, set()),
            (3001, set()),
        ],
    )
    def test_the_last_fifth_is_for_deadlines_alone(self, used: int, allowed: set[Purpose]) -> None:
        assert {p for p in Purpose if not decide(used, p, PLAN, month="2026-11")} == allowed

    def test_what_is_refused_is_told_with_numbers_and_what_to_do(self) -> None:
        assert decide(2400, OTHER, PLAN, month="2026-11") == (
            "Đã dùng 2.400/3.000 tin của tháng 11; 600 tin cuối dành cho nhắc hạn và trả lời công chức. "
            "Gửi qua kênh khác hoặc chờ tháng sau."
        )
        assert "hết 3.000/3.000 tin của tháng 2" in decide(3000, DEADLINE, PLAN, month="2027-02")

    def test_notices_make_way_for_the_pings_that_wait_and_answers_do_not(self) -> None:
        said = decide(2390, OTHER, PLAN, month="2026-11", waiting=10)
        assert "10 tin nhắc hạn đang chờ gửi" in said
        assert not decide(2389, OTHER, PLAN, month="2026-11", waiting=10)
        assert not decide(2390, ANSWER, PLAN, month="2026-11", waiting=10)
        assert not decide(2390, DEADLINE, PLAN, month="2026-11", waiting=10)

    @pytest.mark.parametrize("purpose", Purpose)
    def test_nothing_is_sent_once_the_platform_says_that_none_are_left(self, purpose: Purpose) -> None:
        assert "Zalo báo đã hết tin của tháng 11" in decide(5, purpose, PLAN, month="2026-11", ran_out=True)

    @given(
        used=st.integers(0, 5000),
        most=st.integers(1, 4000),
        share=st.floats(0, 0.9),
        waiting=st.integers(0, 500),
    )
    def test_whatever_may_go_a_deadline_ping_may_too(
        self, used: int, most: int, share: float, waiting: int
    ) -> None:
        quota = ZaloBotQuota(messages_per_month=most, for_deadlines=share)
        refused = {p: bool(decide(used, p, quota, month="2026-11", waiting=waiting)) for p in Purpose}
        assert refused[DEADLINE] <= refused[ANSWER] <= refused[OTHER]
        assert refused[DEADLINE] == (used >= most)
        assert 0 <= kept(quota) <= most


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


class Bot:
    """An account, and as many processes that send from it as one likes."""

    def __init__(self, engine: Engine) -> None:
        self.clock = Clock()
        self.sessions: sessionmaker[Session] = session_factory(engine)
        self._readers = session_factory(engine, read_only=True)

    def process(self, quota: ZaloBotQuota = TINY) -> MonthlyRation:
        return MonthlyRation(
            sessions=self.sessions,
            readers=self._readers,
            clock=self.clock,
            channel="zalo_bot",
            account="7",
            quota=quota,
        )

    def used(self, kind: str = quotas.MESSAGES) -> int:
        with self.sessions() as session:
            return quotas.used(session, "zalo_bot", "7", now=self.clock.now(), kind=kind)

    def send(self, ration: MonthlyRation, purpose: Purpose, *, most: int) -> int:
        """Send until it is refused, at most so many; how many have gone."""

        async def sending() -> int:
            for sent in range(most):
                if await ration.refusal(purpose):
                    return sent
                await ration.spend(purpose)
            return most

        return asyncio.run(sending())

    def wait_in_the_outbox(self, source: Source, chats: int, *, what: str = "") -> None:
        with self.sessions.begin() as session:
            row = Occurrence(
                source=source, source_id=1, rung=what, due_at=NOON, planned_at=NOON,
                state=OccurrenceState.PLANNED, note="",
            )  # fmt: skip
            session.add(row)
            session.flush()
            for chat in range(chats):
                session.add(
                    Delivery(
                        occurrence_id=row.id, channel="zalo_bot", account="7", chat=str(chat), group=False,
                        status=Status.QUEUED, doubt=Doubt.REPEAT, body=[], due_at=NOON, ready_at=NOON,
                        created_at=NOON,
                    )
                )  # fmt: skip


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    engine = make_engine(fresh_sqlite(tmp_path))
    yield Bot(engine)
    engine.dispose()


def refusal(ration: MonthlyRation, purpose: Purpose) -> str:
    return asyncio.run(ration.refusal(purpose))


@pytest.mark.parametrize(
    ("source", "number", "what", "purpose"),
    [
        (Source.ASSIGNMENT, 12, "before.3", DEADLINE),
        (Source.EVENT, 12, "work.new", DEADLINE),
        (Source.EVENT, 12, "work.deadline.20261205", DEADLINE),
        (Source.EVENT, 12, "work.extension.3", DEADLINE),
        (Source.EVENT, 12, "work.report.7", OTHER),
        (Source.EVENT, ALARM, "channel.quota", DEADLINE),
        (Source.EVENT, 12, "channel.quota", OTHER),
        (Source.NOTICE, 12, "work.new", OTHER),
    ],
)
def test_what_gives_somebody_a_deadline_is_kept_a_share_for(
    source: Source, number: int, what: str, purpose: Purpose
) -> None:
    to = ChatAddress(channel="zalo_bot", account="7", chat="1")
    parcel = Parcel(id=1, to=to, reply=Reply(lines=()), source=source, source_id=number, what=what)
    assert purpose_of(parcel) is purpose


class TestCounting:
    def test_a_month_goes_to_notices_until_the_share_of_deadlines_begins(self, bot: Bot) -> None:
        ration = bot.process()
        assert bot.send(ration, OTHER, most=20) == 8
        assert bot.send(ration, ANSWER, most=20) == 0
        assert bot.send(ration, DEADLINE, most=20) == 2
        assert (bot.used(), bot.used(quotas.DEADLINES), bot.used(quotas.ANSWERS)) == (10, 2, 0)

    def test_it_begins_anew_with_the_month_of_vietnam(self, bot: Bot) -> None:
        ration = bot.process()
        bot.clock.at = datetime(2026, 11, 30, 16, 59, tzinfo=UTC)
        bot.send(ration, DEADLINE, most=20)
        assert refusal(ration, DEADLINE)
        bot.clock.forward(minutes=1)
        assert refusal(ration, OTHER) == ""
        with bot.sessions() as session:
            assert quotas.history(session, "zalo_bot", "7") == {"2026-11": 10}

    def test_processes_count_together_and_see_each_other_within_two_seconds(self, bot: Bot) -> None:
        one, two = bot.process(), bot.process()
        assert refusal(two, OTHER) == ""
        assert bot.send(one, OTHER, most=20) == 8
        bot.clock.forward(seconds=2)
        assert "8/10" in refusal(two, OTHER)

    def test_none_is_lost_when_many_are_sent_at_once(self, bot: Bot) -> None:
        processes = [bot.process(PLAN) for _ in range(3)]

        async def all_at_once() -> None:
            await asyncio.gather(*(p.spend(ANSWER) for p in processes for _ in range(8)))

        asyncio.run(all_at_once())
        assert (bot.used(), bot.used(quotas.ANSWERS)) == (24, 24)

    def test_pings_in_the_outbox_are_counted_as_spent_for_notices(self, bot: Bot) -> None:
        bot.wait_in_the_outbox(Source.ASSIGNMENT, 2)
        bot.wait_in_the_outbox(Source.EVENT, 1, what="work.new")
        bot.wait_in_the_outbox(Source.EVENT, 2, what="work.report.7")
        bot.wait_in_the_outbox(Source.NOTICE, 4)
        ration = bot.process()
        assert bot.send(ration, OTHER, most=20) == 5
        assert "3 tin nhắc hạn đang chờ gửi" in refusal(ration, OTHER)
        assert bot.send(ration, ANSWER, most=20) == 3

    def test_the_figure_is_for_prometheus(self, bot: Bot) -> None:
        ration = bot.process()
        bot.send(ration, OTHER, most=3)
        figure = ration.figure()
        assert (figure.channel, figure.account, figure.used, figure.limit) == ("zalo_bot", "7", 3, 10)


class TestRunningOut:
    def test_nothing_goes_for_an_hour_and_then_it_is_tried_again(self, bot: Bot) -> None:
        ration, other = bot.process(), bot.process()
        asyncio.run(ration.ran_out())
        bot.clock.forward(minutes=59, seconds=59)
        assert all("Zalo báo đã hết" in refusal(p, DEADLINE) for p in (ration, other))
        assert all(asyncio.run(p.waits()) for p in (ration, other))
        bot.clock.forward(seconds=2)
        assert not asyncio.run(ration.waits())
        assert all(refusal(p, OTHER) == "" for p in (ration, other))

    def test_a_message_that_goes_clears_it_for_all(self, bot: Bot) -> None:
        ration, other = bot.process(), bot.process()
        asyncio.run(ration.ran_out())
        assert refusal(other, OTHER)
        bot.clock.forward(hours=1, seconds=1)
        assert bot.send(ration, OTHER, most=2) == 2
        with bot.sessions() as session:
            row = session.get_one(Usage, ("zalo_bot", "7", "2026-11", quotas.MESSAGES))
            assert (row.used, row.exhausted_at) == (2, None)
        assert refusal(other, OTHER) == ""

    def test_refused_again_it_waits_another_hour(self, bot: Bot) -> None:
        ration = bot.process()
        asyncio.run(ration.ran_out())
        bot.clock.forward(hours=1, seconds=1)
        asyncio.run(ration.ran_out())
        bot.clock.forward(minutes=59)
        assert refusal(ration, ANSWER)

    def test_the_next_month_knows_nothing_of_it(self, bot: Bot) -> None:
        ration = bot.process()
        bot.clock.at = datetime(2026, 11, 30, 16, 50, tzinfo=UTC)
        asyncio.run(ration.ran_out())
        bot.clock.forward(minutes=10)
        assert refusal(ration, OTHER) == ""
