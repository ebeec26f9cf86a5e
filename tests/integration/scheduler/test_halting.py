"""What Văn phòng pauses, lets go, cancels, stops, edits and takes back, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import deliveries, groups, membership, people, switches
from office.deliveries import Act, Delivery, Doubt, Source, Status
from office.people import Role
from scheduler.courier import Failed, Moved, Outcome, Paused, Retry, Sent, Uncertain
from scheduler.delivery import Policy
from scheduler.halting import cancel, lanes_of, pause, resume
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from scheduler.waiting import next_ready
from tests.integration.scheduler.conftest import NOW, Clock
from tests.integration.scheduler.desk import ACCOUNT, Desk, chat

LOST = Uncertain(reason="mất kết nối")


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: Clock, policy: Policy, outbox: Outbox) -> Desk:
    desk = Desk(sessions, clock, policy, outbox)
    assert desk.take()
    return desk


def halt(desk: Desk, occurrence: int) -> int:
    with desk.sessions.begin() as session:
        return pause(session, [occurrence], now=desk.clock.now())


def let_go(desk: Desk, occurrence: int, quiet: QuietHours | None = None) -> int:
    with desk.sessions.begin() as session:
        return resume(session, [occurrence], now=desk.clock.now(), quiet=quiet)


def give_up(desk: Desk, occurrence: int, reason: str = "nhầm ngày") -> int:
    with desk.sessions.begin() as session:
        return cancel(session, [occurrence], reason=reason, now=desk.clock.now())


def turn(desk: Desk, key: str, *, stop: bool) -> None:
    with desk.sessions.begin() as session:
        actor = (
            session.scalar(select(people.Member.id))
            or membership.add_member(session, "Vân", department_id=None, actor=None, now=NOW).id
        )
        admin = people.Person(
            id=actor, name="Vân", title="", department_id=None, roles=frozenset({Role.ADMIN})
        )
        switches.turn(session, key, stop=stop, actor=admin, reason="thử", now=desk.clock.now())


# --- paused, let go, cancelled


def test_what_is_paused_stays_until_it_is_let_go_and_other_messages_leave(desk: Desk) -> None:
    notice = desk.queue(chat(1), chat(2), text="thông báo", source=Source.NOTICE)
    desk.queue(chat(1), text="nhắc việc")
    assert halt(desk, notice) == 2
    assert halt(desk, notice) == 0
    assert desk.send_all() == [("1", "nhắc việc")]
    desk.clock.forward(minutes=5)
    assert desk.claim() == []
    with desk.sessions() as session:
        assert next_ready(session, *ACCOUNT) is None
        assert lanes_of(session, [notice]) == [ACCOUNT]
    assert let_go(desk, notice) == 2
    assert sorted(desk.send_all()) == [("1", "thông báo"), ("2", "thông báo")]
    assert let_go(desk, notice) == 0


@pytest.mark.parametrize("outcome", [Retry(reason="bận"), Paused(seconds=1), Moved(chat="-1005")])
def test_what_was_in_the_air_and_comes_back_is_paused_too(desk: Desk, outcome: Outcome) -> None:
    notice = desk.queue(chat(-5, group=True), source=Source.NOTICE)
    [claimed] = desk.claim()
    assert halt(desk, notice) == 0
    desk.book(claimed, outcome)
    desk.clock.forward(minutes=5)
    assert desk.claim() == []
    [row] = desk.rows()
    assert row.status is Status.PAUSED
    assert "tạm dừng" in row.reason
    assert let_go(desk, notice) == 1
    assert len(desk.send_all()) == 1


def test_what_was_in_the_air_arrives_whatever_is_paused_or_cancelled_meanwhile(desk: Desk) -> None:
    notice = desk.queue(chat(1), chat(2), source=Source.NOTICE)
    one, two = desk.claim()
    halt(desk, notice)
    desk.book(one, Sent(message_id="7"))
    give_up(desk, notice)
    desk.book(two, Sent(message_id="8"))
    assert [(row.status, row.reason) for row in desk.rows()] == [(Status.SENT, "")] * 2


def test_let_go_before_it_comes_back_it_goes_again_by_itself(desk: Desk) -> None:
    notice = desk.queue(chat(1), source=Source.NOTICE)
    [claimed] = desk.claim()
    halt(desk, notice)
    assert let_go(desk, notice) == 0
    desk.book(claimed, Retry(reason="bận"))
    desk.clock.forward(minutes=1)
    assert len(desk.send_all()) == 1


@pytest.mark.parametrize(("stop", "status"), [(halt, Status.PAUSED), (give_up, None)])
def test_the_repeat_of_a_doubtful_message_waits_or_is_left_out_with_the_others(
    desk: Desk, stop: object, status: Status | None
) -> None:
    notice = desk.queue(chat(1), source=Source.NOTICE)
    [claimed] = desk.claim()
    assert callable(stop)
    stop(desk, notice)
    desk.book(claimed, LOST)
    assert desk.statuses() == [Status.UNCERTAIN, *([status] if status else [])]
    desk.clock.forward(minutes=5)
    assert desk.claim() == []


def test_what_is_cancelled_never_leaves_and_says_why(desk: Desk) -> None:
    notice = desk.queue(chat(1), chat(2), chat(3), source=Source.NOTICE)
    [claimed] = desk.claim(most=1)
    halt(desk, notice)
    assert give_up(desk, notice) == 2
    desk.book(claimed, Retry(reason="bận"))
    assert {(row.status, row.reason) for row in desk.rows()} == {(Status.CANCELLED, "nhầm ngày")}
    assert let_go(desk, notice) == 0
    desk.clock.forward(days=1)
    assert desk.claim() == []


def test_let_go_in_quiet_hours_it_waits_for_the_morning_unless_it_may_pass(
    desk: Desk, quiet: QuietHours
) -> None:
    waits = desk.queue(chat(1), chat(3), text="thường", source=Source.NOTICE)
    passes = desk.queue(chat(2), text="hoả tốc", rung="x", source=Source.NOTICE, passes_quiet=True)
    for notice in (waits, passes):
        halt(desk, notice)
    desk.clock.forward(hours=13)  # 21:00
    assert [let_go(desk, notice, quiet) for notice in (waits, passes)] == [2, 1]
    assert [chat for chat, _ in desk.send_all()] == ["2"]
    desk.clock.forward(hours=9, minutes=30)
    assert sorted(chat for chat, _ in desk.send_all()) == ["1", "3"]


def test_what_is_paused_before_its_time_leaves_at_its_time(desk: Desk) -> None:
    notice = desk.queue(chat(1), source=Source.NOTICE)
    later = desk.clock.now() + timedelta(hours=1)
    with desk.sessions.begin() as session:
        row = session.scalars(select(Delivery)).one()
        row.due_at = row.ready_at = later
    halt(desk, notice)
    assert let_go(desk, notice) == 1
    assert desk.claim() == []
    desk.clock.forward(hours=1)
    assert len(desk.send_all()) == 1


def test_a_paused_message_is_neither_purged_nor_forgotten_where_its_group_goes(desk: Desk) -> None:
    notice = desk.queue(chat(-5, group=True), chat(-6, group=True), source=Source.NOTICE)
    halt(desk, notice)
    with desk.sessions.begin() as session:
        groups.met(session, channel="telegram", account="42", chat="-6", title="Nhóm", added_by="", now=NOW)
        assert deliveries.purge(session, NOW + timedelta(days=9)) == 0
        groups.migrate(session, channel="telegram", account="42", old="-5", new="-1005", now=NOW)
        groups.out_of_reach(session, chat(-6).to, reason="bị xoá", now=NOW)
    moved, lost = desk.rows()
    assert (moved.chat, moved.status) == ("-1005", Status.PAUSED)
    assert (lost.status, lost.reason) == (Status.FAILED, "bị xoá")
    assert not Status.PAUSED.open


# --- notices stay messages of their own


def test_held_notices_are_not_merged_into_one_message(desk: Desk) -> None:
    desk.clock.forward(hours=13)  # 21:00
    desk.queue(chat(1), text="thông báo", source=Source.NOTICE)
    desk.queue(chat(1), text="việc một", rung="a")
    desk.queue(chat(1), text="việc hai", rung="b")
    desk.clock.forward(hours=10)
    texts = [text for _, text in desk.send_all()]
    assert len(texts) == 2
    assert sum("thông báo" in text for text in texts) == 1
    assert sum("việc một" in text and "việc hai" in text for text in texts) == 1


def test_a_notice_does_not_give_way_to_a_later_word_about_it(desk: Desk) -> None:
    desk.queue(chat(1), text="thông báo", source=Source.NOTICE)
    desk.clock.forward(hours=1)
    desk.queue(chat(1), text="nhắc xác nhận", rung="nudge", source=Source.NOTICE)
    first, second = [text for _, text in desk.send_all()]
    assert "thông báo" in first
    assert second == "nhắc xác nhận"


# --- edited and taken back


def test_an_edit_says_the_new_words_without_remarks_and_keeps_its_number(desk: Desk) -> None:
    desk.queue(chat(1, target=("70",)), text="mới", source=Source.NOTICE, act=Act.EDIT)
    desk.clock.forward(hours=1)  # a message sent anew would be marked as late
    [claimed] = desk.claim()
    parcel = claimed.parcel
    assert (parcel.act, parcel.target, parcel.reply.text()) == (Act.EDIT, "70", "mới")
    desk.book(claimed, Sent(message_id="70"))
    assert [(row.status, row.message_id) for row in desk.rows()] == [(Status.SENT, "70")]


@pytest.mark.parametrize("act", [Act.EDIT, Act.DELETE])
def test_an_edit_or_deletion_in_doubt_is_done_again_whether_or_not_its_worker_died(
    desk: Desk, act: Act
) -> None:
    desk.queue(chat(1, target=("70",)), source=Source.NOTICE, act=act, doubt=Doubt.ASK)
    [claimed] = desk.claim()
    desk.book(claimed, LOST)
    assert desk.statuses() == [Status.RETRY]
    desk.clock.forward(minutes=1)
    [claimed] = desk.claim()
    assert desk.take()  # as after a crash: what is left in the air is looked at
    assert desk.statuses() == [Status.RETRY]
    desk.clock.forward(minutes=1)
    assert [claimed.parcel.act for claimed in desk.claim()] == [act]


def test_an_edit_that_can_never_be_done_asks_for_a_correction(desk: Desk) -> None:
    everyone = [chat(n, group=n < 0, target=("70",)) for n in (1, 2, -5, -6, 3)]
    desk.queue(*everyone, source=Source.NOTICE, act=Act.EDIT)
    gone, blocked, moved, left, done = desk.claim()
    desk.book(gone, Failed(reason="Quá 48 giờ.", gone=True))
    desk.book(blocked, Failed(reason="Bị chặn.", unreachable=True))
    desk.book(moved, Moved(chat="-1005"))
    desk.book(left, Retry(reason="bận"))
    desk.book(done, Sent(message_id="70"))
    with desk.sessions.begin() as session:
        groups.migrate(session, channel="telegram", account="42", old="-6", new="-1006", now=NOW)
        wrong = session.scalars(select(Delivery.chat).where(deliveries.needs_correction()))
        assert set(wrong) == {"1", "-5", "-6"}
    assert {row.status for row in desk.rows()} == {Status.FAILED, Status.SENT}


def test_a_longer_or_shorter_wording_is_shown_in_as_many_messages_as_it_takes(desk: Desk) -> None:
    long = "Một câu dài. " * 300
    desk.queue(chat(1, target=("70",)), text=long, source=Source.NOTICE, act=Act.EDIT)
    desk.queue(chat(2, target=("80", "81")), text="ngắn", rung="b", source=Source.NOTICE, act=Act.EDIT)
    desk.queue(chat(3, target=("90", "91")), text=long, rung="c", source=Source.NOTICE, act=Act.DELETE)
    acts = {n: [(r.act, r.target) for r in desk.rows() if r.chat == n] for n in ("1", "2", "3")}
    assert acts["1"][0] == (Act.EDIT, "70")
    assert set(acts["1"][1:]) == {(Act.SEND, None)}
    assert acts["2"] == [(Act.EDIT, "80"), (Act.DELETE, "81")]
    assert acts["3"] == [(Act.DELETE, "90"), (Act.DELETE, "91")]


# --- stop switches


def test_a_stopped_channel_sends_nothing_and_looks_for_nothing_until_it_is_let_go(desk: Desk) -> None:
    key = switches.of_channel("telegram")
    desk.queue(chat(1), chat(-5, group=True))
    desk.queue(chat(2), text="chỉ hôm nay", rung="x", stale_at=desk.clock.now() + timedelta(minutes=5))
    turn(desk, key, stop=True)
    assert desk.claim() == []
    with desk.sessions() as session:
        assert next_ready(session, *ACCOUNT) is None
    desk.clock.forward(minutes=6)
    turn(desk, key, stop=False)
    assert sorted(chat for chat, _ in desk.send_all()) == ["-5", "1"]
    assert desk.statuses()[-1] is Status.CANCELLED


@pytest.mark.parametrize(
    ("audience", "stopped", "free"),
    [(switches.Audience.GROUPS, "-5", "1"), (switches.Audience.MEMBERS, "1", "-5")],
)
def test_a_stopped_audience_waits_and_the_other_does_not(
    desk: Desk, audience: switches.Audience, stopped: str, free: str
) -> None:
    desk.queue(chat(1), chat(-5, group=True))
    turn(desk, switches.of_audience(audience), stop=True)
    assert [chat for chat, _ in desk.send_all()] == [free]
    with desk.sessions() as session:
        assert next_ready(session, *ACCOUNT) is None
    turn(desk, switches.of_audience(audience), stop=False)
    assert [chat for chat, _ in desk.send_all()] == [stopped]
