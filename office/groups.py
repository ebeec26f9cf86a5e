"""Staff groups: the bot is silent in one until Văn phòng has approved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, and_, exists, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from office import audit
from office.channel_names import label
from office.database import ROW_ID, Base, UtcDateTime, closed_set, execute
from office.deliveries import UNSENT, Act, Delivery, Status
from office.messages import ChatAddress
from office.people import ChatAccount, name_of
from office.refusal import Refused


class GroupState(StrEnum):
    """Whether the bot may speak in a group."""

    PENDING = "pending"  # the bot was added, nobody has decided
    APPROVED = "approved"
    REFUSED = "refused"
    DISABLED = "disabled"  # the bot was removed, or the group is gone

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]


_LABELS = {
    GroupState.PENDING: "chờ duyệt",
    GroupState.APPROVED: "đang dùng",
    GroupState.REFUSED: "không duyệt",
    GroupState.DISABLED: "đã ngắt",
}


class Group(Base):
    """A group chat that the bot is or was in. `topic`: the forum topic that reminders go to, "" for none."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("channel", "account", "chat"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
    topic: Mapped[str] = mapped_column(String(64), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[GroupState] = mapped_column(closed_set(GroupState))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)
    added_by: Mapped[str] = mapped_column(String(200), default="")  # the name of who added the bot
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")  # why refused or disabled


@dataclass(frozen=True, slots=True, kw_only=True)
class LostChat:
    """A chat that nothing gets through to: whose it is ("group" or "member"), the deliveries that failed."""

    name: str
    subject: str
    subject_id: int
    failed: tuple[int, ...]


def at(session: Session, channel: str, account: str, chat: str) -> Group | None:
    """The row of a chat, if it is known."""
    return session.scalar(
        select(Group).where(Group.channel == channel, Group.account == account, Group.chat == chat)
    )


def title_of(group: Group) -> str:
    """A group as people read of it: its title; where the platform tells none, its channel and last digits."""
    return group.title or f"{label(group.channel)}, chưa có tên (…{group.chat[-4:]})"


def every(session: Session) -> tuple[Group, ...]:
    """All groups, in the order they were met."""
    return tuple(session.scalars(select(Group).order_by(Group.id)))


def met(
    session: Session, *, channel: str, account: str, chat: str, title: str, added_by: str, now: datetime
) -> tuple[Group, bool]:
    """The bot is in this group: its row, and whether Văn phòng has to be asked (again)."""
    row = at(session, channel, account, chat)
    if row is None:
        row = Group(
            channel=channel,
            account=account,
            chat=chat,
            title="",
            added_by="",
            added_at=now,
            state=GroupState.PENDING,
        )
        session.add(row)
        asked = True
    else:
        asked = row.state is GroupState.DISABLED
        if asked:
            row.state, row.reason, row.added_at = GroupState.PENDING, "", now
    row.title = (title or row.title)[:300]
    row.added_by = (added_by or row.added_by)[:200]
    session.flush()
    return row, asked


def decide(
    session: Session,
    group: Group,
    *,
    approve: bool,
    department_id: int | None,
    actor: int,
    reason: str,
    now: datetime,
) -> None:
    """Văn phòng approves a group, tied to a department or to none (the whole office), or refuses it.

    Raises Refused where the bot isn't in the group any more.
    """
    if group.state is GroupState.DISABLED:
        raise Refused(f"Bot không còn trong nhóm «{title_of(group)}».", "Thêm lại bot vào nhóm trước.")
    before = {"state": group.state, "department_id": group.department_id}
    group.state = GroupState.APPROVED if approve else GroupState.REFUSED
    group.department_id = department_id if approve else None
    group.decided_by, group.decided_at, group.reason = actor, now, reason
    if not approve:
        here = _waiting(group.channel, group.account, group.chat)
        values = {"status": Status.CANCELLED, "reason": "Văn phòng không duyệt nhóm này.", "finished_at": now}
        execute(session, update(Delivery).where(here).values(values))
    audit.record(
        session,
        "group.approve" if approve else "group.refuse",
        at=now,
        actor=actor,
        subject="group",
        subject_id=group.id,
        before=before,
        after={"state": group.state, "department_id": group.department_id},
        reason=reason,
    )


def set_topic(session: Session, group: Group, topic: str, *, actor: int, now: datetime) -> bool:
    """Messages go to this topic of the group's forum from now on, "" for none; False when they did."""
    if group.topic == topic:
        return False
    before, group.topic = {"topic": group.topic}, topic
    audit.record(
        session,
        "group.topic",
        at=now,
        actor=actor,
        subject="group",
        subject_id=group.id,
        before=before,
        after={"topic": topic},
    )
    return True


