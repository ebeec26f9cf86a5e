"""A small office on a real SQLite file, whose people type commands."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from handlers.library import Library
from handlers.staff import channels as channel_handlers
from handlers.staff import groups as group_handlers
from handlers.staff import people as people_handlers
from handlers.staff.papers import Papers
from handlers.staff.request import Replies, StaffRequest
from office import codes, groups, membership
from office.audit import Deed
from office.clock import ZONE
from office.deliveries import Delivery
from office.messages import Event, Incoming, Reply
from office.people import Person, Role, person
from office.refusal import Refused
from office.rights import demand
from office.wire import replies_from_json
from scheduler.calendar import WorkCalendar
from scheduler.ladder import Ladder
from scheduler.notices.desk import Notices
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from scheduler.work import Work

KEY = b"0123456789abcdef"
NO_PAPERS = cast("Papers", None)  # these commands hand out no files
NO_LIBRARY = cast("Callable[[], Library]", None)  # nor any answer of the knowledge
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # Wednesday, 9:00 in Việt Nam
CALENDAR = WorkCalendar.shipped()
_MODULES = (people_handlers, group_handlers, channel_handlers)
COMMANDS = {word: c for module in _MODULES for c in module.COMMANDS for word in c.words}
TAPS = {**group_handlers.TAPS, **channel_handlers.TAPS}


class Office:
    """Two departments, an admin, a clerk of Văn phòng and two members of Quản lý thương mại."""

    _keys = itertools.count(1)

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = NOW
        self.channels: dict[str, int] = {}  # that can carry what is unasked
        quiet = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=CALENDAR)
        self.work = Work(outbox=Outbox(quiet=quiet), calendar=lambda: CALENDAR, ladder=Ladder())
        trade = membership.add_department(session, "Phòng Quản lý thương mại", actor=None, now=NOW)
        power = membership.add_department(session, "Phòng Quản lý năng lượng", actor=None, now=NOW)
        self.trade, self.power = trade.id, power.id
        self.admin = self.member("Đỗ Minh Quản", None, Role.ADMIN)
        self.clerk = self.member("Hoàng Thị Vân", None, Role.VAN_PHONG)
        self.an = self.member("Nguyễn Văn An", self.trade)
        self.binh = self.member("Trần Thị Bình", self.trade)

    def member(self, name: str, department_id: int | None, *roles: Role, tied: bool = True) -> int:
        who = membership.add_member(
            self.session, name, department_id=department_id, actor=None, now=self.now
        ).id
        for role in roles:
            membership.give_role(self.session, who, role, actor=None, reason="ban đầu", now=self.now)
        if tied:
            codes.tie(
                self.session,
                who,
                channel="telegram",
                account="bot",
                sender=f"s{who}",
                chat=f"s{who}",
                now=self.now,
            )
        return who

    def person(self, member_id: int) -> Person:
        found = person(self.session, member_id)
        assert found is not None
        return found

    def incoming(self, sender: str, **more: Any) -> Incoming:
        given: dict[str, Any] = {
            "channel": "telegram",
            "account": "bot",
            "key": str(next(self._keys)),
            "chat": sender,
            "sender": sender,
            "at": self.now,
        }
        return Incoming(**(given | more))

    def request(self, incoming: Incoming, by: int | None) -> StaffRequest:
        self.now += timedelta(seconds=1)  # events of one moment are told once
        at = groups.at(self.session, incoming.channel, incoming.account, incoming.chat)
        return StaffRequest(
            incoming=incoming,
            session=self.session,
            state={},
            person=self.person(by) if by is not None else None,
            group=at if incoming.group else None,
            now=self.now,
            today=self.now.astimezone(ZONE).date(),
            work=self.work,
            hash_key=KEY,
            papers=NO_PAPERS,
            notices=Notices(outbox=self.work.outbox, calendar=lambda: CALENDAR, channels=self.channels),
            library=NO_LIBRARY,
        )

    def type(self, by: int | None, text: str, *, sender: str = "", **more: Any) -> str:
        """What is answered to a command, as text."""
        word, _, rest = text.removeprefix("/").partition(" ")
        command = COMMANDS[word]
        incoming = self.incoming(sender or f"s{by}", text=text, **more)
        request = self.request(incoming, by)
        if command.action is not None:
            demand(request.me.roles, command.action)
        with self.session.begin_nested():
            return shown(command.run(request, rest))

    def refused(self, by: int | None, text: str, **more: Any) -> str:
        """Why a command is refused."""
        return why(lambda: self.type(by, text, **more))

    def tap(self, by: int | None, payload: str) -> tuple[Reply, ...]:
        verb, name, *arguments = payload.split(":")
        assert verb == "s"
        request = self.request(self.incoming(f"s{by}", payload=payload), by)
        with self.session.begin_nested():
            return TAPS[name](request, tuple(arguments))

    def event(self, event: Event, chat: str, **more: Any) -> Replies:
        given = {"chat": chat, "event": event, "group": True, "sender_name": "Người Thêm"} | more
        return group_handlers.on_event(self.request(self.incoming("someone", **given), None))

    def told(self, chat: str | int) -> list[Reply]:
        """What waits for a chat or for a member's own, in order."""
        name = f"s{chat}" if isinstance(chat, int) else chat
        bodies = self.session.scalars(
            select(Delivery.body).where(Delivery.chat == name).order_by(Delivery.id)
        )
        return [reply for body in bodies for reply in replies_from_json(body)]

    def deeds(self, action: str) -> list[Deed]:
        return list(self.session.scalars(select(Deed).where(Deed.action == action).order_by(Deed.id)))


def shown(replies: Replies) -> str:
    return "\n".join(reply.text() for reply in replies)


def why(call: Callable[[], object]) -> str:
    """What a refusal says; the call has to be refused."""
    try:
        call()
    except Refused as refused:
        return str(refused)
    raise AssertionError("nothing was refused")
