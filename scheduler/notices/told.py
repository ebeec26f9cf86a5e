"""Who is told of what happens to a notice: those who may approve it, and its author; always privately."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import people
from office.assignments import Priority
from office.audit import Deed
from office.clock import ZONE
from office.deliveries import Doubt, Occurrence, Source, Urgency
from office.messages import Line, Reply, Style
from office.notices import Notice
from office.people import Person, Role
from office.rights import Action, allowed
from scheduler import halting
from scheduler.audience import themselves
from scheduler.notices.audience import Audience, in_words, reach
from scheduler.notices.closed import foreseen
from scheduler.notices.desk import Notices, words
from scheduler.notices.leaving import foretold
from scheduler.notices.wording import button, message
from scheduler.outbox import Manner

_WRITING = ("notice.create", "notice.change", "notice.attach", "notice.detach")
_ASKED = "notice.submit."  # what the occurrences of being asked are called
_CHOSEN = (Role.VAN_PHONG, Role.LEADER)


def authors(session: Session, row: Notice) -> frozenset[int]:
    """Whose notice it is: who created it, changed it last, or handed it in."""
    last = session.scalar(
        select(Deed.actor_id)
        .where(Deed.subject == "notice", Deed.subject_id == row.id, Deed.action.in_(_WRITING))
        .order_by(Deed.id.desc())
        .limit(1)
    )
    return frozenset({row.created_by, row.submitted_by, last} - {None})  # type: ignore[arg-type]


def may_approve(session: Session, notice: Notice, who: Person) -> bool:
    """Whether this person is the second one: has the right and isn't the author."""
    return allowed(who.roles, Action.APPROVE_NOTICES) and who.id not in authors(session, notice)


def approvers(session: Session, row: Notice, *, besides: Collection[int] = ()) -> tuple[Person, ...]:
    """Văn phòng and the leaders who may approve a notice; the admins while there is nobody else."""
    own = authors(session, row) | set(besides)
    for roles in (_CHOSEN, (Role.ADMIN,)):
        found = {who.id: who for role in roles for who in people.with_role(session, role)}
        second = tuple(
            who
            for number, who in found.items()
            if number not in own and allowed(who.roles, Action.APPROVE_NOTICES)
        )
        if second:
            return second
    return ()


def ask_approvers(session: Session, notices: Notices, row: Notice, headline: str, *, now: datetime) -> int:
    """Show a notice to who may approve it, with the buttons; how many messages."""
    to = themselves(session, (who.id for who in approvers(session, row)))
    reply = card(session, notices, row, headline, now=now)
    return notices.outbox.announce(
        session, f"{_ASKED}{row.revision}", row.id, to, reply, now=now, manner=_manner(row)
    )


def stop_asking(session: Session, row: Notice, *, now: datetime) -> None:
    """It has been decided: who has not been asked yet needn't be."""
    asked = select(Occurrence.id).where(
        Occurrence.source == Source.EVENT,
        Occurrence.source_id == row.id,
        Occurrence.rung.startswith(_ASKED),
    )
    halting.cancel(session, session.scalars(asked).all(), reason=words()("told.decided"), now=now)


def card(session: Session, notices: Notices, row: Notice, headline: str, *, now: datetime) -> Reply:
    """A notice as its approvers see it: to whom, when, and its very words."""
    audience = Audience.from_dict(row.audience)
    found = reach(session, audience, on=now.astimezone(ZONE).date(), channels=notices.channels)
    found = foreseen(session, notices, audience, found, now=now)
    shown = message(session, notices, row)
    lines = [
        Line(headline, Style.TITLE),
        Line(words()("told.to", who=", ".join(in_words(session, audience)))),
        Line(_counts(len(found.groups), len(found.people), len(found.unreached))),
        *map(Line, foretold(notices, row, now)),
    ]
    if row.priority is Priority.EXPRESS and row.express_reason:
        lines.append(Line(words()("told.reason", reason=row.express_reason), Style.WARNING))
    lines += [
        Line(line.text, Style.TEXT if line.style is Style.TITLE else line.style) for line in shown.lines
    ]
    choices = tuple(button(verb, row.id) for verb in ("duyet", "tra", "xem"))
    return Reply(lines=tuple(lines), choices=choices, files=shown.files)


def _counts(groups: int, people: int, unreached: int) -> str:
    """How many it reaches, without what there is none of."""
    said = words()
    parts = [
        said(f"told.counts_{name}", count=count)
        for name, count in (("groups", groups), ("people", people))
        if count
    ]
    if not parts:
        return said("told.counts_none", unreached=unreached)
    reached = said("told.counts_both", groups=parts[0], people=parts[1]) if len(parts) == 2 else parts[0]
    return said("told.counts_lost" if unreached else "told.counts", reached=reached, unreached=unreached)


def tell_author(
    session: Session, notices: Notices, row: Notice, what: str, lines: Collection[Line], *, now: datetime
) -> None:
    """Tell who created the notice and who handed it in; of a campaign's, who approved it."""
    theirs = dict.fromkeys(n for n in (row.created_by, row.submitted_by) if n is not None)
    to = themselves(session, theirs or (n for n in (row.approved_by,) if n is not None))
    reply = Reply(lines=tuple(lines), choices=(button("xem", row.id),))
    notices.outbox.announce(session, what, row.id, to, reply, now=now, manner=_manner(row))


def tell(
    session: Session,
    notices: Notices,
    row: Notice,
    what: str,
    member_ids: Collection[int],
    lines: Collection[Line],
    *,
    now: datetime,
) -> None:
    """Tell some members something of a notice."""
    reply = Reply(lines=tuple(lines), choices=(button("xem", row.id),))
    to = themselves(session, member_ids)
    notices.outbox.announce(session, what, row.id, to, reply, now=now, manner=_manner(row))


def _manner(row: Notice) -> Manner:
    """Hoả tốc is also asked for and told of in quiet hours."""
    express = row.priority is Priority.EXPRESS
    return Manner(
        urgency=Urgency.URGENT if express else Urgency.ORDINARY, doubt=Doubt.REPEAT, passes_quiet=express
    )
