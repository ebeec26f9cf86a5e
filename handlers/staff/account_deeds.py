"""What is done about somebody's chat accounts, by themselves in chat or by Văn phòng on the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from handlers.staff.people_deeds import Doing, tell
from handlers.staff.people_words import refuse, words
from office import accounts, codes, membership, people
from office.channel_names import label
from office.people import ChatAccount, CodePurpose, Person, Role
from office.rights import Action, allowed, demand
from scheduler import rerouting, wording
from scheduler.outbox import Outbox

CODE_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An account in its member's order. `state`: as people read it; `reached`: can be written to unasked."""

    id: int
    number: int
    channel: str
    account: str
    sender: str
    label: str
    state: str
    reached: bool
    tied_at: datetime

    def __str__(self) -> str:
        return words()("channels.item", channel=self.label, state=self.state)


def held(session: Session, member_id: int, outbox: Outbox) -> tuple[Held, ...]:
    """A member's accounts in their order; the first in reach is where they are written to."""
    found, first = [], True
    for number, row in enumerate(people.accounts_of(session, member_id), start=1):
        carried = outbox.carries(row.channel)
        reached = carried and row.disabled_at is None
        found.append(
            Held(
                id=row.id,
                number=number,
                channel=row.channel,
                account=row.account,
                sender=row.sender,
                label=label(row.channel),
                state=_state(row, carried=carried, first=first),
                reached=reached,
                tied_at=row.tied_at,
            )
        )
        first = first and not reached
    return tuple(found)


def _state(row: ChatAccount, *, carried: bool, first: bool) -> str:
    if row.disabled_at is not None:
        return words()("channels.lost", reason=row.disabled_reason.rstrip(" ."))
    if not carried:
        return words()("channels.silent")
    return words()("channels.first" if first else "channels.spare")


def own_code(doing: Doing, *, hash_key: bytes) -> str:
    """A code with which one ties another account of one's own, for a short while."""
    demand(doing.me.roles, Action.OWN_ACCOUNTS)
    return codes.make_code(
        doing.session,
        CodePurpose.TIE,
        member_id=doing.me.id,
        created_by=doing.me.id,
        now=doing.now,
        hash_key=hash_key,
        life=CODE_LIFE,
    )


def prefer(doing: Doing, account_id: int) -> tuple[ChatAccount, bool]:
    """One is written to in this account of one's own first; False when one was already. Raises Refused."""
    demand(doing.me.roles, Action.OWN_ACCOUNTS)
    row = _account(doing, doing.me, account_id)
    [chosen] = (one for one in held(doing.session, doing.me.id, doing.work.outbox) if one.id == row.id)
    if not chosen.reached:
        raise refuse("channels.not_reached", channel=chosen.label, state=chosen.state)
    return row, accounts.prefer(doing.session, row, actor=doing.me.id, now=doing.now)


def own(doing: Doing, account_id: int) -> ChatAccount:
    """An account that one may untie oneself. Raises Refused for the last one in which one is reached."""
    demand(doing.me.roles, Action.OWN_ACCOUNTS)
    row = _account(doing, doing.me, account_id)
    others = (one for one in held(doing.session, doing.me.id, doing.work.outbox) if one.id != row.id)
    if not any(one.reached for one in others):
        raise refuse("channels.last", "channels.last_mend")
    return row


def untie_own(doing: Doing, account_id: int) -> str:
    """Untie an account of one's own; its channel's label. Raises Refused."""
    return _untie(doing, own(doing, account_id), reason="")


def untie(doing: Doing, who: Person, account_id: int, *, reason: str) -> str:
    """Untie a member's account for them, also the last one; its channel's label. Raises Refused."""
    demand(doing.me.roles, Action.ADD_PEOPLE)
    if who.has(Role.ADMIN) and who.id != doing.me.id and not allowed(doing.me.roles, Action.GIVE_ROLES):
        raise refuse("channels.of_admin", name=who.name)
    if not reason.strip():
        raise refuse("channels.need_reason")
    row = _account(doing, who, account_id)
    last = len(people.accounts_of(doing.session, who.id)) == 1
    if last and who.has(Role.ADMIN) and membership.admins(doing.session) == 1:
        raise refuse("channels.only_admin", "channels.only_admin_mend", name=who.name)
    channel = _untie(doing, row, reason=reason.strip())
    told = words()("channels.told_untied", channel=channel, actor=doing.me.name)
    tell(doing, "account.untie", who.id, who.id, [told, words()("channels.told_reason", reason=reason)])
    return channel


def _untie(doing: Doing, row: ChatAccount, *, reason: str) -> str:
    """What waits there goes to the next chat, or is given up: whose chat it will be, nobody knows."""
    channel, to = label(row.channel), people.address_of(row)
    rerouting.forsake(doing.session, to, why=wording.untied(), now=doing.now, outbox=doing.work.outbox)
    accounts.untie(doing.session, row, actor=doing.me.id, now=doing.now, reason=reason)
    return channel


def _account(doing: Doing, who: Person, account_id: int) -> ChatAccount:
    row = accounts.held(doing.session, account_id, of=who.id) if 0 < account_id < 2**62 else None
    if row is None:
        name = "channels.unknown_own" if who.id == doing.me.id else "channels.unknown"
        raise refuse(name, "channels.unknown_mend")
    return row
