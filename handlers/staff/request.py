"""A message from a member of the staff, with all that handling it needs, and what a command is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from handlers.improving.errands import Errands
from handlers.library import Library
from handlers.staff.papers import Papers
from office.groups import Group
from office.messages import Choice, Incoming, Line, Reply, Style
from office.people import Person
from office.refusal import Refused
from office.rights import Action
from scheduler.notices.desk import Notices
from scheduler.work import Work

Replies = tuple[Reply, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleAddress:
    """What a link to the console begins with. `public`: whether it works outside the office's network;
    `local`: whether on the server itself alone."""

    url: str
    public: bool
    local: bool = False


@dataclass(slots=True, kw_only=True)
class StaffRequest:
    """One message. `state`: where a guided conversation stands, plain JSON, changed in place; {} for none.

    `person`: who writes, None for who is no member. `group`: the approved staff group it was written in.
    """

    incoming: Incoming
    session: Session
    state: dict[str, Any]
    person: Person | None
    group: Group | None
    now: datetime
    today: date
    work: Work
    hash_key: bytes
    papers: Papers
    notices: Notices
    library: Callable[[], Library]
    console: Callable[[], ConsoleAddress | None] = lambda: None
    errands: Errands | None = None
    previous: dict[str, Any] = field(default_factory=dict)  # the state that a tap or command has ended

    @property
    def me(self) -> Person:
        """Who writes. Raises Refused for who is no member."""
        if self.person is None:
            raise Refused(
                "Tài khoản này chưa gắn với công chức, viên chức nào.",
                "Xin Văn phòng cấp mã, rồi gõ: /ma MÃ-ĐƯỢC-CẤP"
                if self.private
                else "Anh/chị nhắn riêng cho bot để gắn tài khoản.",
            )
        return self.person

    @property
    def private(self) -> bool:
        return not self.incoming.group


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What people can type. `words`: its names, without marks or slash; `action`: the right it needs.

    `bare`: also meant when it is typed without the slash.
    """

    words: tuple[str, ...]
    run: Callable[[StaffRequest, str], Replies]
    help: str
    action: Action | None = None
    bare: bool = False


Tapped = Callable[[StaffRequest, tuple[str, ...]], Replies]


def say(
    *lines: str | Line,
    choices: tuple[Choice, ...] = (),
    title: str = "",
    replaces: bool = False,
    passing: bool = False,
) -> Replies:
    """One reply of plain lines."""
    first = (Line(title, Style.TITLE),) if title else ()
    rest = tuple(line if isinstance(line, Line) else Line(line) for line in lines)
    return (Reply(lines=(*first, *rest), choices=choices, replaces=replaces, passing=passing),)


def number(arguments: tuple[str, ...], at: int) -> int:
    """An argument of a tap as a number; -1 for none: it comes from outside."""
    text = arguments[at] if at < len(arguments) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
