"""What the channels need is told to Văn phòng and the admins once, through a chat that still works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from bot import upkeep
from handlers.library import Library
from office import codes, contacts, groups, inbox, membership, quotas
from office.database import make_engine, session_factory
from office.deliveries import Delivery, Occurrence
from office.people import ChatAccount, Role
from office.quotas import Usage
from office.settings import Settings, settings_from
from office.wire import replies_from_json
from office.zalo_tokens import ZaloTokens
from scheduler.calendar import WorkCalendar
from scheduler.channel_health import Reports
from scheduler.channel_watch import look
from scheduler.lanes import Lanes
from scheduler.outbox import Outbox
from tests.databases import fresh_sqlite
from tests.integration.scheduler.conftest import NOW, Clock

BOT, OA = "1459232241454765289", "388613280878808645"
DAY = timedelta(days=1)
CALENDAR = WorkCalendar.shipped()


def settings(**plan: Any) -> Settings:
    """All three platforms switched on."""
    tree: dict[str, Any] = {
        "telegram": {"enabled": True},
        "zalo_bot": {"enabled": True, "quota": plan},
        "zalo_oa": {"enabled": True, "app_id": "1", "oa_id": OA},
    }
    return settings_from(
        tree,
        {
            "XINLUON_TELEGRAM_TOKEN": "42:telegram",
            "XINLUON_ZALO_BOT_TOKEN": f"{BOT}:zalo",
            "XINLUON_ZALO_OA_APP_SECRET": "app-secret",
            "XINLUON_ZALO_OA_WEBHOOK_SECRET": "webhook-secret",
        },
    )


class Watched:
    """An office with a clerk on two channels, an admin on Zalo Bot alone, and a member."""

    def __init__(self, sessions: sessionmaker[Session], outbox: Outbox, clock: Clock) -> None:
        self.sessions, self.outbox, self.clock = sessions, outbox, clock
        self.settings = settings()
        with sessions.begin() as session:
            self._add(session, "Bình", Role.VAN_PHONG, ("zalo_bot", BOT), ("zalo_oa", OA), ("telegram", "42"))
            self._add(session, "An", Role.ADMIN, ("zalo_bot", BOT))
            self._add(session, "Dung", None, ("telegram", "42"))

    def _add(self, session: Session, name: str, role: Role | None, *accounts: tuple[str, str]) -> None:
        who = membership.add_member(session, name, department_id=None, actor=None, now=NOW)
        if role:
            membership.give_role(session, who.id, role, actor=None, reason="thử", now=NOW)
        for channel, account in accounts:
            codes.tie(session, who.id, channel=channel, account=account, sender=name, chat=name, now=NOW)
        order = [channel for channel, _ in accounts]
        for row in session.scalars(select(ChatAccount).where(ChatAccount.member_id == who.id)):
            row.rank = order.index(row.channel)

    def use(self, count: int, *, kinds: tuple[str, ...] = (quotas.MESSAGES,)) -> None:
        month = quotas.month_of(self.clock.now())
        with self.sessions.begin() as session:
            for kind in kinds:
                row = {"channel": "zalo_bot", "account": BOT, "month": month, "kind": kind}
                session.execute(delete(Usage).filter_by(**row))
                session.add(Usage(**row, used=count))

    def look(self, reports: Reports | None = None) -> int:
        with self.sessions.begin() as session:
            return look(
                session,
                outbox=self.outbox,
                settings=self.settings,
                now=self.clock.now(),
                calendar=CALENDAR,
                reports=reports or {},
            )

    def told(self) -> list[tuple[str, str, str]]:
        """Each message since this was last asked: to whom, on which channel, its first line."""
        with self.sessions.begin() as session:
            rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
            found = [(row.chat, row.channel, replies_from_json(row.body)[0].lines[0].text) for row in rows]
            session.execute(delete(Delivery))
        return found

    def tokens(self, *, left: timedelta, trouble: str = "", obtained: datetime = NOW - 60 * DAY) -> None:
        with self.sessions.begin() as session:
            session.execute(delete(ZaloTokens))
            session.add(
                ZaloTokens(
                    oa_id=OA, app_id="1", access_token="secret-access", refresh_token="secret-refresh",
                    obtained_at=obtained, access_expires_at=NOW + timedelta(hours=1),
                    refresh_expires_at=self.clock.now() + left, trouble=trouble,
                )
            )  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, outbox: Outbox, clock: Clock) -> Iterator[Watched]:
    engine = make_engine(fresh_sqlite(tmp_path))
    yield Watched(session_factory(engine), outbox, clock)
    engine.dispose()


def test_it_is_counted_and_told_alike_on_both_databases(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock
) -> None:
    office = Watched(sessions, outbox, clock)
    office.settings = settings(messages_per_month=2)
    for kinds in ((quotas.MESSAGES, quotas.DEADLINES), (quotas.MESSAGES, quotas.ANSWERS)):
        with sessions.begin() as session:
            quotas.spend(session, "zalo_bot", BOT, now=NOW, kinds=kinds)
    office.tokens(left=80 * DAY, trouble="một")
    assert [office.look(), office.look()] == [2, 0]
    assert len(office.told()) == 4
    with sessions.begin() as session:
        quotas.ran_out(session, "zalo_bot", BOT, now=NOW)
        found = quotas.month(session, "zalo_bot", BOT, now=NOW)
        assert (found.used, found.deadlines, found.answers, found.ran_out_at) == (2, 1, 1, NOW)


class TestMonth:
    def test_nothing_is_told_below_four_fifths(self, office: Watched) -> None:
        office.use(2399)
        assert (office.look(), office.told()) == (0, [])

    def test_eighty_percent_is_told_once_however_often_one_looks(self, office: Watched) -> None:
        office.use(2400)
        assert office.look() == 1
        said = "Zalo Bot đã dùng 2.400/3.000 tin của tháng 11"
        assert office.told() == [("Bình", "zalo_oa", said), ("An", "zalo_bot", said)]
        office.use(2600)
        office.clock.forward(hours=1)
        assert (office.look(), office.told()) == (0, [])

    def test_a_running_office_looks_at_least_every_five_minutes(
        self, office: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert upkeep._WATCH_SECONDS <= 300
        running = upkeep.Upkeep(
            office.settings,
            sessions=office.sessions,
            clock=office.clock,
            library=lambda: cast(Library, None),
            outbox=office.outbox,
            lanes=cast(Lanes, None),
            platforms=(),
            calendar=lambda: CALENDAR,
        )
        rests = {}

        async def again(name: str, chore: Callable[[], int], *, rest: float, pause: float) -> None:
            rests[name] = rest
            if name == "watch":
                chore()

        monkeypatch.setattr(running, "_again", again)
        office.use(2400)
        asyncio.run(running.run())
        assert rests["watch"] == upkeep._WATCH_SECONDS
        assert office.told()

    def test_the_end_is_told_once_more(self, office: Watched) -> None:
        office.use(2400)
        office.look()
        office.told()
        office.use(3000)
        assert [office.look(), office.look()] == [1, 0]
        assert {text for _, _, text in office.told()} == {
            "Zalo Bot đã dùng hết tin của tháng 11 (3.000/3.000)"
        }

    def test_at_the_end_four_fifths_are_not_told_too(self, office: Watched) -> None:
        office.use(3000)
        assert [office.look(), office.look()] == [1, 0]

    def test_what_the_platform_says_counts_more_than_our_count(self, office: Watched) -> None:
        office.use(100)
        with office.sessions.begin() as session:
            quotas.ran_out(session, "zalo_bot", BOT, now=NOW)
        assert office.look() == 1
        assert "Zalo báo Zalo Bot đã hết tin của tháng 11" in office.told()[0][2]

    def test_the_next_month_is_told_anew(self, office: Watched) -> None:
        office.use(2400)
        office.look()
        office.told()
        office.clock.at = datetime(2026, 12, 1, 2, tzinfo=UTC)
        assert office.look() == 0
        office.use(2500)
        assert office.look() == 1
        assert "2.500/3.000 tin của tháng 12" in office.told()[0][2]

    def test_the_settings_plan_counts(self, office: Watched) -> None:
        office.settings = settings(messages_per_month=100, for_deadlines=0.1)
        office.use(80)
        assert office.look() == 1
        with office.sessions() as session:
            [body] = session.scalars(select(Delivery.body).where(Delivery.chat == "An"))
        text = replies_from_json(body)[0].text()
        assert "Từ 90 tin trở đi" in text
        assert "10 tin cuối dành cho nhắc hạn và trả lời công chức" in text

    def test_what_nobody_can_be_told_is_told_when_somebody_can(self, office: Watched) -> None:
        office.use(2400)
        with office.sessions.begin() as session:
            session.execute(update(ChatAccount).values(disabled_at=NOW))
        assert office.look() == 0
        with office.sessions.begin() as session:
            assert not session.scalars(select(Occurrence.id)).all()
            session.execute(update(ChatAccount).values(disabled_at=None))
        assert office.look() == 1

    def test_a_platform_that_is_off_is_neither_watched_nor_used(self, office: Watched) -> None:
        office.use(2400)
        office.settings = settings_from({}, {})
        assert office.look() == 0


class TestPeople:
    def test_users_are_told_of_at_four_fifths_and_at_the_end(self, office: Watched) -> None:
        office.settings = settings(users=10, groups=3)
        for number, expected in ((7, 0), (8, 1), (9, 0), (10, 1), (11, 0)):
            with office.sessions.begin() as session:
                for at in range(number):
                    contacts.wrote(session, "zalo_bot", BOT, f"{at:032d}", at=NOW)
            assert office.look() == expected, number
        texts = [text for to, _, text in office.told() if to == "Bình"]
        assert texts == [
            "Zalo Bot đã có 8/10 người dùng của gói", "Zalo Bot đã đủ 10/10 người dùng của gói",
        ]  # fmt: skip

    def test_the_news_of_users_goes_by_the_preferred_chat(self, office: Watched) -> None:
        office.settings = settings(users=1)
        with office.sessions.begin() as session:
            contacts.wrote(session, "zalo_bot", BOT, "a" * 32, at=NOW)
        office.look()
        assert {(to, channel) for to, channel, _ in office.told()} == {
            ("Bình", "zalo_bot"),
            ("An", "zalo_bot"),
        }

    @pytest.mark.parametrize(
        ("plan", "told_at"),
        [(3, 3), (5, 4)],
        ids=["a small plan when it is full", "a larger one at four fifths"],
    )
    def test_groups_are_told_of_before_one_more_may_be_refused(
        self, office: Watched, plan: int, told_at: int
    ) -> None:
        office.settings = settings(groups=plan)
        for number in range(1, told_at + 1):
            with office.sessions.begin() as session:
                chat = {"channel": "zalo_bot", "account": BOT, "chat": f"g{number}"}
                groups.met(session, **chat, title="", added_by="", now=NOW)
            assert office.look() == (number == told_at)
        assert office.told()[0][2] == f"Zalo Bot đã ở trong {told_at}/{plan} nhóm của gói"


class TestConsent:
    @pytest.mark.parametrize(
        ("left", "said"),
        [
            (14 * DAY + timedelta(hours=1), None),
            (14 * DAY, "Quyền gửi tin của Zalo OA hết hạn lúc"),
            (3 * DAY, "Gấp: quyền gửi tin của Zalo OA hết hạn lúc"),
            (-DAY, "Zalo OA cần được cấp quyền lại"),
        ],
    )
    def test_the_end_of_the_right_to_write_is_told_in_time(
        self, office: Watched, left: timedelta, said: str | None
    ) -> None:
        office.tokens(left=left)
        assert office.look() == (said is not None)
        assert all(text.startswith(said or "-") for _, _, text in office.told())

    def test_one_pair_is_told_of_at_fourteen_days_and_again_at_three(self, office: Watched) -> None:
        office.tokens(left=14 * DAY)
        found = []
        for _ in range(15):
            found.append(office.look())
            office.clock.forward(days=1)
        assert found == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1]

    def test_trouble_is_told_with_its_reason_by_another_channel_and_without_tokens(
        self, office: Watched
    ) -> None:
        with office.sessions.begin() as session:  # Bình prefers the Official Account
            session.execute(update(ChatAccount).where(ChatAccount.channel == "zalo_oa").values(rank=-1))
        office.tokens(left=80 * DAY, trouble="Zalo không nhận mã làm mới nữa.")
        assert [office.look(), office.look()] == [1, 0]
        with office.sessions() as session:
            rows = session.scalars(select(Delivery)).all()
            texts = {replies_from_json(row.body)[0].text() for row in rows}
        assert {row.channel for row in rows} == {"zalo_bot"}
        assert len(texts) == 1
        assert "Lý do: Zalo không nhận mã làm mới nữa." in str(texts)
        assert "xinluon zalo login" in str(texts)
        assert "secret" not in str(texts)

    def test_a_new_pair_that_fails_is_told_of_again(self, office: Watched) -> None:
        office.tokens(left=80 * DAY, trouble="một")
        office.look()
        office.tokens(left=80 * DAY, obtained=NOW)
        assert office.look() == 0
        office.tokens(left=80 * DAY, trouble="hai", obtained=NOW)
        assert office.look() == 1


class TestNobodyHears:
    def hear(self, office: Watched, channel: str, account: str, *counts: tuple[int, int]) -> None:
        """Events so many days ago; NOW is a Tuesday."""
        with office.sessions.begin() as session:
            for ago, count in counts:
                for number in range(count):
                    at = NOW - ago * DAY + timedelta(minutes=number)
                    inbox.receive(session, channel, account, f"{ago}.{number}", at=at, raw=None)

    def test_that_zalo_takes_no_answer_is_told_once_a_day_elsewhere(self, office: Watched) -> None:
        office.tokens(left=80 * DAY)
        reports = {"zalo_oa": {"refuses": "Gói đã hết.", "refuses_since": NOW.isoformat()}}
        assert [office.look(reports), office.look(reports)] == [1, 0]
        again = {"zalo_oa": {"refuses": "Gói đã hết.", "refuses_since": (NOW + DAY / 24).isoformat()}}
        assert office.look(again) == 0  # after a restart
        assert {(name, channel) for name, channel, _ in office.told()} == {
            ("Bình", "zalo_bot"),
            ("An", "zalo_bot"),
        }
        assert office.look({"zalo_oa": {}}) == 0

    def test_a_busy_webhook_that_fell_silent_for_a_working_day_is_told_of_once(self, office: Watched) -> None:
        office.tokens(left=80 * DAY)
        self.hear(office, "zalo_oa", OA, (4, 5), (5, 5), (6, 5))  # Friday, Thursday, Wednesday
        assert [office.look(), office.look()] == [1, 0]
        assert office.told()[0][2].startswith("Zalo OA im lặng bất thường: tin cuối cùng tới lúc ")
        office.clock.at = NOW + DAY
        assert office.look() == 0

    @pytest.mark.parametrize(
        "counts",
        [
            ((4, 5), (5, 5), (6, 2)),  # a day that was quiet before
            ((4, 4), (5, 4), (6, 4)),  # few altogether
            ((1, 1), (4, 5), (5, 5), (6, 5)),  # one on Monday
            ((0, 1), (4, 5), (5, 5), (6, 5)),  # one today
        ],
    )
    def test_quiet_weekends_and_quiet_offices_alarm_nobody(
        self, office: Watched, counts: tuple[tuple[int, int], ...]
    ) -> None:
        office.tokens(left=80 * DAY)
        self.hear(office, "zalo_oa", OA, *counts)
        assert office.look() == 0

    def test_on_monday_only_friday_counts(self, office: Watched) -> None:
        office.tokens(left=80 * DAY)
        self.hear(office, "zalo_oa", OA, (4, 5), (5, 5), (6, 5))
        office.clock.at = NOW - DAY
        assert office.look() == 0

    def test_who_asks_zalo_itself_is_not_suspected(self, office: Watched) -> None:
        self.hear(office, "zalo_bot", BOT, (4, 5), (5, 5), (6, 5))
        assert office.look() == 0
