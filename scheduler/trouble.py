"""Chats that moved or can't be reached any more: rows follow, and Văn phòng hears what was not delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from knowledge.phrases import Phrases
from office import groups
from office.channel_names import label
from office.clock import ZONE
from office.deliveries import Delivery, Status
from office.groups import GroupState, LostChat
from office.messages import ChatAddress, Line, Reply, Style
from office.wire import replies_from_json
from scheduler import audience, rerouting
from scheduler.lane_ledger import Trouble
from scheduler.outbox import Outbox

_LISTED = 10  # undelivered messages named to Văn phòng
_TITLE = 100  # characters of each
_JUST_NOW = timedelta(minutes=5)  # what failed before the chat was known to be out of reach


@cache
def _texts() -> Phrases:
    return Phrases.read(Path(__file__).with_name("texts.yaml"))


def removed() -> str:
    """Why a group is out of reach that the bot was taken out of."""
    return _texts()("trouble.removed")


def blocked() -> str:
    """Why a person is out of reach who has blocked the bot."""
    return _texts()("trouble.blocked")


class ChatTrouble(Trouble):
    """What is done about such chats, whoever notices first: the lane that sends or the platform's event."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def moved(self, session: Session, old: ChatAddress, chat: str, now: datetime) -> None:
        """The group's row and what waits for it follow to the new id."""
        groups.migrate(session, channel=old.channel, account=old.account, old=old.chat, new=chat, now=now)

    def failed(self, session: Session, failed: Mapping[int, str], now: datetime) -> None:
        """They go to their readers' next chats, where there are any."""
        rerouting.reroute(session, failed, now=now, outbox=self._outbox)

    def unreachable(self, session: Session, to: ChatAddress, reason: str, now: datetime) -> None:
        """Disable the chat, pass on what waits for it, tell Văn phòng once, with what was not delivered."""
        group = groups.at(session, to.channel, to.account, to.chat)
        unwanted = group is not None and group.state is GroupState.REFUSED
        if group is None:
            rerouting.leave(session, to, why=reason, now=now, outbox=self._outbox)
        lost = groups.out_of_reach(session, to, reason=reason, now=now)
        if lost is None:
            return
        session.flush()
        titles = _undelivered(session, to, lost, now)
        if unwanted and not titles:
            return  # Văn phòng didn't want the bot there
        to_whom = audience.van_phong(session, on=now.astimezone(ZONE).date())
        what = f"{lost.subject}.unreachable"
        told = _told(lost, to, reason, titles, _passed_on(session, to, now))
        self._outbox.announce(session, what, lost.subject_id, to_whom, told, now=now)


def _undelivered(session: Session, to: ChatAddress, lost: LostChat, now: datetime) -> list[str]:
    """The first line of each message that failed now or just before, a message of several parts once."""
    just_now = (Delivery.status == Status.FAILED) & (Delivery.finished_at >= now - _JUST_NOW)
    rows = session.execute(
        select(Delivery.occurrence_id, Delivery.body)
        .where(
            Delivery.channel == to.channel,
            Delivery.account == to.account,
            Delivery.chat == to.chat,
            or_(just_now, Delivery.id.in_(lost.failed)),
        )
        .order_by(Delivery.due_at, Delivery.id)
    )
    titles: dict[int, str] = {}
    for occurrence_id, body in rows:
        titles.setdefault(occurrence_id, _title(body))
    return list(titles.values())


def _passed_on(session: Session, to: ChatAddress, now: datetime) -> Mapping[str, int]:
    """How many messages went to which channel instead, now or just before."""
    new = aliased(Delivery)
    query = (
        select(new.channel, func.count(Delivery.occurrence_id.distinct()))
        .join(new, new.id == Delivery.merged_into)
        .where(
            Delivery.channel == to.channel,
            Delivery.account == to.account,
            Delivery.chat == to.chat,
            Delivery.status == Status.REROUTED,
            Delivery.finished_at >= now - _JUST_NOW,
        )
        .group_by(new.channel)
    )
    return {channel: count for channel, count in session.execute(query)}  # noqa: C416 - no pairs to mypy


def _title(body: object) -> str:
    lines = [line.text for reply in replies_from_json(body) for line in reply.lines if line.text.strip()]
    first = lines[0] if lines else ""
    return first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"


def _told(
    lost: LostChat, to: ChatAddress, reason: str, titles: Sequence[str], passed_on: Mapping[str, int]
) -> Reply:
    texts = _texts()
    headline = texts(f"trouble.{lost.subject}", name=lost.name, channel=label(to.channel))
    lines = [Line(headline, Style.TITLE)]
    if reason:
        lines.append(Line(texts("trouble.reason", reason=reason)))
    if titles:
        lines.append(Line(texts("trouble.lost", count=len(titles)), Style.WARNING))
        lines += [Line(title, Style.ITEM) for title in titles[:_LISTED]]
        if len(titles) > _LISTED:
            lines.append(Line(texts("trouble.lost_more", count=len(titles) - _LISTED)))
    elif not passed_on:
        lines.append(Line(texts("trouble.lost_none")))
    if passed_on:
        channels = ", ".join(map(label, passed_on))
        lines.append(Line(texts("trouble.passed_on", count=sum(passed_on.values()), channels=channels)))
    lines.append(Line(texts(f"trouble.{lost.subject}_mend", name=lost.name), Style.SOURCE))
    return Reply(lines=tuple(lines))
