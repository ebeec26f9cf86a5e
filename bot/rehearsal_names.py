"""Names in a rehearsal: who reads in a chat, and whom a rule is meant for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.phrases import Phrases
from office.deliveries import Delivery
from office.groups import Group
from office.people import ChatAccount, Member, Role, departments
from office.reminders import Reminder, ReminderKind

_Chat = tuple[str, str, str]  # channel, account, chat


@cache
def words() -> Phrases:
    """The texts of the rehearsal and of IT's commands, read once."""
    return Phrases.read(Path(__file__).with_name("texts_staff.yaml"))


class Names:
    """Whom the chats of an office belong to, as it stands when this is made."""

    def __init__(self, session: Session) -> None:
        self.departments: Mapping[str, str] = {d.key: d.name for d in departments(session)}
        self._groups: dict[_Chat, str] = {
            (g.channel, g.account, g.chat): g.title for g in session.scalars(select(Group))
        }
        self._members: dict[int, str] = {m.id: m.name for m in session.scalars(select(Member))}
        accounts = session.scalars(select(ChatAccount))
        self._owners: dict[_Chat, int] = {(a.channel, a.account, a.chat): a.member_id for a in accounts}

    def reader(self, row: Delivery) -> str:
        """The group's title or the person's name, with whom they stand in for."""
        chat = (row.channel, row.account, row.chat)
        if row.group:
            return words()("rehearsal.group", title=self._groups.get(chat) or row.chat)
        owner = self._owners.get(chat)
        name = self._members.get(owner or 0) or row.chat
        if row.member_id is None or owner is None or row.member_id == owner:
            return name
        return words()("rehearsal.stand_in", name=name, member=self._members.get(row.member_id, ""))


def expected_audience(rule: Reminder, departments: Mapping[str, str]) -> str:
    """Whom a rule is meant for, in words. `departments`: key → name."""
    text = words()
    if rule.kind is not ReminderKind.MESSAGE:
        keys = [str(key) for key in (rule.template or {}).get("departments", ())]
        if rule.kind is ReminderKind.ASSIGNMENT and "*" not in keys:
            return ", ".join(departments.get(key, key) for key in keys)
        return text(f"rehearsal.audience.{rule.kind}")
    parts = []
    if rule.audience.get("groups") == "all":
        parts.append(text("rehearsal.audience.groups"))
    for key in rule.audience.get("departments") or ():
        parts.append(text("rehearsal.audience.department", name=departments.get(str(key), str(key))))
    for role in rule.audience.get("roles") or ():
        parts.append(text("rehearsal.audience.role", role=Role(role).label))
    return ", ".join(parts) or text("rehearsal.audience.none")