def migrate(session: Session, *, channel: str, account: str, old: str, new: str, now: datetime) -> bool:
    """The group has a new id: its row and what waits for it follow; False when that was done before.

    Where the new id is known already, its row is the one that stays.
    """
    moved = _move_deliveries(session, channel=channel, account=account, old=old, new=new, now=now)
    row, other = at(session, channel, account, old), at(session, channel, account, new)
    if row is None:
        return moved > 0
    if other is not None and row.state is GroupState.DISABLED:
        return moved > 0  # told twice, once in each chat
    if other is None:
        row.chat = new
    else:
        if other.state is GroupState.PENDING:
            other.state, other.department_id = row.state, row.department_id
            other.decided_by, other.decided_at = row.decided_by, row.decided_at
        row.state, row.reason = GroupState.DISABLED, f"đã thành nhóm mới {new}"
    session.flush()
    audit.record(
        session,
        "group.migrate",
        at=now,
        actor=None,
        subject="group",
        subject_id=row.id,
        before={"chat": old},
        after={"chat": new},
    )
    return True


def _move_deliveries(
    session: Session, *, channel: str, account: str, old: str, new: str, now: datetime
) -> int:
    """What waits for the old id goes to the new one, but for what waits or went there already."""
    waiting = and_(
        Delivery.channel == channel,
        Delivery.account == account,
        Delivery.chat == old,
        Delivery.status.in_((*UNSENT, Status.SENDING)),
    )
    twin = aliased(Delivery)
    same = exists().where(
        twin.occurrence_id == Delivery.occurrence_id,
        twin.channel == channel,
        twin.account == account,
        twin.chat == new,
        twin.topic == Delivery.topic,
        twin.part == Delivery.part,
        twin.repeat == Delivery.repeat,
    )
    _leave_behind(session, waiting, now)
    twice = session.scalars(select(Delivery.id).where(waiting, same)).all()
    reason = "Nhóm đã đổi số; tin này đã có ở số mới."
    values = {"status": Status.CANCELLED, "reason": reason, "finished_at": now}
    execute(session, update(Delivery).where(Delivery.id.in_(twice)).values(values))
    return execute(session, update(Delivery).where(waiting, Delivery.act == Act.SEND).values(chat=new))


def _leave_behind(session: Session, waiting: ColumnElement[bool], now: datetime) -> None:
    """Edits and deletions stay: in the new chat their targets' numbers mean other messages."""
    here = update(Delivery).where(waiting, Delivery.act != Act.SEND, Delivery.status.in_(UNSENT))
    reason = "Nhóm đã đổi số nên không sửa hay thu hồi được tin cũ. Gửi tin đính chính."
    values = {"status": Status.FAILED, "target": None, "reason": reason, "finished_at": now}
    execute(session, here.values(values))


def out_of_reach(session: Session, to: ChatAddress, *, reason: str, now: datetime) -> LostChat | None:
    """Nothing gets through to this chat: disable it, fail what waits for it. None: that was known before."""
    group = at(session, to.channel, to.account, to.chat)
    if group is not None:
        if group.state is GroupState.DISABLED:
            return None
        group.state, group.reason = GroupState.DISABLED, reason
        name, subject, subject_id = title_of(group), "group", group.id
    else:
        account = session.scalar(
            select(ChatAccount).where(
                ChatAccount.channel == to.channel,
                ChatAccount.account == to.account,
                ChatAccount.chat == to.chat,
                ChatAccount.disabled_at.is_(None),
            )
        )
        if account is None:
            return None
        account.disabled_at, account.disabled_reason = now, reason
        name, subject, subject_id = name_of(session, account.member_id), "member", account.member_id
    waiting = _waiting(to.channel, to.account, to.chat)
    failed = tuple(session.scalars(select(Delivery.id).where(waiting).order_by(Delivery.id)))
    values = {"status": Status.FAILED, "reason": reason, "finished_at": now}
    execute(session, update(Delivery).where(waiting).values(values))
    audit.record(
        session,
        f"{subject}.out_of_reach",
        at=now,
        actor=None,
        subject=subject,
        subject_id=subject_id,
        reason=reason,
    )
    return LostChat(name=name, subject=subject, subject_id=subject_id, failed=failed)


def _waiting(channel: str, account: str, chat: str) -> ColumnElement[bool]:
    """What waits for a chat; what is in the air is booked by the lane."""
    return and_(
        Delivery.channel == channel,
        Delivery.account == account,
        Delivery.chat == chat,
        Delivery.status.in_(UNSENT),
    )


def in_reach_again(session: Session, *, channel: str, account: str, chat: str) -> bool:
    """A person has let the bot write again."""
    here = update(ChatAccount).where(
        ChatAccount.channel == channel,
        ChatAccount.account == account,
        ChatAccount.chat == chat,
        ChatAccount.disabled_at.is_not(None),
    )
    return execute(session, here.values(disabled_at=None, disabled_reason="")) > 0
