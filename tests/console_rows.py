"""A day's rows for the console's pages: questions, messages sent and in doubt, work that is due."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from office.assignments import Assignment, AssignmentState, Priority
from office.deliveries import Delivery, Doubt, Occurrence, OccurrenceState, Source, Status
from office.groups import Group, GroupState
from office.improvements import GroupState as QuestionState
from office.improvements import QuestionGroup, Trouble
from office.messages import Line, Reply
from office.questions import Question
from office.wire import replies_to_json
from tests.console_office import ConsoleOffice

FAILED, UNCERTAIN = 1, 2  # numbers of the messages that somebody has to look at


def fill_day(office: ConsoleOffice) -> None:
    """An ordinary day, at noon."""
    now = office.clock.now()
    with office.sessions.begin() as session:
        session.execute(
            insert(Question),
            [
                {
                    "asked_at": now - timedelta(minutes=37 * at),
                    "channel": "web",
                    "person": "x" * 32,
                    "text": "phí bán lẻ rượu bao nhiêu",
                    "outcome": "answer",
                    "knowledge_version": "v",
                    "trouble": Trouble.UNANSWERED if at % 7 == 0 else None,
                }
                for at in range(400)
            ],
        )
        session.add(
            QuestionGroup(
                text="quay số trúng thưởng cần giấy gì",
                key="quay so trung thuong can giay gi",
                state=QuestionState.OPEN,
                count=4,
                unanswered=4,
                first_at=now,
                last_at=now,
            )
        )
        session.add(
            Group(
                channel="telegram",
                account="1",
                chat="-100",
                title="Phòng Quản lý Thương mại",
                state=GroupState.APPROVED,
                department_id=2,
                added_at=now,
            )
        )
        occurrence = Occurrence(
            source=Source.EVENT,
            source_id=1,
            rung="thu",
            due_at=now,
            planned_at=now,
            state=OccurrenceState.PLANNED,
        )
        session.add(occurrence)
        session.flush()
        for number, status, reason in (
            (FAILED, Status.FAILED, "Người nhận đã chặn bot."),
            (UNCERTAIN, Status.UNCERTAIN, "Kết nối bị ngắt giữa chừng."),
            *((number, Status.SENT, "") for number in range(3, 40)),
            *((number, Status.QUEUED, "") for number in range(40, 46)),
        ):
            session.add(_delivery(office, occurrence.id, number, status, reason))
        for at in range(4):
            session.add(_assignment(office, f"Báo cáo kết quả tháng {at + 8}", days=-3 * at))


def _delivery(office: ConsoleOffice, occurrence: int, number: int, status: Status, reason: str) -> Delivery:
    now = office.clock.now()
    group = number == UNCERTAIN
    lines = (Line("Nhắc việc: Báo cáo kết quả công tác tháng 11, hạn 30/11/2026"),)
    return Delivery(
        id=number,
        occurrence_id=occurrence,
        channel="telegram",
        account="1",
        chat="-100" if group else str(number),
        group=group,
        member_id=None if group else office.ids["Phạm Thị Dung"],
        status=status,
        doubt=Doubt.ASK,
        body=replies_to_json([Reply(lines=lines)]),
        due_at=now,
        ready_at=now,
        created_at=now,
        finished_at=now if status is not Status.QUEUED else None,
        reason=reason,
    )


def _assignment(office: ConsoleOffice, title: str, *, days: int) -> Assignment:
    today = office.clock.now().date()
    due = today + timedelta(days=days)
    return Assignment(
        title=title,
        department_id=2,
        priority=Priority.ORDINARY,
        assigned_on=due - timedelta(days=20),
        due_on=due,
        first_due_on=due,
        ladder={},
        state=AssignmentState.OPEN,
        created_at=office.clock.now(),
    )
