"""Where a notice stands: a group, or a person in whichever of their chats it came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, literal_column, or_, select
from sqlalchemy.orm import Session

from office.deliveries import Act, Delivery, Status
from scheduler.notices.readers import Chat

_OWN = and_(Delivery.group.is_(False), Delivery.member_id.is_not(None))
_NONE: ColumnElement[str] = literal_column("''", String)  # no parameter, so that PostgreSQL may group by it

PLACE = (
    case((_OWN, _NONE), else_=Delivery.channel).label("channel"),
    case((_OWN, _NONE), else_=Delivery.account).label("account"),
    case((_OWN, cast(Delivery.member_id, String)), else_=Delivery.chat).label("chat"),
)
"""A delivery's place: its chat, or ("", "", the member's number) where it is somebody's own."""


def among(places: Collection[Chat]) -> ColumnElement[bool]:
    """Deliveries that belong to these places, and perhaps a few others."""
    members = [int(name) for channel, _, name in places if not channel]
    chats = [name for channel, _, name in places if channel]
    return or_(and_(_OWN, Delivery.member_id.in_(members)), and_(~_OWN, Delivery.chat.in_(chats)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A delivery as the report needs it: without its body, of which there may be ten thousand."""

    id: int
    chat: Chat
    group: bool
    act: Act
    status: Status
    reason: str
    finished_at: datetime | None
    member_id: int | None

    @property
    def place(self) -> Chat:
        """The group's chat; for a person one place whatever the chat, ("", "", their number)."""
        own = not self.group and self.member_id is not None
        return ("", "", str(self.member_id)) if own else self.chat


def messages(session: Session, conditions: Iterable[Any]) -> dict[Chat, list[Message]]:
    """The messages of each place."""
    query = select(
        Delivery.id,
        Delivery.channel,
        Delivery.account,
        Delivery.chat,
        Delivery.group,
        Delivery.act,
        Delivery.status,
        Delivery.reason,
        Delivery.finished_at,
        Delivery.member_id,
    )
    found: defaultdict[Chat, list[Message]] = defaultdict(list)
    for number, channel, account, chat, group, act, status, reason, at, member in session.execute(
        query.where(*conditions).order_by(Delivery.occurrence_id, Delivery.part, Delivery.id)
    ):
        one = Message(
            id=number,
            chat=(channel, account, chat),
            group=group,
            act=act,
            status=status,
            reason=reason,
            finished_at=at,
            member_id=member,
        )
        found[one.place].append(one)
    return found
