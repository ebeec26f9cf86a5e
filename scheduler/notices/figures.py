"""Figures of several notices at once, for a list: how many chats have it, and who has confirmed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, func, select, union
from sqlalchemy.orm import Session

from office.deliveries import ELSEWHERE, Delivery, Occurrence, Source, Status
from office.groups import Group
from office.notices import Notice, NoticeConfirmation
from office.people import Member
from scheduler.notices.desk import words
from scheduler.notices.moments import SENT_AS


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`sent` of `total` chats have every part; `confirmed`: who has said «Đã đọc» of the present words;
    `expected`: who is to say so by name, 0 where nobody is."""

    sent: int = 0
    total: int = 0
    confirmed: int = 0
    expected: int = 0


def figures(session: Session, notice_ids: Collection[int]) -> Mapping[int, Figures]:
    """The figures of these notices; one that hasn't left has none."""
    if not notice_ids:
        return {}
    chats = {number: (sent, total) for number, sent, total in session.execute(_chats(notice_ids))}
    confirmed = _counts(session, _confirmed(notice_ids))
    expected = _counts(session, _expected(notice_ids))
    return {
        number: Figures(
            sent=sent or 0,
            total=total,
            confirmed=confirmed.get(number, 0),
            expected=expected.get(number, 0),
        )
        for number, (sent, total) in chats.items()
    }


def _counts(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {number: count for number, count in session.execute(query)}  # noqa: C416 - no pairs to mypy


def _sending(notice_ids: Collection[int]) -> ColumnElement[bool]:
    """Deliveries of the sending itself, but for what a correction has replaced."""
    replaced = (Delivery.status == Status.CANCELLED) & (Delivery.reason == words()("planned.replaced"))
    return and_(
        Occurrence.source == Source.NOTICE,
        Occurrence.source_id.in_(notice_ids),
        Occurrence.rung == SENT_AS,
        Delivery.status.not_in(ELSEWHERE),
        ~replaced,
    )


def _chats(notice_ids: Collection[int]) -> Select[int, int | None, int]:
    whole = case((func.min(case((Delivery.status == Status.SENT, 1), else_=0)) == 1, 1), else_=0)
    chat = (
        select(Occurrence.source_id.label("notice"), whole.label("whole"))
        .join(Delivery, Delivery.occurrence_id == Occurrence.id)
        .where(_sending(notice_ids))
        .group_by(Occurrence.source_id, Delivery.channel, Delivery.account, Delivery.chat)
        .subquery()
    )
    return select(chat.c.notice, func.sum(chat.c.whole), func.count()).group_by(chat.c.notice)


def _confirmed(notice_ids: Collection[int]) -> Select[int, int]:
    return (
        select(NoticeConfirmation.notice_id, func.count())
        .join(Notice, Notice.id == NoticeConfirmation.notice_id)
        .where(NoticeConfirmation.notice_id.in_(notice_ids), NoticeConfirmation.revision == Notice.revision)
        .group_by(NoticeConfirmation.notice_id)
    )


def _expected(notice_ids: Collection[int]) -> Select[int, int]:
    """Members written to privately, and the members of the departments whose groups were written to."""
    here = (
        select(Occurrence.source_id.label("notice"), Member.id.label("member"))
        .select_from(Occurrence)
        .join(Delivery, Delivery.occurrence_id == Occurrence.id)
        .join(Notice, Notice.id == Occurrence.source_id)
        .where(_sending(notice_ids), Notice.confirm)
    )
    private = here.join(Member, Member.id == Delivery.member_id).where(Delivery.group.is_(False))
    group = (
        (Group.channel == Delivery.channel)
        & (Group.account == Delivery.account)
        & (Group.chat == Delivery.chat)
    )
    # Each department once a notice: its members are looked up for it, not for each of its groups.
    told = (
        select(Occurrence.source_id.label("notice"), Group.department_id.label("department"))
        .select_from(Occurrence)
        .join(Delivery, Delivery.occurrence_id == Occurrence.id)
        .join(Group, group)
        .where(_sending(notice_ids), Delivery.group)
        .distinct()
        .subquery()
    )
    of_groups = (
        select(told.c.notice, Member.id)
        .join(Notice, Notice.id == told.c.notice)
        .join(Member, Member.department_id == told.c.department)
        .where(Notice.confirm, Member.joined_at <= Notice.started_at)
    )
    both = union(
        private.where(Member.left_at.is_(None)), of_groups.where(Member.left_at.is_(None))
    ).subquery()
    return select(both.c.notice, func.count()).group_by(both.c.notice)
