"""What is due is planned once, by whoever looks, and what was missed is told late or explained."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from office import membership
from office.assignments import Assignment, Decision, ProofKind
from office.deliveries import Delivery, OccurrenceState, Status
from office.groups import Group, GroupState
from office.reminders import Reminder
from scheduler import auditor, extensions, progress
from scheduler.reminder_files import Rule, read_rules
from scheduler.rules import DIGEST, SELF_CHECK
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.office import CALENDAR, Bureau

MONDAY = datetime(2026, 11, 30, 23, 0, tzinfo=UTC) - timedelta(days=1)  # 6:00 of Monday 30/11


@pytest.fixture
def bureau(sessions: sessionmaker[Session], clock: Clock) -> Bureau:
    clock.at = MONDAY
    return Bureau(sessions, clock)


def only(key: str) -> list[Rule]:
    return [rule for rule in read_rules().rules if rule.key == key]


def test_the_discipline_message_goes_to_every_group_on_the_minute_in_its_turn(bureau: Bureau) -> None:
    bureau.sync(only("bon-xin-bon-luon"))
    said = []
    for _ in range(16):
        bureau.clock.at = _next(bureau)
        assert bureau.clock.at.astimezone(UTC).minute == 0
        bureau.plan()
        sent = [(chat, text) for chat, text in bureau.messages() if "4 xin" in text or "Xin nhắc" in text]
        assert [chat for chat, _ in sent] == ["-1", "-2"]
        said.append(sent[0][1])
    assert len(set(said[:15])) == 15
    assert said[15] == said[0]
    assert "375/SCT-VP" in said[0]


def _next(bureau: Bureau) -> datetime:
    with bureau.sessions() as session:
        moment = session.scalar(select(Reminder.next_at).where(Reminder.key == "bon-xin-bon-luon"))
    assert moment
    return moment


def test_syncing_again_at_each_start_keeps_the_moment_and_the_rotation(bureau: Bureau) -> None:
    bureau.sync()
    bureau.clock.forward(hours=1)
    bureau.plan()
    with bureau.sessions() as session:
        before = [(r.key, r.next_at, r.rotation) for r in session.scalars(select(Reminder))]
    bureau.sync()
    with bureau.sessions() as session:
        assert [(r.key, r.next_at, r.rotation) for r in session.scalars(select(Reminder))] == before


def test_a_rule_taken_from_the_files_is_switched_off(bureau: Bureau) -> None:
    bureau.sync()
    bureau.sync([])
    with bureau.sessions() as session:
        row = session.scalars(select(Reminder).where(Reminder.key == "bon-xin-bon-luon")).one()
    assert not row.active


def test_many_processes_plan_a_moment_once(bureau: Bureau) -> None:
    bureau.sync()
    bureau.give()
    bureau.messages()
    bureau.clock.forward(hours=3)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: bureau.plan(), range(6)))
    occurrences = [(o.source, o.source_id, o.rung, o.due_at) for o in bureau.occurrences()]
    assert len(set(occurrences)) == len(occurrences)
    greetings = [chat for chat, text in bureau.messages() if "4 xin" in text]
    assert greetings == ["-1", "-2"]


def test_after_two_days_down_todays_message_is_sent_and_the_others_are_explained(bureau: Bureau) -> None:
    bureau.sync(only("bon-xin-bon-luon"))
    bureau.clock.forward(days=2, hours=2)
    bureau.plan()
    states = [o.state for o in bureau.occurrences() if o.due_at.hour == 0 and o.due_at.minute == 0]
    assert states == [OccurrenceState.STALE, OccurrenceState.STALE, OccurrenceState.PLANNED]
    assert all(o.note for o in bureau.occurrences() if o.state is OccurrenceState.STALE)


def test_a_good_morning_that_is_too_late_is_not_said(bureau: Bureau) -> None:
    bureau.sync(only("bon-xin-bon-luon"))
    bureau.clock.forward(hours=13)
    bureau.plan()
    assert not [text for _, text in bureau.messages() if "4 xin" in text]
    assert OccurrenceState.STALE in {o.state for o in bureau.occurrences()}


def test_a_rule_without_an_audience_says_so(bureau: Bureau) -> None:
    with bureau.sessions.begin() as session:
        session.execute(update(Group).values(state=GroupState.PENDING))
    bureau.sync(only("bon-xin-bon-luon"))
    bureau.clock.forward(hours=1)
    bureau.plan()
    [occurrence] = bureau.occurrences()
    assert (occurrence.state, bool(occurrence.note)) == (OccurrenceState.NOBODY, True)


def test_a_rule_whose_making_fails_stops_no_other(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("boom")

    bureau.sync()
    first = next(iter(bureau.planner._composers))
    monkeypatch.setattr(bureau.planner, "_composers", {**bureau.planner._composers, first: broken})
    bureau.clock.forward(hours=2)
    bureau.plan()
    states = {o.state for o in bureau.occurrences()}
    assert OccurrenceState.FAILED in states
    assert len(bureau.occurrences()) > 1


# --- ladders


def test_a_new_assignment_is_told_at_once_with_its_buttons(bureau: Bureau) -> None:
    bureau.clock.forward(hours=2)
    number = bureau.give()
    told = bureau.messages()
    assert [chat for chat, _ in told] == ["-1", "1", "2", "3"]
    assert f"Nhiệm vụ số {number}" in told[0][1]
    assert "thứ Ba 08/12/2026" in told[0][1]
    assert "Chưa xác nhận đã nhận: An, Bình, Trưởng" in told[0][1]


def ladder_days(bureau: Bureau, number: int, days: int) -> dict[str, list[str]]:
    """Run the days; date → chats that heard of the assignment."""
    heard: dict[str, list[str]] = {}
    for _ in range(days * 4):
        bureau.clock.forward(hours=6)
        bureau.plan()
        for chat, text in bureau.messages():
            if f"Nhiệm vụ số {number}" in text:
                heard.setdefault(f"{bureau.clock.at + timedelta(hours=7):%d/%m}", []).append(chat)
    return heard


def test_the_ladder_pings_those_who_have_not_acted_and_climbs(bureau: Bureau) -> None:
    bureau.clock.forward(hours=4)
    number = bureau.give(due_on=date(2026, 12, 8))
    bureau.messages()
    with bureau.sessions.begin() as session:
        progress.acknowledge(session, bureau.work, number, bureau.people["An"], now=bureau.clock.now())
    heard = ladder_days(bureau, number, 12)
    assert heard["03/12"] == ["-1", "2", "3"]  # three working days before; An has acknowledged
    assert heard["07/12"] == ["-1", "2", "3", "1"]  # the day before: whoever hasn't reported
    assert sorted(heard["08/12"]) == ["-1", "1", "2", "3"]
    assert sorted(heard["09/12"]) == ["-1", "1", "2", "3"]  # overdue; the head is among them
    assert sorted(heard["11/12"]) == ["-1", "1", "2", "3", "5", "6"]  # Văn phòng and the leader too
    assert "12/12" not in heard  # Saturday


def test_a_report_stops_the_pings_and_asks_van_phong_until_it_answers(bureau: Bureau) -> None:
    bureau.clock.forward(hours=4)
    number = bureau.give(due_on=date(2026, 12, 2))
    bureau.messages()
    with bureau.sessions.begin() as session:
        progress.report_done(
            session,
            bureau.work,
            number,
            bureau.people["An"],
            kind=ProofKind.DOCUMENT,
            proof="375/SCT-VP",
            now=bureau.clock.now(),
        )
    assert [chat for chat, _ in bureau.messages()] == ["5"]
    heard = ladder_days(bureau, number, 3)
    assert heard == {"01/12": ["5"], "02/12": ["5"]} or heard == {
        "01/12": ["5"],
        "02/12": ["5"],
        "03/12": ["5"],
    }
    with bureau.sessions.begin() as session:
        progress.confirm(session, bureau.work, number, bureau.people["Phòng"], now=bureau.clock.now())
    assert bureau.row(number).next_rung_at is None
    assert "375/SCT-VP" not in str(bureau.row(number).finished_at)


def test_an_extension_moves_the_ladder_and_keeps_the_first_day(bureau: Bureau) -> None:
    bureau.clock.forward(hours=4)
    number = bureau.give(due_on=date(2026, 12, 2))
    with bureau.sessions.begin() as session:
        request = extensions.ask_extension(
            session,
            bureau.work,
            number,
            bureau.people["An"],
            until=date(2026, 12, 15),
            reason="chờ số liệu",
            now=bureau.clock.now(),
        )
        extensions.decide_extension(
            session,
            bureau.work,
            request.id,
            bureau.people["Phòng"],
            decision=Decision.CHANGED,
            until=date(2026, 12, 11),
            now=bureau.clock.now(),
        )
    bureau.messages()
    row = bureau.row(number)
    assert (row.due_on, row.first_due_on) == (date(2026, 12, 11), date(2026, 12, 2))
    heard = ladder_days(bureau, number, 11)
    assert list(heard) == ["02/12", "08/12", "10/12", "11/12"]


def test_a_stand_in_gets_the_pings_of_who_is_away(bureau: Bureau) -> None:
    bureau.clock.forward(hours=4)
    cuong = bureau.people["Cường"].id
    number = bureau.give(department_id=None, member_ids=(cuong,), due_on=date(2026, 12, 2))
    with bureau.sessions.begin() as session:
        membership.record_absence(
            session,
            cuong,
            since=date(2026, 12, 1),
            until=date(2026, 12, 2),
            stand_in_id=bureau.people["Bình"].id,
            reason="nghỉ phép",
            actor=None,
            now=bureau.clock.now(),
        )
    bureau.messages()
    heard = ladder_days(bureau, number, 3)
    assert heard["01/12"] == ["2"]
    assert heard["02/12"] == ["2"]
    assert heard["03/12"] == ["4"]


def test_a_ladder_missed_for_days_is_told_once(bureau: Bureau) -> None:
    bureau.clock.forward(hours=4)
    number = bureau.give(due_on=date(2026, 12, 2))
    bureau.messages()
    bureau.clock.forward(days=8)
    bureau.plan()
    told = [
        chat for chat, text in bureau.messages() if f"Nhiệm vụ số {number}" in text and "Nhắc việc" in text
    ]
    assert len(told) == len(set(told)) == 4
    merged = [o for o in bureau.occurrences() if o.state is OccurrenceState.MERGED]
    assert {o.rung for o in merged} >= {"-1", "0", "+1"}


# --- rules that make work, digests, the self-check


def test_a_periodic_report_makes_one_assignment_for_each_department(bureau: Bureau) -> None:
    [rule] = only("bao-cao-cchc-nam")
    bureau.sync([rule.model_copy(update={"active": True})])
    bureau.clock.at = datetime(2026, 12, 5, tzinfo=UTC)
    bureau.plan()
    bureau.plan()
    with bureau.sessions() as session:
        rows = session.scalars(select(Assignment)).all()
    assert [(row.due_on, row.department_id) for row in rows] == [
        (date(2026, 12, 20), bureau.qltm),
        (date(2026, 12, 20), bureau.qlcn),
    ]


def test_the_digest_is_one_message_a_department_and_monday_has_the_leaders(bureau: Bureau) -> None:
    bureau.sync([])
    bureau.give(title="Việc một", due_on=date(2026, 12, 4))
    bureau.give(title="Việc hai", due_on=date(2026, 11, 30))
    bureau.messages()
    bureau.clock.forward(hours=1, minutes=30)
    bureau.plan()
    told = bureau.messages()
    digest = [text for chat, text in told if chat == "-1" and "việc ngày thứ Hai" in text]
    assert len(digest) == 1
    assert "Việc một" in digest[0]
    assert "Đến hạn hôm nay (1)" in digest[0]
    assert not [text for chat, text in told if chat == "-2"]
    assert any(chat == "6" and "Tình hình" in text for chat, text in told)


def test_the_self_check_finds_a_quiet_day_in_order(bureau: Bureau) -> None:
    bureau.sync()
    for _ in range(26):
        bureau.clock.forward(hours=1)
        bureau.plan()
        bureau.messages()
    with bureau.sessions() as session:
        report = auditor.audit(session, bureau.clock.now(), CALENDAR)
    assert report.ok, report.unexplained
    assert report.statuses[Status.SENT] > 2


def test_the_self_check_finds_what_the_planner_forgot_and_what_is_stuck(bureau: Bureau) -> None:
    bureau.sync()
    with bureau.sessions.begin() as session:
        later = datetime(2027, 1, 1, tzinfo=UTC)
        session.execute(update(Reminder).where(Reminder.key == "bon-xin-bon-luon").values(next_at=later))
    bureau.clock.forward(hours=2)
    bureau.plan()
    bureau.clock.forward(hours=2)
    with bureau.sessions() as session:
        report = auditor.audit(session, bureau.clock.now(), CALENDAR)
    said = " ".join(report.unexplained)
    assert "4 xin" in said
    assert "chưa được lập lượt gửi" in said
    assert "mà chưa gửi" in said


def test_the_self_check_reports_to_the_admin(bureau: Bureau) -> None:
    bureau.sync([])
    bureau.clock.forward(hours=1, minutes=30)
    bureau.plan()
    assert [chat for chat, text in bureau.messages() if "Tự kiểm" in text] == ["7"]
    with bureau.sessions() as session:
        keys = set(session.scalars(select(Reminder.key)))
    assert {DIGEST, SELF_CHECK} <= keys


def test_every_delivery_of_a_plan_belongs_to_an_occurrence_once(bureau: Bureau) -> None:
    bureau.sync()
    bureau.give()
    for _ in range(30):
        bureau.clock.forward(hours=5)
        bureau.plan()
    with bureau.sessions() as session:
        rows = session.scalars(select(Delivery)).all()
    keys = [(r.occurrence_id, r.chat, r.part, r.repeat) for r in rows]
    assert len(keys) == len(set(keys)) > 20
