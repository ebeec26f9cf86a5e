"""Chat accounts: claim the office, tie an account with a code, make codes, and say who one is."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from handlers.staff import people_deeds
from handlers.staff.account_deeds import held
from handlers.staff.people_deeds import doing_of, span
from handlers.staff.people_words import (
    demand_private,
    department_name,
    described,
    person_named,
    refuse,
    words,
)
from handlers.staff.request import Command, Replies, StaffRequest, say
from handlers.staff.roles import few_admins
from office import codes, groups, membership, people
from office.groups import GroupState
from office.messages import Line, Reply, Style
from office.people import Person, Role, plain
from office.refusal import Refused
from office.rights import Action
from scheduler.wording import when

_CODE = re.compile(r"\s*([A-Za-z0-9]{4})[\s-]*([A-Za-z0-9]{4})(?:\s+(.*))?\Z", re.DOTALL)
_MAX_SENDERS = 10_000
_NO_NAMES = frozenset({"ho va ten", "ho ten", "doi"})  # the form itself, copied; and a word of /ma


class Tries:
    """Wrong codes of the last hour by sender, in memory (a restart forgives). Thread-safe."""

    def __init__(self, *, most: int = 5, window: timedelta = timedelta(hours=1)) -> None:
        self._most = most
        self._window = window
        self._lock = Lock()
        self._made: dict[tuple[str, ...], deque[datetime]] = {}

    def take(self, sender: tuple[str, ...], now: datetime) -> None:
        """Count a try. Raises Refused when there were too many."""
        with self._lock:
            made = self._made.setdefault(sender, deque())
            while made and made[0] <= now - self._window:
                made.popleft()
            if len(made) >= self._most:
                raise refuse("accounts.too_many", "accounts.too_many_mend", when=when(made[0] + self._window))
            made.append(now)
            if len(self._made) > _MAX_SENDERS:
                del self._made[min(self._made, key=lambda known: self._made[known][-1])]

    def forgive(self, sender: tuple[str, ...]) -> None:
        """The code was right."""
        with self._lock:
            self._made.pop(sender, None)


_TRIES = Tries()


def claim(request: StaffRequest, rest: str) -> Replies:
    """`/nhanquyen ABCD-EFGH Họ và tên`: the office's first admin."""
    try:
        return use_code(request, rest)
    except codes.WrongCode as wrong:
        if membership.admins(request.session):
            raise
        raise Refused(wrong.message, codes.RUN_AGAIN) from None


def use_code(request: StaffRequest, rest: str) -> Replies:
    """`/ma ABCD-EFGH`: the code says whose account this is, or who is the first admin."""
    if not request.private:
        raise refuse("accounts.code_in_group", "accounts.code_in_group_mend")
    if not rest.strip():
        raise refuse("accounts.need_code", "accounts.need_code_mend")
    match = _CODE.match(rest)
    code, name = (match[1] + match[2], match[3] or "") if match else (rest, "")
    incoming = request.incoming
    sender = (incoming.channel, incoming.account, incoming.sender)
    _TRIES.take(sender, request.now)
    before, unclaimed = request.person, not membership.admins(request.session)
    try:
        found = codes.use_code(
            request.session,
            code,
            channel=incoming.channel,
            account=incoming.account,
            sender=incoming.sender,
            chat=incoming.chat,
            name=_name(name, incoming.sender_name),
            now=request.now,
            hash_key=request.hash_key,
        )
    except codes.WrongCode:
        raise
    except Refused:  # the code was right
        _TRIES.forgive(sender)
        raise
    _TRIES.forgive(sender)
    _mind_change(request, before, found, code, insists=plain(name) == "doi")
    request.person = found
    lines: list[str | Line] = [
        words()("accounts.welcome", name=found.name, who=described(request.session, found))
    ]
    if before is not None and before.id != found.id:
        lines.append(Line(words()("accounts.was", name=before.name), Style.WARNING))
    if unclaimed and found.has(Role.ADMIN):
        return say(*lines, *_first_steps(request), title=words()("accounts.claimed_title"))
    return say(*lines, *_order(request, found), words()("accounts.next"))


