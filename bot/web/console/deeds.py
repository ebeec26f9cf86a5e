"""What a deed changed, as people read it: names instead of numbers, labels instead of codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.web.console.texts import HERE, named, texts
from knowledge.phrases import Phrases
from office import switches
from office.assignments import AssignmentState, Decision, Priority
from office.channel_names import label
from office.groups import Group, GroupState
from office.notices import NoticeState
from office.people import Department, Member, Role
from scheduler.wording import when

_LONGEST = 400  # characters of one value
_STATES = {"assignment": AssignmentState, "group": GroupState, "notice": NoticeState}


@cache
def words() -> Phrases:
    """The names of values, read once."""
    return Phrases.read(HERE / "deeds.yaml")


class Names:
    """Looks up who and what is meant by a number; made once for a page."""

    def __init__(self, session: Session) -> None:
        self._of: Mapping[str, Mapping[int, str]] = {
            "member": {row.id: row.name for row in session.execute(select(Member.id, Member.name))},
            "department": {
                row.id: row.name for row in session.execute(select(Department.id, Department.name))
            },
            "group": {row.id: row.title for row in session.execute(select(Group.id, Group.title))},
        }

    def of(self, kind: str, number: Any) -> str:
        """The name, or the number where there is none any more."""
        if number is None:
            return words()("nobody")
        return self._of.get(kind, {}).get(number) or f"số {number}"

    def subject(self, kind: str, number: int | None) -> str:
        """What a deed was done to, beside its kind: "" where the number says more."""
        return self._of.get(kind, {}).get(number or 0, "")


def changes(
    subject: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, names: Names
) -> list[str]:
    """A line for each value: «hạn: 20/11/2026 → 30/11/2026»; of a new or a taken away one, itself."""
    old, new = before or {}, after or {}
    lines = []
    for key in dict.fromkeys([*old, *new]):
        said = [_said(subject, key, some[key], names) for some in (old, new) if key in some]
        if len(said) == 2 and said[0] == said[1]:
            said = said[:1]
        if key in old and key not in new and after is not None:
            said.append(words()("gone"))
        lines.append(f"{_label(key)}: {' → '.join(said)}")
    return lines


def _label(key: str) -> str:
    return named(words(), f"fields.{key}", key.replace("_", " "))


def _said(subject: str, key: str, value: Any, names: Names) -> str:
    """One value."""
    if value is None or value == "":
        return words()("nothing")
    if isinstance(value, bool):
        return words()("yes" if value else "no")
    if key in ("member_id", "stand_in_id", "head_id"):
        return names.of("member", value)
    if key in ("department_id", "group"):
        return names.of(key.removesuffix("_id"), value)
    if isinstance(value, str):
        return _text(subject, key, value)
    if isinstance(value, Mapping):
        return "; ".join(f"{_label(k)} {_said(subject, k, v, names)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_said(subject, key, item, names) for item in value) or words()("nothing")
    return str(value)


def _text(subject: str, key: str, value: str) -> str:
    kinds: Mapping[str, type[Role | Priority | Decision]] = {
        "role": Role,
        "roles": Role,
        "priority": Priority,
        "decision": Decision,
    }
    kind: Any = _STATES.get(subject) if key == "state" else kinds.get(key)
    if kind is not None and value in list(kind):
        return str(kind(value).label)
    if subject == "switch" and key == "key":
        return switch_label(value)
    if key == "purpose":
        return named(words(), f"purposes.{value}", value)
    return _day(value) or (value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")


def _day(value: str) -> str:
    """A day or a moment as people write it; "" for what is neither."""
    if len(value) < 10 or value[4] != "-":
        return ""
    try:
        if len(value) == 10:
            return f"{date.fromisoformat(value):%d/%m/%Y}"
        moment = datetime.fromisoformat(value)
    except ValueError:
        return ""
    return when(moment) if moment.tzinfo else f"{moment:%d/%m/%Y %H:%M}"


def switch_label(key: str) -> str:
    """What a switch stops."""
    kind, _, name = key.partition(".")
    if kind == "audience" and name in list(switches.Audience):
        return switches.Audience(name).label
    return texts()("switches.channel", channel=channel_label(name))


def channel_label(channel: str) -> str:
    """A channel's name."""
    return label(channel)
