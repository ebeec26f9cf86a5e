"""The life of a notice on a real database: approved, sent, interrupted, paused, corrected, confirmed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from office.audit import Deed
from office.deliveries import Act, Delivery, Status
from office.notices import NoticeState
from office.people import Role
from office.refusal import Refused
from scheduler import delivery
from scheduler.courier import Failed, Parcel, Uncertain
from scheduler.notices import approval, corrections, reading, sending
from scheduler.notices.audience import Audience
from scheduler.notices.drafts import Draft
from scheduler.notices.report import progress, report
from scheduler.quiet import QuietHours
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.notice_office import NoticeOffice

EVERYONE = Audience(roles=(Role.MEMBER,))


@pytest.fixture
def office(sessions: sessionmaker[Session], clock: Clock, quiet: QuietHours) -> NoticeOffice:
    return NoticeOffice(sessions, clock, quiet)


def test_a_notice_goes_from_draft_to_sent_and_its_author_learns_the_totals(office: NoticeOffice) -> None:
    number = office.write(audience=Audience(all_groups=True, members_of=(office.qltm,)))
    office.call(approval.submit, number, actor=office.clerk)
    assert office.row(number).state is NoticeState.WAITING
    office.call(approval.approve, number, actor=office.leader)
    assert office.row(number).state is NoticeState.SENDING
    office.carry()
    row = office.row(number)
    assert row.state is NoticeState.SENT
    assert row.finished_at is not None
    assert office.statuses(number) == dict.fromkeys(("-1", "-2", "1", "2", "3"), Status.SENT)
    told = [text for chat, text in office.courier.received if chat == "5"]
    assert [said.splitlines()[0] for said in told] == [
        f"Lãnh đã duyệt thông báo số {number}: Họp giao ban",
        f"Đã gửi xong thông báo số {number}: Họp giao ban",
    ]
    assert "Đã tới đủ 5 nơi." in told[-1]


def test_a_crash_between_two_chunks_loses_and_repeats_nothing(office: NoticeOffice) -> None:
    number = office.out(audience=EVERYONE)
    assert office.call(sending.queue_some, number, most=3)
    assert len(office.deliveries(number)) == 3
    with office.sessions() as session:  # killed before its commit
        sending.queue_some(session, office.notices, number, now=office.clock.now(), most=3)
    assert len(office.deliveries(number)) == 3
    office.carry()  # another process finds it
    assert sorted(office.statuses(number)) == ["1", "2", "3", "4", "5", "6", "7"]
    assert len(office.courier.received) == len(set(office.courier.received)) == 8  # and the author
    assert office.row(number).state is NoticeState.SENT


def test_who_was_passed_over_is_found_in_a_last_look_and_nobody_is_told_twice(office: NoticeOffice) -> None:
    number = office.out(audience=EVERYONE)
    queued = office.call(sending.queue_some, number, most=6)
    assert queued is not None
    assert queued.after > 0
    with office.sessions.begin() as session:  # what was written for the first of them is undone by hand
        first = select(Delivery.id).where(Delivery.chat == "1").scalar_subquery()
        session.execute(delete(Delivery).where(Delivery.id == first))
    turns = 0
    while (queued := office.call(sending.queue_some, number, most=6, after=queued.after)) is not None:
        turns += 1
    assert turns == 1  # the look from the beginning
    assert sorted(office.statuses(number)) == ["1", "2", "3", "4", "5", "6", "7"]


def test_many_processes_queue_and_finish_a_notice_once(office: NoticeOffice) -> None:
    number = office.out(audience=EVERYONE)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: office.plan(), range(4)))
    assert len(office.deliveries(number)) == 7
    with office.sessions() as session:
        begun = session.scalars(select(Deed).where(Deed.action == "notice.start")).all()
    assert len(begun) == 1


def test_a_pause_holds_back_what_waits_and_what_is_not_queued_yet(office: NoticeOffice) -> None:
    number = office.out(audience=EVERYONE)
    office.call(sending.queue_some, number, most=3)
    office.call(sending.pause, number, actor=office.clerk, reason="sai ngày họp")
    office.carry()
    assert office.courier.received == []
    assert set(office.statuses(number).values()) == {Status.PAUSED}
    assert office.row(number).state is NoticeState.PAUSED
    office.call(sending.resume, number, actor=office.clerk)
    office.carry()
    assert set(office.statuses(number).values()) == {Status.SENT}
    assert len(office.statuses(number)) == 7
    assert office.row(number).state is NoticeState.SENT


def test_a_cancelled_notice_sends_nothing_more_and_cannot_be_resumed(office: NoticeOffice) -> None:
    number = office.out(audience=EVERYONE)
    office.call(sending.queue_some, number, most=3)
    office.call(sending.cancel, number, actor=office.clerk, reason="hoãn họp")
    office.carry()
    assert office.courier.received == []
    assert set(office.statuses(number).values()) == {Status.CANCELLED}
    with pytest.raises(Refused):
        office.call(sending.resume, number, actor=office.clerk)


def test_a_notice_for_later_leaves_at_its_time_and_one_in_the_evening_waits_for_the_morning(
    office: NoticeOffice,
) -> None:
    at = office.clock.now() + timedelta(hours=2)
    number = office.out(send_at=at)
    office.carry()
    assert office.row(number).state is NoticeState.SCHEDULED
    assert office.courier.received == []
    office.clock.at = at
    office.carry()
    assert office.row(number).state is NoticeState.SENT
    office.clock.at = datetime(2026, 11, 27, 14, tzinfo=UTC)  # Friday, 21:00
    evening = office.out(title="Việc tối")
    row = office.row(evening)
    assert (row.state, row.send_at) == (
        NoticeState.SCHEDULED,
        datetime(2026, 11, 29, 23, 30, tzinfo=UTC),  # Monday, 6:30
    )


def test_a_correction_edits_in_place_what_has_arrived(office: NoticeOffice) -> None:
    number = office.out(confirm=True)
    office.carry()
    parcels: list[Parcel] = []
    office.courier.before = parcels.append
    office.later(hours=1)
    _correct(office, number, body="Họp lúc 9:00, không phải 8:00.")
    assert office.row(number).revision == 2
    office.carry()
    changed = [one for one in parcels if one.act is Act.EDIT]
    assert [one.to.chat for one in changed] == ["-1", "-2"]
    assert {one.target for one in changed} == {row.message_id for row in office.deliveries(number)}
    assert all("9:00" in one.reply.text() and one.reply.choices for one in changed)
    assert office.row(number).finished_at is not None
    with office.sessions() as session:
        assert {chat.change for chat in report(session, number).chats} == {"đã sửa tại chỗ"}


def test_after_two_days_a_correction_comes_as_a_marked_message(office: NoticeOffice) -> None:
    number = office.out()
    office.carry()
    office.later(days=2)
    _correct(office, number, title="Họp giao ban tháng")
    office.carry()
    assert office.deliveries(number, "sua.2") == []
    said = office.texts(number, "tin.2")
    assert set(said) == {"-1", "-2"}
    assert all(text.startswith("ĐÍNH CHÍNH thông báo «Họp giao ban»\n") for text in said.values())
    assert all("Họp giao ban tháng" in text for text in said.values())


def test_an_edit_that_the_platform_refuses_becomes_a_marked_message(office: NoticeOffice) -> None:
    number = office.out()
    office.carry()
    office.later(hours=1)
    _correct(office, number, body="Họp lúc 9:00.")
    office.messages()  # what the leader is told
    office.courier.outcomes.extend([Failed(reason="tin đã bị xoá", gone=True)])
    office.carry()
    assert office.statuses(number, "sua.2")["-1"] is Status.FAILED
    assert office.statuses(number, "tin.2") == {"-1": Status.SENT}
    assert office.row(number).finished_at is not None


def test_who_has_not_had_it_yet_simply_gets_the_new_words(office: NoticeOffice) -> None:
    number = office.out(audience=EVERYONE)
    office.call(sending.queue_some, number, most=3)
    office.call(sending.pause, number, actor=office.clerk, reason="sai giờ")
    office.later(minutes=5)
    _correct(office, number, body="Họp lúc 9:00.")
    assert office.deliveries(number) == []
    office.call(sending.resume, number, actor=office.clerk)
    office.carry()
    said = office.texts(number)
    assert len(said) == 7
    assert all("9:00" in text for text in said.values())
    assert office.deliveries(number, "sua.2") == office.deliveries(number, "tin.2") == []


def test_a_message_in_doubt_is_told_anew_and_nobody_has_to_decide(office: NoticeOffice) -> None:
    number = office.out()
    office.courier.outcomes.extend([Uncertain(reason="mất kết nối")])
    office.carry()
    assert office.statuses(number)["-1"] is Status.UNCERTAIN
    office.later(hours=1)
    _correct(office, number, body="Họp lúc 9:00.")
    office.carry()
    assert office.statuses(number) == {"-1": Status.CANCELLED, "-2": Status.SENT}
    assert office.statuses(number, "tin.2") == {"-1": Status.SENT}
    with office.sessions() as session:
        assert progress(session, number).by_status == {Status.SENT: 2}


def test_a_retraction_deletes_what_it_can_and_calls_the_rest_off(office: NoticeOffice) -> None:
    number = office.out()
    office.courier.outcomes.extend([Failed(reason="hỏng")])
    office.carry()
    parcels: list[Parcel] = []
    office.courier.before = parcels.append
    office.later(hours=1)
    office.call(corrections.retract, number, actor=office.clerk, reason="gửi nhầm")
    office.carry()
    assert [(one.act, one.to.chat) for one in parcels if one.to.group] == [(Act.DELETE, "-2")]
    row = office.row(number)
    assert row.state is NoticeState.RETRACTED
    assert row.finished_at is not None
    with pytest.raises(Refused):
        _confirm(office, number, "An")


def test_a_confirmation_counts_once_and_is_asked_for_again_after_a_correction(office: NoticeOffice) -> None:
    number = office.out(confirm=True, audience=Audience(departments=(office.qltm,)))
    office.carry()
    assert _confirm(office, number, "An")
    assert not _confirm(office, number, "An")
    assert _confirm(office, number, "Cường")  # of another department
    with office.sessions() as session:
        found = progress(session, number)
        assert (found.confirmed, found.expected, found.others) == (1, 3, 1)
    office.later(hours=1)
    _correct(office, number, body="Họp lúc 9:00.")
    with office.sessions() as session:
        found = progress(session, number)
        assert (found.confirmed, found.confirmed_before) == (0, 1)
        assert report(session, number).missing == ("An", "Bình", "Trưởng")
    assert _confirm(office, number, "An")


def test_only_who_has_not_confirmed_is_reminded(office: NoticeOffice) -> None:
    audience = Audience(departments=(office.qltm, office.qlcn), members=(office.people["An"].id,))
    number = office.out(confirm=True, audience=audience)
    office.carry()
    for name in ("An", "Cường"):
        _confirm(office, number, name)
    office.messages()
    assert office.call(reading.nudge, number, actor=office.clerk) == 1
    [(chat, text)] = office.messages()
    assert chat == "-1"
    assert text.endswith("Chưa xác nhận «Đã đọc»: Bình, Trưởng")
    with pytest.raises(Refused, match="Vừa nhắc"):
        office.call(reading.nudge, number, actor=office.clerk)
    for name in ("Bình", "Trưởng"):
        _confirm(office, number, name)
    office.later(hours=1)
    with pytest.raises(Refused, match="đều đã xác nhận"):
        office.call(reading.nudge, number, actor=office.clerk)


def test_an_uncertain_message_is_settled_by_one_word_and_the_report_follows(office: NoticeOffice) -> None:
    number = office.out()
    office.courier.outcomes.extend([Uncertain(reason="mất kết nối"), Failed(reason="nhóm khoá")])
    office.carry()
    with office.sessions.begin() as session:
        found = report(session, number)
        assert [chat.status for chat in found.chats] == [Status.FAILED, Status.UNCERTAIN]
        assert found.chats[0].reason == "nhóm khoá"
        assert all(chat.next_action for chat in found.chats)
        now = office.clock.now()
        assert delivery.settle(session, found.chats[1].deliveries[0], arrived=True, now=now)
        assert delivery.settle(session, found.chats[0].deliveries[0], arrived=False, now=now)
    office.carry()
    with office.sessions() as session:
        assert progress(session, number).by_status == {Status.SENT: 2}


def _confirm(office: NoticeOffice, number: int, name: str) -> bool:
    with office.sessions.begin() as session:
        who, now = office.people[name], office.clock.now()
        return reading.confirm(session, number, who, channel="telegram", account="42", chat="-1", now=now)


def _correct(office: NoticeOffice, number: int, **fields: str | bool) -> None:
    row = office.row(number)
    plain = {"title": row.title, "body": row.body, "confirm": row.confirm} | fields
    draft = Draft(**plain)
    office.call(corrections.correct, number, draft=draft, actor=office.clerk, reason="sai giờ")
