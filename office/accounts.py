"""A member's chat accounts: which comes first, and which is no longer theirs. Each deed is audited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from office import audit
from office.people import ChatAccount, accounts_of


def held(session: Session, account_id: int, *, of: int) -> ChatAccount | None:
    """A member's account by its number, so that two deeds come one after the other; None for another's."""
    row = session.get(ChatAccount, account_id, populate_existing=True, with_for_update=True)
    return row if row is not None and row.member_id == of else None


def prefer(session: Session, row: ChatAccount, *, actor: int, now: datetime) -> bool:
    """An account comes first from now on, the others keep their order; False when it did."""
    order = accounts_of(session, row.member_id)
    if order[0].id == row.id:
        return False
    before = [one.channel for one in order]
    after = [row, *(one for one in order if one.id != row.id)]
    for rank, one in enumerate(after):
        one.rank = rank
    session.flush()
    audit.record(
        session,
        "account.prefer",
        at=now,
        actor=actor,
        subject="member",
        subject_id=row.member_id,
        before={"channels": before},
        after={"channels": [one.channel for one in after]},
    )
    return True


def untie(session: Session, row: ChatAccount, *, actor: int, now: datetime, reason: str = "") -> None:
    """An account is nobody's any more. What waits for it must have been passed on before."""
    member_id, channel = row.member_id, row.channel
    session.delete(row)
    session.flush()
    audit.record(
        session,
        "account.untie",
        at=now,
        actor=actor,
        subject="member",
        subject_id=member_id,
        before={"channel": channel},
        reason=reason,
    )
