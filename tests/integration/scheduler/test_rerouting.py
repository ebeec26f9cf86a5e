"""What can't be sent in one private chat goes to the reader's next one, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from office import accounts, codes, membership, people
from office.audit import Deed
from office.deliveries import Delivery, Doubt, Source, Status
from office.messages import ChatAddress, Line, Reply
from office.people import ChatAccount, Role
from office.switches import Switch, of_channel
from scheduler import audience, delivery, halting, rerouting
from scheduler.claiming import claim
from scheduler.courier import Failed, Retry, Sent, Uncertain
from scheduler.delivery import Booked, Policy, Result
from scheduler.holding import keep_lane, take_lane
from scheduler.lane import LaneWorker
from scheduler.outbox import Manner, Outbox, Recipient
from scheduler.pacer import Limits, Pacer
from scheduler.quiet import QuietHours
from scheduler.trouble import ChatTrouble
from tests.fakes.courier import FakeCourier
from tests.integration.scheduler.conftest import Clock

FAST = Limits(per_second=1000, per_chat_second=1000, per_group_minute=100_000)
OA, TELEGRAM = ("zalo_oa", "7"), ("telegram", "42")
BLOCKED = Failed(reason="Người nhận đã chặn.", unreachable=True)
CLOSED = Failed(reason="Quá 7 ngày chưa nhắn cho cơ quan.")
DOWN = timedelta(minutes=10)


class Office:
    """A clerk on Telegram, and An: first on the Official Account, then on Telegram."""

    def __init__(
        self, sessions: sessionmaker[Session], clock: Clock, policy: Policy, quiet: QuietHours
    ) -> None:
        self.sessions, self.clock, self.policy = sessions, clock, policy
        self.woken: list[tuple[str, str]] = []
        self.outbox = Outbox(
            quiet=quiet,
            limits={"zalo_oa": 1500, "telegram": 300},
            channels=("zalo_oa", "telegram"),
            wake=lambda *lane: self.woken.append(lane),
        )
        self.trouble = ChatTrouble(self.outbox)
        self.couriers = {lane: FakeCourier(channel=lane[0], account=lane[1]) for lane in (OA, TELEGRAM)}
        self.an = self._member("An", OA, TELEGRAM)
        self.clerk = self._member("Vân", TELEGRAM, role=Role.VAN_PHONG)

    def _member(self, name: str, *lanes: tuple[str, str], role: Role | None = None) -> int:
        now = self.clock.now()
        with self.sessions.begin() as session:
            who = membership.add_member(session, name, department_id=None, actor=None, now=now).id
            if role:
                membership.give_role(session, who, role, actor=None, reason="thử", now=now)
            for channel, account in lanes:
                chat = f"{name}-{channel}"
                where = {"channel": channel, "account": account, "sender": chat, "chat": chat}
                codes.tie(session, who, **where, now=now)
        return who

    def tell(
        self, *, text: str = "Nhắc việc", number: int = 1, source: Source = Source.REMINDER, **how: Any
    ) -> None:
        now = self.clock.now()
        with self.sessions.begin() as session:
            occurrence = self.outbox.occasion(session, source, number, "", now, now=now)
            assert occurrence is not None
            to = audience.themselves(session, [self.an])
            reply = Reply(lines=(Line(text),))
            self.outbox.tell(session, occurrence, to, reply, due_at=now, now=now, manner=Manner(**how))

    def drain(self, lane: tuple[str, str]) -> None:
        worker = LaneWorker(
            self.couriers[lane], sessions=self.sessions, clock=self.clock, policy=self.policy,
            pacer=Pacer(FAST), owner="a", trouble=self.trouble,
        )  # fmt: skip
        asyncio.run(asyncio.wait_for(worker.drain(), 30))
        worker.close()

    def sweep(self, *, since: timedelta = DOWN, telegram: bool = False) -> int:
        moments = {OA: self.clock.now() - since}
        if telegram:
            moments[TELEGRAM] = self.clock.now()
        with self.sessions.begin() as session:
            return rerouting.sweep(
                session, down=moments, patience=DOWN, now=self.clock.now(), outbox=self.outbox
            )

    def rows(self, who: str = "An") -> list[Delivery]:
        with self.sessions() as session:
            mine = select(Delivery).where(Delivery.chat.startswith(who))
            return list(session.scalars(mine.order_by(Delivery.id)))

    def fates(self) -> list[tuple[str, Status]]:
        return [(row.channel, row.status) for row in self.rows()]


@pytest.fixture
def office(sessions: sessionmaker[Session], clock: Clock, policy: Policy, quiet: QuietHours) -> Office:
    return Office(sessions, clock, policy, quiet)


def test_a_person_is_written_to_in_one_chat_the_one_that_comes_first(office: Office) -> None:
    office.tell()
    assert office.fates() == [("zalo_oa", Status.QUEUED)]
    with office.sessions.begin() as session:
        [_, second] = people.accounts_of(session, office.an)
        assert accounts.prefer(session, second, actor=office.an, now=office.clock.now())
        assert not accounts.prefer(session, second, actor=office.an, now=office.clock.now())
        assert session.scalars(select(Deed.action)).all().count("account.prefer") == 1
    office.tell(number=2)
    assert office.fates()[1:] == [("telegram", Status.QUEUED)]


def test_a_first_chat_that_no_lane_carries_gives_way_to_the_next(office: Office, quiet: QuietHours) -> None:
    office.outbox = Outbox(quiet=quiet, channels=("telegram",))
    office.tell()
    assert office.fates() == [("telegram", Status.QUEUED)]


def test_what_fails_for_good_goes_to_the_next_chat_and_says_so(office: Office) -> None:
    office.tell(doubt=Doubt.ASK, passes_quiet=True)
    office.couriers[OA].outcomes.append(CLOSED)
    office.drain(OA)
    old, new = office.rows()
    assert (old.status, old.merged_into) == (Status.REROUTED, new.id)
    assert old.reason == "Quá 7 ngày chưa nhắn cho cơ quan; đã chuyển sang Telegram."
    kept = (new.status, new.member_id, new.doubt, new.passes_quiet, new.due_at, new.topic)
    assert kept == (Status.QUEUED, office.an, Doubt.ASK, True, old.due_at, "")
    assert TELEGRAM in office.woken
    office.drain(TELEGRAM)
    assert office.fates() == [("zalo_oa", Status.REROUTED), ("telegram", Status.SENT)]
    assert office.couriers[TELEGRAM].texts == ["Nhắc việc"]


def test_each_chat_is_tried_once_and_the_last_failure_stays(office: Office) -> None:
    office.tell()
    for lane in (OA, TELEGRAM):
        office.couriers[lane].outcomes.append(CLOSED)
        office.drain(lane)
    assert office.fates() == [("zalo_oa", Status.REROUTED), ("telegram", Status.FAILED)]
    assert office.rows()[1].reason == CLOSED.reason


def test_who_has_one_chat_and_who_is_a_group_are_not_rerouted(office: Office) -> None:
    now = office.clock.now()
    with office.sessions.begin() as session:
        group = Recipient(to=ChatAddress(channel="zalo_oa", account="7", chat="An-zalo_oa", group=True))
        alone = audience.themselves(session, [office.clerk])
        office.outbox.announce(session, "x", 1, [group, *alone], Reply(lines=(Line("x"),)), now=now)
    for lane in (OA, TELEGRAM):
        office.couriers[lane].outcomes.append(CLOSED)
        office.drain(lane)
    assert [row.status for row in office.rows("") if row.reason == CLOSED.reason] == [Status.FAILED] * 2


def test_what_may_have_arrived_never_goes_elsewhere_by_itself(office: Office) -> None:
    office.tell(doubt=Doubt.ASK)
    office.couriers[OA].outcomes.append(Uncertain(reason="mất kết nối"))
    office.drain(OA)
    office.clock.forward(hours=1)
    assert office.sweep() == 0
    assert office.fates() == [("zalo_oa", Status.UNCERTAIN)]


def test_the_parts_that_had_not_left_follow_in_order_and_are_cut_for_the_other_channel(
    office: Office,
) -> None:
    text = " ".join(f"Câu thứ {number} của tin dài." for number in range(100))
    office.tell(text=text)
    assert [row.parts for row in office.rows()] == [2, 2]
    office.couriers[OA].outcomes.append(CLOSED)
    office.drain(OA)
    old = [row for row in office.rows() if row.channel == "zalo_oa"]
    new = [row for row in office.rows() if row.channel == "telegram"]
    assert {row.status for row in old} == {Status.REROUTED}
    assert [(row.part, row.parts) for row in new] == [(n, len(new)) for n in range(1, len(new) + 1)]
    assert len(new) > 2
    assert old[0].merged_into == new[0].id
    assert old[1].merged_into in [row.id for row in new[1:]]
    office.drain(TELEGRAM)
    assert " ".join(office.couriers[TELEGRAM].texts) == text


def test_a_message_of_which_a_part_was_sent_stands_whole_in_the_other_chat(office: Office) -> None:
    text = " ".join(f"Câu thứ {number} của tin dài." for number in range(100))
    office.tell(text=text)
    office.couriers[OA].outcomes.extend([Sent(message_id="1"), CLOSED])
    office.drain(OA)
    assert {row.status for row in office.rows() if row.channel == "zalo_oa"} == {Status.REROUTED}
    office.drain(TELEGRAM)
    assert " ".join(office.couriers[TELEGRAM].texts) == text


def test_who_blocks_the_bot_is_disabled_there_and_what_waits_goes_along(office: Office) -> None:
    office.tell(text="Việc một")
    office.tell(text="Việc hai", number=2)
    office.tell(text="Việc tạm dừng", number=3, source=Source.NOTICE)
    with office.sessions.begin() as session:
        halting.pause(session, [office.rows()[-1].occurrence_id], now=office.clock.now())
    office.couriers[OA].outcomes.append(BLOCKED)
    office.drain(OA)
    assert office.fates() == [("zalo_oa", Status.REROUTED)] * 3 + [
        ("telegram", Status.QUEUED),
        ("telegram", Status.QUEUED),
        ("telegram", Status.PAUSED),
    ]
    with office.sessions() as session:
        assert [bool(row.disabled_at) for row in people.accounts_of(session, office.an)] == [True, False]
    office.drain(TELEGRAM)
    [told] = [text for chat, text in office.couriers[TELEGRAM].received if chat == "Vân-telegram"]
    assert "Không còn nhắn riêng được cho An qua Zalo OA" in told
    assert "Đã chuyển 3 tin sang Telegram." in told
    assert "Việc một" not in told
    assert "không gửi được" not in told


def test_what_nobody_else_can_take_is_told_of_as_undelivered(office: Office) -> None:
    with office.sessions.begin() as session:
        session.execute(
            update(ChatAccount)
            .where(ChatAccount.channel == "telegram", ChatAccount.member_id == office.an)
            .values(disabled_at=office.clock.now())
        )
    office.tell(text="Việc một")
    office.couriers[OA].outcomes.append(BLOCKED)
    office.drain(OA)
    office.drain(TELEGRAM)
    [told] = office.couriers[TELEGRAM].texts
    assert "• Việc một" in told
    assert "Đã chuyển" not in told


def test_a_stand_ins_next_chat_takes_what_was_for_who_is_away(office: Office) -> None:
    now = office.clock.now()
    with office.sessions.begin() as session:
        membership.record_absence(
            session, office.clerk, since=now.date(), until=now.date(), stand_in_id=office.an, reason="",
            actor=None, now=now,
        )  # fmt: skip
        to = audience.privately(session, [office.clerk], on=now.date())
        office.outbox.announce(session, "x", 1, to, Reply(lines=(Line("x"),)), now=now)
    office.couriers[OA].outcomes.append(CLOSED)
    office.drain(OA)
    assert office.fates() == [("zalo_oa", Status.REROUTED), ("telegram", Status.QUEUED)]
    assert office.rows()[1].member_id == office.clerk


@pytest.mark.parametrize(("deed", "fate"), [("cancel", None), ("pause", Status.PAUSED)])
def test_what_was_called_off_or_paused_while_in_the_air_does_not_leave_elsewhere(
    office: Office, deed: str, fate: Status | None
) -> None:
    office.tell(source=Source.NOTICE, doubt=Doubt.ASK)

    def meanwhile(_parcel: object) -> None:
        now, [row] = office.clock.now(), office.rows()
        with office.sessions.begin() as session:
            if deed == "cancel":
                halting.cancel(session, [row.occurrence_id], reason="nhầm", now=now)
            else:
                halting.pause(session, [row.occurrence_id], now=now)

    office.couriers[OA].before = meanwhile
    office.couriers[OA].outcomes.append(CLOSED)
    office.drain(OA)
    assert [row.status for row in office.rows() if row.channel == "telegram"] == ([fate] if fate else [])


def test_who_has_lost_the_lane_reroutes_nothing_of_others(office: Office) -> None:
    office.tell()
    now = office.clock.now()
    with office.sessions.begin() as session:
        taken = take_lane(session, *OA, owner="a", now=now, policy=office.policy)
        assert taken
        keep_lane(session, taken[0], now=now, policy=office.policy, pace={})
        [claimed] = claim(session, taken[0], now=now, policy=office.policy, most=1)
    with office.sessions.begin() as session:
        session.execute(update(Delivery).values(token=taken[0].token + 1))  # claimed anew by another
    with office.sessions.begin() as session:
        result = Result(claimed=claimed, outcome=CLOSED, at=now)
        booked = delivery.book(session, taken[0], [result], policy=office.policy)
    assert booked == Booked(unreachable=[], failed={})
    assert office.fates() == [("zalo_oa", Status.SENDING)]


# --- a channel out of reach


def test_what_waits_for_a_channel_out_of_reach_goes_to_the_next_after_a_while(office: Office) -> None:
    office.tell()
    office.couriers[OA].outcomes.append(Retry(reason="không nối được", network=True))
    office.drain(OA)
    office.clock.forward(minutes=11)
    assert office.sweep(since=timedelta(minutes=9)) == 0
    assert office.sweep() == 1
    assert office.sweep() == 0
    old, new = office.rows()
    assert (old.status, old.merged_into) == (Status.REROUTED, new.id)
    assert old.reason == "Zalo OA không tới được từ 8:01 ngày 24/11/2026; đã chuyển sang Telegram."
    assert TELEGRAM in office.woken
    office.drain(OA)
    assert office.couriers[OA].texts == []


def test_a_channel_that_is_out_of_reach_too_takes_nothing_over(office: Office) -> None:
    office.tell()
    assert office.sweep(telegram=True) == 0
    assert office.fates() == [("zalo_oa", Status.QUEUED)]


def test_what_is_held_paused_stopped_or_in_the_air_stays_though_the_channel_is_out_of_reach(
    office: Office,
) -> None:
    for number, status in enumerate((Status.HELD, Status.PAUSED, Status.SENDING), start=1):
        office.tell(number=number)
        with office.sessions.begin() as session:
            here = update(Delivery).where(Delivery.status == Status.QUEUED)
            session.execute(here.values(status=status))
    assert office.sweep() == 0
    office.tell(number=4)
    with office.sessions.begin() as session:
        session.add(
            Switch(
                key=of_channel("zalo_oa"),
                stopped=True,
                reason="",
                changed_by=None,
                changed_at=office.clock.now(),
            )
        )
    assert office.sweep() == 0
    with office.sessions.begin() as session:
        session.execute(update(Switch).values(stopped=False))
    assert office.sweep() == 1


def test_in_quiet_hours_only_hoa_toc_is_moved(office: Office) -> None:
    office.tell()
    office.tell(number=2, passes_quiet=True)
    office.clock.forward(hours=13)
    assert office.sweep() == 1
    assert [row.status for row in office.rows()[:2]] == [Status.QUEUED, Status.REROUTED]


def test_an_account_that_is_given_up_passes_on_what_waits_for_it(office: Office) -> None:
    office.tell()
    with office.sessions.begin() as session:
        [first, _] = people.accounts_of(session, office.an)
        to, why = people.address_of(first), "Đã gỡ."
        now = office.clock.now()
        assert rerouting.forsake(session, to, why=why, now=now, outbox=office.outbox) == (1, 0)
        [_, second] = people.accounts_of(session, office.an)
        to = people.address_of(second)
        assert rerouting.forsake(session, to, why=why, now=now, outbox=office.outbox) == (0, 1)
    assert office.fates() == [("zalo_oa", Status.REROUTED), ("telegram", Status.FAILED)]
