"""Groups: met, decided, moved, out of reach."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import codes, groups, membership
from office.audit import Deed
from office.deliveries import Delivery, Doubt, Occurrence, OccurrenceState, Source, Status
from office.groups import Group, GroupState
from office.messages import ChatAddress
from office.refusal import Refused

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions.begin() as session:
        yield session


@pytest.fixture
def clerk(session: Session) -> int:
    return membership.add_member(session, "Vân", department_id=None, actor=None, now=NOW).id


def meet(session: Session, chat: str = "-1", title: str = "Nhóm", added_by: str = "An") -> tuple[Group, bool]:
    return groups.met(
        session, channel="telegram", account="bot", chat=chat, title=title, added_by=added_by, now=NOW
    )


def approve(session: Session, group: Group, clerk: int) -> None:
    groups.decide(session, group, approve=True, department_id=None, actor=clerk, reason="", now=NOW)


def occurrence(session: Session) -> int:
    row = Occurrence(
        source=Source.EVENT,
        source_id=next(_numbers),
        rung="",
        due_at=NOW,
        planned_at=NOW,
        state=OccurrenceState.PLANNED,
    )
    session.add(row)
    session.flush()
    return row.id


def delivery(session: Session, chat: str, status: Status, *, of: int | None = None) -> int:
    row = Delivery(
        occurrence_id=of or occurrence(session),
        channel="telegram",
        account="bot",
        chat=chat,
        group=True,
        status=status,
        doubt=Doubt.REPEAT,
        body=[],
        due_at=NOW,
        ready_at=NOW,
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    return row.id


def now_of(session: Session, delivery_id: int) -> tuple[str, Status]:
    row = session.get_one(Delivery, delivery_id, populate_existing=True)
    return row.chat, row.status


def migrate(session: Session, old: str = "-1", new: str = "-100") -> bool:
    return groups.migrate(session, channel="telegram", account="bot", old=old, new=new, now=NOW)


def here(chat: str) -> ChatAddress:
    return ChatAddress(channel="telegram", account="bot", chat=chat)


# --- met and decided


def test_a_group_is_asked_about_once(session: Session) -> None:
    group, asked = meet(session)
    assert (group.state, asked) == (GroupState.PENDING, True)
    again, asked = meet(session, title="Tên mới", added_by="")
    assert (again.id, again.title, again.added_by, asked) == (group.id, "Tên mới", "An", False)


def test_a_decision_is_written_down(session: Session, clerk: int) -> None:
    group, _ = meet(session)
    department = membership.add_department(session, "Phòng Một", actor=None, now=NOW).id
    groups.decide(session, group, approve=True, department_id=department, actor=clerk, reason="", now=NOW)
    groups.decide(
        session, group, approve=False, department_id=department, actor=clerk, reason="nhầm", now=NOW
    )
    assert (group.state, group.department_id, group.reason) == (GroupState.REFUSED, None, "nhầm")
    deeds = session.scalars(select(Deed).where(Deed.subject == "group").order_by(Deed.id)).all()
    assert [(d.action, d.actor_id) for d in deeds] == [("group.approve", clerk), ("group.refuse", clerk)]
    assert deeds[1].before == {"state": "approved", "department_id": department}


def test_a_refused_group_is_not_asked_about_until_the_bot_was_removed_and_added(
    session: Session, clerk: int
) -> None:
    group, _ = meet(session)
    groups.decide(session, group, approve=False, department_id=None, actor=clerk, reason="", now=NOW)
    assert meet(session)[1] is False
    groups.out_of_reach(session, here("-1"), reason="xoá", now=NOW)
    assert meet(session)[1] is True
    assert (group.state, group.reason) == (GroupState.PENDING, "")


def test_a_group_without_the_bot_is_not_decided(session: Session, clerk: int) -> None:
    group, _ = meet(session)
    groups.out_of_reach(session, here("-1"), reason="xoá", now=NOW)
    with pytest.raises(Refused, match="không còn trong nhóm"):
        approve(session, group, clerk)
    assert group.state is GroupState.DISABLED


def test_a_refusal_cancels_what_waits_for_the_group(session: Session, clerk: int) -> None:
    group, _ = meet(session)
    waits = delivery(session, "-1", Status.HELD)
    flies = delivery(session, "-1", Status.SENDING)
    groups.decide(session, group, approve=False, department_id=None, actor=clerk, reason="", now=NOW)
    assert now_of(session, waits)[1] is Status.CANCELLED
    assert now_of(session, flies)[1] is Status.SENDING  # booked by its lane


# --- moved


def test_a_group_and_what_waits_for_it_move_together(session: Session, clerk: int) -> None:
    group, _ = meet(session)
    approve(session, group, clerk)
    moving = [delivery(session, "-1", s) for s in (Status.QUEUED, Status.HELD, Status.SENDING, Status.RETRY)]
    staying = [delivery(session, "-1", s) for s in (Status.SENT, Status.FAILED, Status.UNCERTAIN)]
    assert migrate(session)
    assert (group.chat, group.state) == ("-100", GroupState.APPROVED)
    assert [now_of(session, i)[0] for i in moving] == ["-100"] * 4
    assert [now_of(session, i)[0] for i in staying] == ["-1"] * 3
    assert not migrate(session)


def test_a_new_id_that_is_known_already_takes_over_the_approval(session: Session, clerk: int) -> None:
    old, _ = meet(session)
    approve(session, old, clerk)
    new, _ = meet(session, "-100")
    assert migrate(session)
    assert (new.state, new.decided_by) == (GroupState.APPROVED, clerk)
    assert old.state is GroupState.DISABLED


def test_a_move_told_twice_of_a_pending_group_leaves_it_pending(session: Session) -> None:
    meet(session)
    new, _ = meet(session, "-100")
    assert migrate(session)
    assert not migrate(session)
    assert new.state is GroupState.PENDING


def test_a_decision_on_the_new_id_is_kept(session: Session, clerk: int) -> None:
    old, _ = meet(session)
    approve(session, old, clerk)
    new, _ = meet(session, "-100")
    groups.decide(session, new, approve=False, department_id=None, actor=clerk, reason="", now=NOW)
    migrate(session)
    assert new.state is GroupState.REFUSED


def test_what_waits_for_both_ids_is_sent_once(session: Session) -> None:
    meet(session)
    meet(session, "-100")
    one = occurrence(session)
    old = delivery(session, "-1", Status.QUEUED, of=one)
    new = delivery(session, "-100", Status.QUEUED, of=one)
    alone = delivery(session, "-1", Status.QUEUED)
    migrate(session)
    assert now_of(session, old) == ("-1", Status.CANCELLED)
    assert now_of(session, new) == ("-100", Status.QUEUED)
    assert now_of(session, alone) == ("-100", Status.QUEUED)


def test_the_moving_of_an_unknown_group_is_no_news(session: Session) -> None:
    assert not migrate(session)


# --- out of reach


def test_a_lost_group_is_disabled_once_and_what_waits_fails_with_the_reason(session: Session) -> None:
    group, _ = meet(session)
    waits = [delivery(session, "-1", s) for s in (Status.QUEUED, Status.HELD, Status.RETRY)]
    others = [delivery(session, "-1", s) for s in (Status.SENDING, Status.SENT)]
    elsewhere = delivery(session, "-2", Status.QUEUED)
    lost = groups.out_of_reach(session, here("-1"), reason="bị xoá", now=NOW)
    assert lost == groups.LostChat(name="Nhóm", subject="group", subject_id=group.id, failed=tuple(waits))
    assert group.state is GroupState.DISABLED
    assert [now_of(session, i)[1] for i in waits] == [Status.FAILED] * 3
    assert [now_of(session, i)[1] for i in others] == [Status.SENDING, Status.SENT]
    assert now_of(session, elsewhere)[1] is Status.QUEUED
    assert session.get_one(Delivery, waits[0]).reason == "bị xoá"
    assert groups.out_of_reach(session, here("-1"), reason="bị xoá", now=NOW) is None


def test_a_member_out_of_reach_is_reached_again_after_letting_the_bot_back(
    session: Session, clerk: int
) -> None:
    codes.tie(session, clerk, channel="telegram", account="bot", sender="v", chat="v", now=NOW)
    lost = groups.out_of_reach(session, here("v"), reason="đã chặn", now=NOW)
    assert lost is not None
    assert (lost.name, lost.subject, lost.subject_id) == ("Vân", "member", clerk)
    assert groups.in_reach_again(session, channel="telegram", account="bot", chat="v")
    assert not groups.in_reach_again(session, channel="telegram", account="bot", chat="v")


def test_strangers_out_of_reach_are_nobodys_matter(session: Session) -> None:
    assert groups.out_of_reach(session, here("ai đó"), reason="đã chặn", now=NOW) is None


# --- topics


def test_a_topic_is_set_and_cleared_and_written_down(session: Session, clerk: int) -> None:
    group, _ = meet(session)
    assert groups.set_topic(session, group, "7", actor=clerk, now=NOW)
    assert not groups.set_topic(session, group, "7", actor=clerk, now=NOW)
    assert groups.set_topic(session, group, "", actor=clerk, now=NOW)
    deeds = session.scalars(select(Deed.after).where(Deed.action == "group.topic").order_by(Deed.id)).all()
    assert deeds == [{"topic": "7"}, {"topic": ""}]


def test_every_state_has_a_label() -> None:
    labels = [state.label for state in GroupState]
    assert len(set(labels)) == len(GroupState)
