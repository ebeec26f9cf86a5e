"""Which buttons somebody sees at a notice: by its state and their rights, asked again by the deeds."""

from __future__ import annotations

from bot.web.console.visit import Visit
from office.notices import Notice, NoticeState
from office.rights import Action
from scheduler.notices.told import may_approve

_UNSENT = (NoticeState.DRAFT, NoticeState.WAITING, NoticeState.SCHEDULED)
_OUT = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)


def possible(visit: Visit, row: Notice) -> frozenset[str]:
    """What this person may do with a notice as it is."""
    state = row.state
    writes, sends = visit.may(Action.WRITE_NOTICES), visit.may(Action.SEND_NOTICES)
    alone = not visit.parts.notices.settings.approval
    second = may_approve(visit.session, row, visit.person)
    started = row.started_at is not None
    can = {
        "change": writes and state in (NoticeState.DRAFT, NoticeState.WAITING),
        "trial": writes and state in (NoticeState.DRAFT, NoticeState.WAITING),
        "submit": writes and state is NoticeState.DRAFT and not alone,
        "send": sends and state is NoticeState.DRAFT and alone,
        "approve": second and state is NoticeState.WAITING,
        "own": not second and visit.may(Action.APPROVE_NOTICES) and state is NoticeState.WAITING,
        "give_back": visit.may(Action.APPROVE_NOTICES)
        and state in (NoticeState.WAITING, NoticeState.SCHEDULED),
        "cancel": sends and state in (*_UNSENT, NoticeState.SENDING, NoticeState.PAUSED),
        "pause": sends and state is NoticeState.SENDING,
        "resume": sends and state is NoticeState.PAUSED,
        "nudge": sends and row.confirm and state in (NoticeState.PAUSED, NoticeState.SENT),
        "correct": sends and state in _OUT,
        "retract": sends and (state in _OUT or (state is NoticeState.CANCELLED and started)),
        "copy": writes,
        "settle": visit.may(Action.SETTLE_DELIVERIES) and started,
        "report": started,
        "journal": visit.may(Action.AUDIT),
    }
    return frozenset(name for name, may in can.items() if may)
