"""Who has read a notice: «Đã đọc» is written down, and who hasn't said so is reminded."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from office.assignments import Priority
from office.clock import ZONE
from office.database import insert
from office.deliveries import Delivery, Doubt, Occurrence, Source, Status
from office.messages import ChatAddress, Line, Reply, Style
from office.notices import Notice, NoticeConfirmation, NoticeState
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.notices.desk import Notices, get, hold, note, words
from scheduler.notices.moments import nudged, occurrence_of
from scheduler.notices.readers import Reader, Readers, readers_of
from scheduler.notices.wording import button, read_button
from scheduler.outbox import Manner, Recipient
from scheduler.wording import when

BETWEEN_NUDGES = timedelta(minutes=30)
_NAMES = 40  # names written out in one message
_OUT = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)


def confirm(
    session: Session,
    notice_id: int,
    who: Person,
    *,
    channel: str,
    account: str,
    chat: str,
    now: datetime,
    revision: int | None = None,
) -> bool:
    """«Đã đọc»: False when they have said so of these words before. Raises Refused, also for who read former
    words (`revision`; None: the present ones)."""
    demand(who.roles, Action.CONFIRM_NOTICE)
    row = get(session, notice_id)
    if row.state is NoticeState.RETRACTED:
        raise Refused(words()("refused.retracted"))
    if row.started_at is None:
        raise Refused(words()("refused.not_sent", id=row.id))
    if revision is not None and revision < row.revision:
        raise Refused(words()("refused.corrected", id=row.id), words()("refused.corrected_mend"))
    values = {
        "notice_id": row.id,
        "member_id": who.id,
        "at": now,
        "channel": channel,
        "account": account,
        "chat": chat,
        "revision": row.revision,
    }
    # Two taps at once: only one of them writes.
    statement = insert(session, NoticeConfirmation).values(values)
    changed = statement.on_conflict_do_update(
        index_elements=["notice_id", "member_id"],
        set_=values,
        where=NoticeConfirmation.revision < row.revision,
    )
    if session.scalar(changed.returning(NoticeConfirmation.id)) is None:
        return False
    note(session, "confirm", row, who, now, after={"revision": row.revision})
    return True


def nudge(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> int:
    """Remind who has not confirmed, and nobody else; how many messages. Raises Refused.

    Privately who was written to privately; one message to each department's group, naming who is missing.
    """
    demand(actor.roles, Action.SEND_NOTICES)
    row = hold(session, notice_id, *_OUT)
    if not row.confirm:
        raise Refused(words()("refused.no_confirm", id=row.id))
    _refuse_hurry(session, row, now)
    sending = occurrence_of(session, row.id)
    readers = readers_of(session, row, sending.id if sending else None)
    reminders = _reminders(row, _arrived(session, sending), readers)
    if not reminders:
        raise Refused(words()("refused.all_confirmed"))
    row.nudges += 1
    session.flush()
    moment = notices.outbox.occasion(session, Source.NOTICE, row.id, nudged(row.nudges), now, now=now)
    express = row.priority is Priority.EXPRESS
    manner = Manner(doubt=Doubt.LEAVE, passes_quiet=express)
    told = sum(
        notices.outbox.tell(session, moment, to, reply, due_at=now, now=now, manner=manner)
        for reply, to in reminders
        if moment is not None
    )
    note(session, "nudge", row, actor, now, after={"number": row.nudges, "messages": told})
    return told


def _reminders(
    row: Notice, arrived: list[Recipient], readers: Readers
) -> list[tuple[Reply, list[Recipient]]]:
    """What is said to whom: one text to everybody missing privately, one to each group."""
    private = [
        one
        for one in arrived
        if (reader := readers.private.get(one.member_id or 0)) is not None and not reader.current
    ]
    found = [(_reply(row, _private(row)), private)] if private else []
    for one in arrived:
        expected = readers.of_groups.get((one.to.channel, one.to.account, one.to.chat), ())
        lacking = [reader for reader in expected if not reader.current]
        if one.to.group and lacking:
            found.append((_reply(row, _in_group(row, lacking)), [one]))
    return found


def _arrived(session: Session, sending: Occurrence | None) -> list[Recipient]:
    """The chats that have the notice, in their order."""
    query = select(
        Delivery.channel, Delivery.account, Delivery.chat, Delivery.topic, Delivery.group, Delivery.member_id
    ).where(
        Delivery.occurrence_id == (sending.id if sending else None),
        Delivery.status == Status.SENT,
        Delivery.part == Delivery.parts,
    )
    return [
        Recipient(
            to=ChatAddress(channel=channel, account=account, chat=chat, topic=topic, group=group),
            member_id=member_id,
        )
        for channel, account, chat, topic, group, member_id in session.execute(query.order_by(Delivery.id))
    ]


def _reply(row: Notice, said: str) -> Reply:
    lines = (Line(words()("message.nudge", title=row.title), Style.TITLE), Line(said))
    return Reply(lines=lines, choices=(read_button(row), button("xem", row.id)))


def _private(row: Notice) -> str:
    return words()("message.nudge_private", date=_left_on(row))


def _in_group(row: Notice, lacking: list[Reader]) -> str:
    names = ", ".join(reader.name for reader in lacking[:_NAMES])
    if len(lacking) > _NAMES:
        names += words()("message.more", count=len(lacking) - _NAMES)
    return words()("message.nudge_group", date=_left_on(row), who=names)


def _left_on(row: Notice) -> str:
    return f"{(row.started_at or row.changed_at).astimezone(ZONE):%d/%m/%Y}"


def _refuse_hurry(session: Session, row: Notice, now: datetime) -> None:
    """Two taps, or two clerks, make one reminder."""
    last = occurrence_of(session, row.id, nudged(row.nudges)) if row.nudges else None
    if last is not None and now - last.due_at < BETWEEN_NUDGES:
        minutes = int(BETWEEN_NUDGES.total_seconds() // 60)
        raise Refused(
            words()("refused.nudged_lately", when=when(last.due_at)),
            words()("refused.nudged_lately_mend", minutes=minutes),
        )
