"""The life of a delivery, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from office.deliveries import Doubt, Lane, Occurrence, OccurrenceState, Source, Status, Urgency
from office.messages import Choice, ChoiceKind, Line, Reply
from office.wire import replies_from_json
from scheduler.courier import Failed, Moved, Paused, Retry, Sent, Uncertain
from scheduler.delivery import Policy, settle
from scheduler.holding import LaneLost, leave_lane
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from scheduler.waiting import next_ready
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.desk import ACCOUNT, Desk, chat


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: Clock, policy: Policy, outbox: Outbox) -> Desk:
    desk = Desk(sessions, clock, policy, outbox)
    assert desk.take()
    return desk


@pytest.fixture
def other(sessions: sessionmaker[Session], clock: Clock, policy: Policy, outbox: Outbox) -> Desk:
    return Desk(sessions, clock, policy, outbox, owner="b")


def test_a_queued_message_is_claimed_once_and_booked_as_sent(desk: Desk) -> None:
    desk.queue(chat(1))
    [claimed] = desk.claim()
    assert desk.claim() == []
    desk.book(claimed, Sent(message_id="77"))
    [row] = desk.rows()
    assert (row.status, row.message_id, row.attempts) == (Status.SENT, "77", 1)
    assert desk.claim() == []


def test_the_same_due_moment_is_written_down_once(desk: Desk) -> None:
    now = desk.clock.now()
    with desk.sessions.begin() as session:
        first = desk.outbox.occasion(session, Source.REMINDER, 1, "", now, now=now)
        assert first is not None
        for _ in range(2):
            desk.outbox.tell(
                session, first, [chat(1), chat(1)], Reply(lines=(Line("x"),)), due_at=now, now=now
            )
    with desk.sessions.begin() as session:
        assert desk.outbox.occasion(session, Source.REMINDER, 1, "", now, now=now) is None
    assert len(desk.rows()) == 1


def test_who_is_only_on_a_channel_that_carries_nothing_unasked_is_left_out(
    desk: Desk, quiet: QuietHours
) -> None:
    now = desk.clock.now()
    silent = Outbox(quiet=quiet, channels={"zalo"})
    with desk.sessions.begin() as session:
        reply = Reply(lines=(Line("x"),))
        assert silent.announce(session, "x", 1, [chat(1)], reply, now=now) == 0
    assert desk.rows() == []


def test_an_event_that_reaches_nobody_says_so(desk: Desk) -> None:
    now = desk.clock.now()
    with desk.sessions.begin() as session:
        assert desk.outbox.announce(session, "x", 1, [], Reply(lines=(Line("x"),)), now=now) == 0
    with desk.sessions.begin() as session:
        [occurrence] = session.scalars(select(Occurrence))
        assert occurrence.state is OccurrenceState.NOBODY
        assert occurrence.note


def test_urgent_goes_before_bulk_and_one_a_chat_at_a_time(desk: Desk) -> None:
    desk.queue(chat(1), chat(2), text="chung", urgency=Urgency.BULK)
    desk.queue(chat(2), text="gấp", rung="x", urgency=Urgency.URGENT)
    assert [(c.parcel.to.chat, c.parcel.reply.text()) for c in desk.claim()] == [("2", "gấp"), ("1", "chung")]
    assert desk.claim(blocked=("1", "2")) == []


def test_a_blocked_chat_holds_up_no_other(desk: Desk) -> None:
    desk.queue(*[chat(n) for n in range(1, 40)])
    claimed = desk.claim(most=3, blocked=tuple(str(n) for n in range(1, 30)))
    assert [c.parcel.to.chat for c in claimed] == ["30", "31", "32"]


def test_claiming_many_asks_the_database_no_oftener_than_claiming_few(desk: Desk, engine: Engine) -> None:
    desk.queue(*[chat(n) for n in range(1, 40)])
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert len(desk.claim(most=4)) == 4
    few = len(asked)
    assert len(desk.claim(most=30)) == 30
    assert len(asked) == 2 * few > 0


def test_a_long_message_has_an_outcome_for_each_part_and_they_go_in_order(desk: Desk) -> None:
    desk.queue(chat(1), text="Một câu dài. " * 400)
    rows = desk.rows()
    assert len(rows) == rows[0].parts > 2
    order = []
    while claimed := desk.claim():
        assert len(claimed) == 1
        order.append(claimed[0].parcel.id)
        desk.book(claimed[0], Sent(message_id="1"))
    assert order == [row.id for row in rows]


def test_what_may_have_arrived_is_uncertain_and_repeated_once_marked(desk: Desk) -> None:
    desk.queue(chat(1))
    [claimed] = desk.claim()
    desk.book(claimed, Uncertain(reason="mất kết nối"))
    assert desk.statuses() == [Status.UNCERTAIN, Status.QUEUED]
    desk.clock.forward(minutes=1)
    [repeat] = desk.claim()
    assert "có thể đã đến" in repeat.parcel.reply.text()
    desk.book(repeat, Uncertain(reason="mất kết nối"))
    assert desk.statuses() == [Status.UNCERTAIN, Status.UNCERTAIN]


@pytest.mark.parametrize("doubt", [Doubt.ASK, Doubt.LEAVE])
def test_other_policies_never_send_an_uncertain_message_again(desk: Desk, doubt: Doubt) -> None:
    desk.queue(chat(1), doubt=doubt)
    [claimed] = desk.claim()
    desk.book(claimed, Uncertain(reason="mất kết nối"))
    desk.clock.forward(days=1)
    assert desk.claim() == []
    assert desk.statuses() == [Status.UNCERTAIN]


def test_a_failure_keeps_its_reason_and_tells_of_chats_out_of_reach(desk: Desk) -> None:
    desk.queue(chat(1), chat(2))
    one, two = desk.claim()
    assert desk.book(one, Failed(reason="Tin quá dài.")) == []
    [gone] = desk.book(two, Failed(reason="Bot đã bị chặn.", unreachable=True))
    assert gone.claimed.parcel.to.chat == "2"
    assert [row.reason for row in desk.rows()] == ["Tin quá dài.", "Bot đã bị chặn."]


def test_a_pause_demanded_by_the_platform_is_kept_to_the_second(desk: Desk) -> None:
    desk.queue(chat(1))
    [claimed] = desk.claim()
    desk.book(claimed, Paused(seconds=17))
    desk.clock.forward(seconds=16.9)
    assert desk.claim() == []
    desk.clock.forward(seconds=0.1)
    assert len(desk.claim()) == 1


def test_the_network_away_for_an_hour_loses_nothing(desk: Desk) -> None:
    desk.queue(chat(1))
    for _ in range(180):
        if claimed := desk.claim():
            desk.book(claimed[0], Retry(reason="mạng", network=True))
        desk.clock.forward(seconds=20)
    [row] = desk.rows()
    assert row.attempts > 100
    [(_, text)] = desk.send_all()
    assert "gửi muộn" in text
    assert "8:00 ngày 24/11/2026" in text


def test_a_message_that_keeps_failing_is_given_up_with_the_reason(desk: Desk) -> None:
    desk.queue(chat(1), passes_quiet=True)
    for _ in range(60):
        if claimed := desk.claim():
            desk.book(claimed[0], Retry(reason="máy chủ bận"))
        desk.clock.forward(minutes=20)
    [row] = desk.rows()
    assert row.status is Status.FAILED
    assert "máy chủ bận" in row.reason
    assert "50" in row.reason


def test_a_group_that_became_a_supergroup_gets_its_message_there(desk: Desk) -> None:
    desk.queue(chat(-5, group=True))
    [claimed] = desk.claim()
    desk.book(claimed, Moved(chat="-1005"))
    [claimed] = desk.claim()
    assert claimed.parcel.to.chat == "-1005"


def test_a_move_to_a_chat_that_has_the_message_already_sends_it_once(desk: Desk) -> None:
    desk.queue(chat(-5, group=True), chat(-1005, group=True))
    old, new = desk.claim()
    desk.book(old, Moved(chat="-1005"))
    desk.book(new, Sent(message_id="1"))
    assert desk.claim() == []
    assert desk.statuses() == [Status.MERGED, Status.SENT]


def test_somebody_settles_what_is_uncertain_or_failed(desk: Desk) -> None:
    desk.queue(chat(1), chat(2), doubt=Doubt.ASK)
    one, two = desk.claim()
    desk.book(one, Uncertain(reason="mất kết nối"))
    desk.book(two, Failed(reason="Bot bị chặn."))
    with desk.sessions.begin() as session:
        assert settle(session, one.parcel.id, arrived=True, now=desk.clock.now())
        assert not settle(session, one.parcel.id, arrived=False, now=desk.clock.now())
        assert settle(session, two.parcel.id, arrived=False, now=desk.clock.now())
    assert desk.send_all() == [("2", "Nhắc việc")]
    assert desk.statuses() == [Status.SENT, Status.SENT]


def test_an_uncertain_message_sent_again_by_hand_is_marked(desk: Desk) -> None:
    desk.queue(chat(1), doubt=Doubt.ASK)
    [claimed] = desk.claim()
    desk.book(claimed, Uncertain(reason="mất kết nối"))
    with desk.sessions.begin() as session:
        assert settle(session, claimed.parcel.id, arrived=False, now=desk.clock.now())
    [(_, text)] = desk.send_all()
    assert "có thể đã đến" in text


def test_what_no_longer_makes_sense_is_cancelled_and_says_so(desk: Desk) -> None:
    desk.queue(chat(1), stale_at=desk.clock.now() + timedelta(hours=2))
    desk.clock.forward(hours=3)
    assert desk.claim() == []
    [row] = desk.rows()
    assert row.status is Status.CANCELLED
    assert "8:00 ngày 24/11/2026" in row.reason


def test_an_older_reminder_gives_way_to_a_newer_one_after_an_outage(desk: Desk) -> None:
    desk.queue(chat(1), text="hôm qua")
    desk.clock.forward(days=1)
    desk.queue(chat(1), text="hôm nay")
    assert desk.send_all() == [("1", "hôm nay")]
    old, new = desk.rows()
    assert (old.status, old.merged_into, new.status) == (Status.MERGED, new.id, Status.SENT)


# --- quiet hours


def test_quiet_hours_hold_and_release_as_one_message_a_chat(desk: Desk) -> None:
    desk.clock.forward(hours=13)  # 21:00
    desk.queue(chat(1), chat(2), text="việc một")
    desk.clock.forward(hours=1)
    desk.queue(chat(1), text="việc hai", rung="x")
    assert desk.claim() == []
    assert set(desk.statuses()) == {Status.HELD}
    desk.clock.forward(hours=8, minutes=29)
    assert desk.claim() == []
    desk.clock.forward(minutes=1)
    sent = dict(desk.send_all())
    assert set(sent) == {"1", "2"}
    assert "việc một" in sent["1"]
    assert "việc hai" in sent["1"]
    assert "21:00" in sent["1"]
    assert "22:00" in sent["1"]
    assert "giữ lại ngoài giờ" in sent["2"]
    merged = [row for row in desk.rows() if row.status is Status.MERGED]
    assert len(merged) == 2
    assert {row.merged_into for row in merged} == {desk.rows()[-1].id}


def test_a_weekend_is_quiet_until_monday_morning(desk: Desk) -> None:
    desk.clock.forward(days=4)  # Saturday
    desk.queue(chat(1))
    [row] = desk.rows()
    assert row.ready_at == desk.clock.now() + timedelta(days=1, hours=22, minutes=30)


def test_express_passes_quiet_hours(desk: Desk) -> None:
    desk.clock.forward(hours=13)
    desk.queue(chat(1), passes_quiet=True)
    assert len(desk.claim()) == 1


def test_a_retry_that_falls_into_quiet_hours_waits_for_the_morning(desk: Desk) -> None:
    desk.clock.forward(hours=11, minutes=55)
    desk.queue(chat(1))
    [claimed] = desk.claim()
    desk.book(claimed, Retry(reason="mạng", network=True))
    desk.clock.forward(minutes=10)
    assert desk.claim() == []
    [row] = desk.rows()
    assert row.status is Status.HELD
    desk.clock.forward(hours=11)
    assert len(desk.send_all()) == 1


def test_held_and_stale_by_morning_is_cancelled_not_merged(desk: Desk) -> None:
    desk.clock.forward(hours=13)
    desk.queue(chat(1), text="chúc buổi tối", stale_at=desk.clock.now() + timedelta(hours=2))
    desk.queue(chat(1), text="việc", rung="x")
    desk.queue(chat(1), text="việc nữa", rung="y")
    desk.clock.forward(hours=10)
    [(_, text)] = desk.send_all()
    assert "chúc buổi tối" not in text
    assert "việc nữa" in text


def test_a_digest_that_is_held_again_is_merged_again_without_loss(desk: Desk) -> None:
    desk.clock.forward(hours=13)
    desk.queue(chat(1), text="một")
    desk.queue(chat(1), text="hai", rung="x")
    desk.clock.forward(hours=9, minutes=31)
    [claimed] = desk.claim()
    desk.book(claimed, Retry(reason="mạng", network=True))
    desk.clock.forward(hours=14)
    desk.queue(chat(1), text="ba", rung="y")
    assert desk.claim() == []
    desk.clock.forward(hours=10)
    [(_, text)] = desk.send_all()
    assert all(word in text for word in ("một", "hai", "ba"))


def test_buttons_of_held_messages_are_kept(desk: Desk) -> None:
    desk.clock.forward(hours=13)
    now = desk.clock.now()
    with desk.sessions.begin() as session:
        for number in (1, 2):
            occurrence = desk.outbox.occasion(session, Source.ASSIGNMENT, number, "-1", now, now=now)
            assert occurrence is not None
            choice = Choice(kind=ChoiceKind.OPTION, label="Đã nhận", payload=f"s:nhan:{number}")
            reply = Reply(lines=(Line("việc"),), choices=(choice,))
            desk.outbox.tell(session, occurrence, [chat(1)], reply, due_at=now, now=now)
    desk.clock.forward(hours=10)
    desk.claim()
    [digest] = [row for row in desk.rows() if row.part > 1000]
    [reply] = replies_from_json(digest.body)
    assert [c.payload for c in reply.choices] == ["s:nhan:1", "s:nhan:2"]


# --- lanes


def test_a_lane_has_one_holder_until_its_lease_ends(desk: Desk, other: Desk) -> None:
    assert not other.take()
    desk.clock.forward(seconds=31)
    assert other.take()
    with pytest.raises(LaneLost):
        desk.claim()


def test_a_lane_let_go_is_free_at_once(desk: Desk, other: Desk) -> None:
    assert desk.grip
    with desk.sessions.begin() as session:
        leave_lane(session, desk.grip, now=desk.clock.now(), pace={"next": 1})
    assert other.take()
    with desk.sessions() as session:
        [lane] = session.scalars(select(Lane))
        assert lane.pace
        assert lane.pace["next"] == 1


def test_what_a_dead_worker_left_in_the_air_is_uncertain_for_the_next(desk: Desk, other: Desk) -> None:
    desk.queue(chat(1), chat(2), chat(3))
    desk.claim(most=2)
    desk.clock.forward(seconds=31)
    assert other.take()
    assert desk.statuses()[:3] == [Status.UNCERTAIN, Status.UNCERTAIN, Status.QUEUED]
    assert sum(row.repeat for row in desk.rows()) == 2


def test_a_worker_that_slept_may_still_say_what_it_knows_and_the_repeat_is_called_off(
    desk: Desk, other: Desk
) -> None:
    desk.queue(chat(1))
    [claimed] = desk.claim()
    desk.clock.forward(seconds=31)
    assert other.take()
    desk.book(claimed, Sent(message_id="9"))
    assert desk.statuses() == [Status.SENT, Status.CANCELLED]
    assert other.send_all() == []


def test_a_worker_that_slept_books_nothing_of_its_successor(desk: Desk, other: Desk) -> None:
    desk.queue(chat(1), doubt=Doubt.LEAVE)
    [claimed] = desk.claim()
    desk.book(claimed, Retry(reason="mạng", network=True))
    desk.clock.forward(seconds=31)
    assert other.take()
    [theirs] = other.claim()
    desk.book(claimed, Failed(reason="của người trước"))
    assert desk.statuses() == [Status.SENDING]
    other.book(theirs, Sent(message_id="1"))
    assert desk.statuses() == [Status.SENT]


def test_a_lease_from_before_the_clock_was_set_back_blocks_nobody(desk: Desk, other: Desk) -> None:
    desk.clock.forward(days=-1)
    assert other.take()


def test_the_next_moment_is_known(desk: Desk) -> None:
    with desk.sessions() as session:
        assert next_ready(session, *ACCOUNT) is None
    desk.queue(chat(1))
    with desk.sessions() as session:
        assert next_ready(session, *ACCOUNT) == desk.clock.now()