def _name(typed: str, shown: str) -> str:
    """A real name: as typed, or the platform's where it has two words at least; "" for none."""
    typed, shown = " ".join(typed.split()), " ".join(shown.split())
    if typed and plain(typed) not in _NO_NAMES:
        return typed
    return shown if len(plain(shown).split()) > 1 else ""


def _order(request: StaffRequest, found: Person) -> list[str]:
    """Where who has tied a further account is written to."""
    mine = held(request.session, found.id, request.work.outbox)
    first = next((one.label for one in mine if one.reached), "")
    if len(mine) < 2 or not first:
        return []
    return [words()("channels.second", count=len(mine), channel=first)]


def _mind_change(
    request: StaffRequest, before: Person | None, found: Person, code: str, *, insists: bool
) -> None:
    """An account that is somebody's changes hands only when that is said; the code isn't spent otherwise."""
    if before is None or before.id == found.id:
        return
    if before.has(Role.ADMIN) and membership.admins(request.session) == 1 and not found.has(Role.ADMIN):
        raise refuse("accounts.only_admin", "accounts.only_admin_mend", name=before.name)
    if not insists:
        raise refuse("accounts.taken", "accounts.taken_mend", name=before.name, other=found.name, code=code)


def _first_steps(request: StaffRequest) -> list[str | Line]:
    waiting = sum(group.state is GroupState.PENDING for group in groups.every(request.session))
    return [
        words()("accounts.claimed_departments"),
        words()("accounts.claimed_people"),
        *([words()("accounts.claimed_groups", count=waiting)] if waiting else []),
        *few_admins(request.session),
    ]


def new_code(request: StaffRequest, rest: str) -> Replies:
    """`/capma Nguyễn Văn A`: a new code for a member, who may tie one more account with it."""
    demand_private(request)
    if not rest.strip():
        raise refuse("accounts.need_name", "accounts.need_name_mend")
    person = person_named(request.session, rest)
    return code_for(request, person)


def code_for(request: StaffRequest, person: Person) -> Replies:
    """Make a code and say it, with a message to pass on. Raises Refused for an admin's where one may not."""
    code = people_deeds.make_code(doing_of(request), person, hash_key=request.hash_key)
    until = when(request.now + timedelta(days=codes.TIE_DAYS))
    return (
        *say(
            words()("accounts.code_life", when=until),
            words()("accounts.code_how"),
            title=words()("accounts.code_title", name=person.name, code=code),
        ),
        *say(
            words()("accounts.code_forward", name=person.name, when=until),
            words()("accounts.code_line", code=code),
        ),
    )


def who_am_i(request: StaffRequest, rest: str) -> Replies:
    """`/toi`: what the office knows of who writes, and what they may do."""
    person = request.person
    if person is None:
        return say(words()("accounts.me_none"), words()("accounts.me_none_mend"))
    lines = [words()("accounts.me_title_line", title=person.title)] if person.title else []
    lines.append(
        words()("accounts.me_department", department=department_name(request.session, person.department_id))
    )
    roles = ", ".join(role.label for role in Role if person.has(role))
    lines.append(words()("accounts.me_roles", roles=roles))
    if request.private:
        mine = held(request.session, person.id, request.work.outbox)
        lines.append(words()("accounts.me_accounts", accounts="; ".join(map(str, mine))))
    lines += [
        words()("accounts.me_absence", absence=span(request.session, absence))
        for absence in people.absences(request.session, person.id, since=request.today)
    ]
    reply = Reply(lines=(Line(person.name, Style.TITLE), *(Line(line) for line in lines)))
    return (reply,)


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("nhanquyen",),
        run=claim,
        help="/nhanquyen MÃ Họ và tên: nhận quyền quản trị bằng mã lúc cài đặt",
    ),
    Command(words=("ma",), run=use_code, help="/ma MÃ: gắn tài khoản này với mình"),
    Command(
        words=("capma",),
        action=Action.ADD_PEOPLE,
        run=new_code,
        help="/capma Nguyễn Văn A: cấp mã mới để gắn tài khoản",
    ),
    Command(words=("toi",), run=who_am_i, help="/toi: mình là ai trong cơ quan"),
)
