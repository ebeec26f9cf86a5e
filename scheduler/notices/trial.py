"""A trial of a notice: to oneself or to one group, marked so; it isn't sent by that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from office.deliveries import Doubt, Urgency
from office.groups import Group, GroupState
from office.notices import NoticeState
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.audience import address, themselves
from scheduler.notices.desk import Notices, hold, note, words
from scheduler.notices.wording import message, trial
from scheduler.outbox import Manner, Recipient


def try_out(
    session: Session,
    notices: Notices,
    notice_id: int,
    *,
    actor: Person,
    now: datetime,
    group_id: int | None = None,
) -> int:
    """Send a notice marked «BẢN THỬ» to one's own chat, or to an approved group; how many messages.

    Only before it is approved. Raises Refused.
    """
    demand(actor.roles, Action.WRITE_NOTICES)
    row = hold(session, notice_id, NoticeState.DRAFT, NoticeState.WAITING)
    to = themselves(session, (actor.id,)) if group_id is None else _group(session, group_id)
    # To oneself it is an answer, which comes at any hour; a group keeps its quiet.
    manner = Manner(urgency=Urgency.ORDINARY, doubt=Doubt.LEAVE, passes_quiet=group_id is None)
    reply = trial(message(session, notices, row))
    told = notices.outbox.announce(session, "notice.trial", row.id, to, reply, now=now, manner=manner)
    if not told:
        raise Refused(words()("refused.trial_nobody"), words()("refused.trial_nobody_mend"))
    note(session, "trial", row, actor, now, after={"group": group_id})
    return told


def _group(session: Session, group_id: int) -> tuple[Recipient, ...]:
    group = session.get(Group, group_id) if 0 < group_id < 2**62 else None
    if group is None or group.state is not GroupState.APPROVED:
        raise Refused(words()("refused.trial_group"), words()("refused.trial_group_mend"))
    return (Recipient(to=address(group)),)
