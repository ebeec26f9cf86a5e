"""Who would not get a notice as things stand: a window that has closed, a month that is spent.

Only a forecast, for who is about to send: when the notice leaves each chat is tried all the same, since a
window opens as soon as somebody writes, and what is refused then is told of one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import contacts
from office.channel_names import ZALO_BOT, ZALO_OA
from office.contacts import Window, window_at
from office.people import ChatAccount, Member
from office.privacy import person_hash
from scheduler.notices.addressed import Audience, Reach, Target, Unreached, is_member, spelled_out
from scheduler.notices.desk import Notices, words
from scheduler.ration import Purpose
from scheduler.rationing import standing

_CLOSING = frozenset({ZALO_BOT, ZALO_OA})  # the platforms that don't take everything at any time


@dataclass(frozen=True, slots=True)
class _Account:
    """One way to reach a member."""

    channel: str
    account: str
    sender: str


def foreseen(session: Session, notices: Notices, audience: Audience, found: Reach, *, now: datetime) -> Reach:
    """The reach of an audience, with who can't be written to now by any channel among the unreached."""
    if not any(target.recipient.to.channel in _CLOSING for target in found.targets):
        return found
    spent = _spent_bots(session, notices, found, now)
    why = _closed_members(session, notices, audience, spent, now)
    lost: dict[Target, str] = {}
    for target in found.targets:
        to, member_id = target.recipient.to, target.recipient.member_id
        if target.group:
            reason = spent.get(to.account, "") if to.channel == ZALO_BOT else ""
        else:
            reason = why.get(member_id or 0, "")
        if reason:
            lost[target] = reason
    return replace(
        found,
        targets=tuple(target for target in found.targets if target not in lost),
        unreached=(*found.unreached, *(Unreached(name=t.name, why=reason) for t, reason in lost.items())),
    )


def _spent_bots(session: Session, notices: Notices, found: Reach, now: datetime) -> Mapping[str, str]:
    """Our Zalo Bots whose month has nothing left for a notice, and how it is said."""
    quota, spent = notices.zalo_bot.quota, {}
    for account in {t.recipient.to.account for t in found.targets if t.recipient.to.channel == ZALO_BOT}:
        month = standing(session, ZALO_BOT, account, now=now)
        if month.refusal(Purpose.OTHER, quota):
            everything = month.refusal(Purpose.DEADLINE, quota)
            spent[account] = words()("unreached.spent" if everything else "unreached.kept")
    return spent


def _closed_members(
    session: Session, notices: Notices, audience: Audience, spent: Mapping[str, str], now: datetime
) -> Mapping[int, str]:
    """The members all of whose accounts are closed to a notice, and why."""
    ways: dict[int, list[_Account]] = {}
    for member_id, way in _accounts(session, audience, notices.channels):
        ways.setdefault(member_id, []).append(way)
    doubtful = {
        member_id: theirs
        for member_id, theirs in ways.items()
        if all(way.channel == ZALO_OA or (way.channel == ZALO_BOT and way.account in spent) for way in theirs)
    }
    windows = _windows(session, notices, (way for theirs in doubtful.values() for way in theirs), now)
    reasons = {
        member_id: [windows.get(way, "") if way.channel == ZALO_OA else spent[way.account] for way in theirs]
        for member_id, theirs in doubtful.items()
    }
    return {member_id: "; ".join(dict.fromkeys(said)) for member_id, said in reasons.items() if all(said)}


def _accounts(
    session: Session, audience: Audience, channels: Collection[str]
) -> Iterable[tuple[int, _Account]]:
    """Every account that an audience's members can be reached by, theirs in their own order."""
    query = (
        select(ChatAccount.member_id, ChatAccount.channel, ChatAccount.account, ChatAccount.sender)
        .join(Member, Member.id == ChatAccount.member_id)
        .where(Member.left_at.is_(None), ChatAccount.disabled_at.is_(None))
        .where(is_member(spelled_out(session, audience)))
        .order_by(ChatAccount.rank, ChatAccount.id)
    )
    if channels:
        query = query.where(ChatAccount.channel.in_(sorted(channels)))
    for member_id, channel, account, sender in session.execute(query):
        yield member_id, _Account(channel, account, sender)


def _windows(
    session: Session, notices: Notices, ways: Iterable[_Account], now: datetime
) -> Mapping[_Account, str]:
    """Why each account on Zalo OA takes no notice now, "" where it does."""
    if not notices.hash_key:
        return {}
    hashes = {
        way: person_hash(way.channel, way.sender, notices.hash_key) for way in ways if way.channel == ZALO_OA
    }
    found: dict[_Account, str] = {}
    for account in {way.account for way in hashes}:
        mine = {way: person for way, person in hashes.items() if way.account == account}
        wrote = contacts.last_wrote(session, ZALO_OA, account, mine.values())
        found |= {way: _why(notices, window_at(wrote.get(person), now)) for way, person in mine.items()}
    return found


def _why(notices: Notices, window: Window) -> str:
    if window is Window.CLOSED:
        return words()("unreached.window_closed")
    if window is Window.BILLED and notices.zalo_oa.billed != "all":
        return words()("unreached.window_billed")
    return ""
