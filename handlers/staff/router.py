"""Picks what handles a message of the staff; whatever isn't theirs is left to the citizens' handlers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from handlers.improving.errands import Errands
from handlers.library import Library
from handlers.staff import (
    channels,
    console,
    deliveries,
    desk,
    giving,
    groups,
    notices,
    office_report,
    people,
    questions,
    reminders,
    reports,
    said,
    typed,
    unread,
    work,
)
from handlers.staff.corrections import right
from handlers.staff.papers import Papers
from handlers.staff.request import Command, ConsoleAddress, Replies, StaffRequest, Tapped, say
from office import codes
from office import people as directory
from office.assignments import TAP_VERB
from office.database import when_ended
from office.groups import GroupState
from office.groups import at as group_at
from office.messages import Incoming, Line, Style
from office.refusal import Refused
from office.rights import allowed, demand
from scheduler.notices.desk import Notices
from scheduler.schedule import fold
from scheduler.work import Work

Flow = Callable[[StaffRequest, str], Replies]

_MODULES = (
    work, giving, desk, people, channels, groups, reminders, reports, deliveries, notices, office_report,
    console, questions,
)  # fmt: skip
_STOP = frozenset(
    {"thoi", "thoi khong", "thoi bo", "huy", "huy bo", "bo", "bo qua", "dung", "dung lai", "/thoi", "/huybo"}
)
_POLITE = frozenset({"a", "da", "em", "nhe", "nha", "vang", "di", "xin", "cam", "on"})
_CITIZENS = frozenset({"start", "menu", "help", "trogiup", "hoi", "ask"})
_CLAIM = ("nhanquyen",)  # of use once, before there is any member
_WITH_CODE = frozenset({"ma", "nhanquyen"})
_MOST_WORDS = 3  # of a command written apart
_IN_GROUP = "Trong nhóm, xin trả lời ngay tin này hoặc nhắc tên bot thì em mới nhận được."
_CHANNEL = re.compile(r"\d{1,2}|telegram|zalo(?: oa| bot)?", re.ASCII)
_PARTS_OF_WORK = 2  # semicolons of work given in one line, at least
_OPEN_TO_ALL = frozenset({"ma", "nhanquyen", "toi"})  # commands that nobody has to be a member for


class StaffRouter:
    """The conversations of staff and Văn phòng."""

    def __init__(
        self,
        *,
        work: Work,
        hash_key: bytes,
        papers: Papers,
        notices: Notices,
        library: Callable[[], Library],
        changed: Callable[[], None] = lambda: None,
        console_address: Callable[[], ConsoleAddress | None] = lambda: None,
        errands: Errands | None = None,
    ) -> None:
        """`library` gives the current version of the knowledge. `changed` is called after each commit of what
        the staff said: something may be due earlier."""
        self._changed = changed
        self._work = work
        self._hash_key = hash_key
        self._papers = papers
        self._notices = notices
        self._library = library
        self._console_address = console_address
        self._errands = errands
        self._all = tuple(command for module in _MODULES for command in module.COMMANDS)
        self._commands = _by_word(self._all)
        self._taps: dict[str, Tapped] = {}
        self._flows: dict[str, Flow] = {}
        for module in _MODULES:
            self._taps |= dict(module.TAPS)
            self._flows |= dict(getattr(module, "FLOWS", {}))

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command there is."""
        return self._all

    @property
    def taps(self) -> Collection[str]:
        """The first words of what the staff's buttons send."""
        return self._taps.keys()

    def knows(self, session: Session, incoming: Incoming) -> bool:
        """Whether a member writes: their commands are not counted against the citizens' limit."""
        who = directory.person_of(
            session, channel=incoming.channel, account=incoming.account, sender=incoming.sender
        )
        return who is not None

    def wants_file(self, session: Session, incoming: Incoming) -> bool:
        """Whether the content of a file is worth fetching: a table of work, or what a notice may carry."""
        if incoming.file is None or incoming.group:
            return False
        who = directory.person_of(
            session, channel=incoming.channel, account=incoming.account, sender=incoming.sender
        )
        if who is None:
            return False
        return reports.takes_file(who, incoming.file) or notices.takes_file(who, incoming.file)

    def route(
        self,
        session: Session,
        incoming: Incoming,
        state: dict[str, Any],
        *,
        payload: str,
        now: datetime,
        today: date,
    ) -> Replies | None:
        """Handle a message; None when it is not the staff's business. What is refused has changed nothing.

        `payload`: of the tapped or picked choice, "" for none. `state` is changed in place.
        """
        group = None
        if incoming.group:
            group = group_at(session, incoming.channel, incoming.account, incoming.chat)
        request = StaffRequest(
            incoming=incoming,
            session=session,
            state=state,
            person=directory.person_of(
                session, channel=incoming.channel, account=incoming.account, sender=incoming.sender
            ),
            group=group,
            now=now,
            today=today,
            work=self._work,
            hash_key=self._hash_key,
            papers=self._papers,
            notices=self._notices,
            errands=self._errands,
            library=self._library,
            console=self._console_address,
        )
        if incoming.event is not None:
            return groups.on_event(request)
        when_ended(session, "staff", self._changed)
        if incoming.group and (group is None or group.state is not GroupState.APPROVED):
            groups.first_seen(request)
            return ()
        kept = dict(state)
        try:
            with session.begin_nested():
                return _awaiting(request, self._handle(request, payload))
        except Refused as refused:
            state.clear()
            state.update(kept)
            lines = [refused.message, *([refused.mend] if refused.mend else [])]
            said_so = say(*lines, passing=bool(payload))
            return said_so if payload else _awaiting(request, said_so)

    def _handle(self, request: StaffRequest, payload: str) -> Replies | None:
        if payload:
            return self._chosen(request, payload)
        if notices.takes_forwarded(request):
            return notices.forwarded(request)
        text = request.incoming.text.strip()
        word, rest, slashed = split_command(text)
        if _code_alone(text) and not request.state.get("flow"):
            word, rest = "ma", text
        command, member = self._commands.get(word), request.person is not None
        if word == "trogiup" and member:
            return self._help(request)
        phrase = said.phrase_of(text.removeprefix("/")) if member else None
        another = phrase is not None and command is not None and phrase.word not in command.words
        lone = self._lone(request, text) if phrase is None else None
        if lone is not None:
            command, rest = lone, ""
        meant = slashed or lone or (member and _meant(command, word, rest)) or _with_code(word, rest)
        if command is not None and meant and not another:
            request.state.clear()
            return self._run(request, command, word, rest)
        code = typed.payload_of(text.removeprefix("/"))
        if code is not None and (member or request.incoming.group):
            _ = request.me  # in a group, who isn't tied hears so rather than a citizen's menu
            return self._chosen(request, code)
        flow = self._flows.get(str(request.state.get("flow", "")))
        if phrase is not None and (flow is None or (phrase.number is not None and not phrase.rest)):
            return self._said(request, phrase)
        if flow is not None:
            if _stops(text):
                request.state.clear()
                return say("Đã dừng, không ghi gì.")
            return flow(request, text)
        if request.incoming.file is not None and request.person is not None:
            return reports.file_sent(request)
        if slashed and request.person is not None and word not in _CITIZENS:
            raise Refused(f"Không có lệnh /{word[:30]}.", "Xem các lệnh: /trogiup")
        return None

    def _lone(self, request: StaffRequest, text: str) -> Command | None:
        """The command that a member's whole text is, without its slash or in two words: «nối kênh»."""
        words = fold(text).split()
        if request.person is None or request.state.get("flow") or len(words) > _MOST_WORDS:
            return None
        found = self._commands.get("".join(words))
        may = found is not None and (found.action is None or allowed(request.me.roles, found.action))
        return found if may else None

    def _said(self, request: StaffRequest, phrase: said.Phrase) -> Replies | None:
        """What a member has put in their own words."""
        if phrase.word != said.READ:
            request.state.clear()
            number = "" if phrase.number is None else str(phrase.number)
            rest = f"{number} {phrase.rest}".strip()
            return self._run(request, self._commands[phrase.word], phrase.word, rest)
        if phrase.number is not None:
            return self._chosen(request, f"{TAP_VERB}:tb:doc:{phrase.number}")
        request.state.clear()
        rows = unread.unread(request)
        if len(rows) != 1:
            return unread.offered(rows)
        return self._chosen(request, f"{TAP_VERB}:tb:doc:{rows[0].id}:{rows[0].revision}")

    def _chosen(self, request: StaffRequest, payload: str) -> Replies | None:
        """A choice, tapped, picked by its number or typed; None when it is none of the staff's."""
        verb, *arguments = payload.split(":")
        if verb != TAP_VERB:
            return None
        request.previous = dict(request.state)
        request.state.clear()
        return self._tapped(request, tuple(arguments))

    def _run(self, request: StaffRequest, command: Command, word: str, rest: str) -> Replies:
        if word not in _OPEN_TO_ALL:
            me = request.me
            if command.action is not None:
                demand(me.roles, command.action)
        return command.run(request, rest)

    def _tapped(self, request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
        tap = self._taps.get(arguments[0]) if arguments else None
        if tap is None:
            raise Refused("Nút này không còn dùng được.", "Gõ /viec để xem việc.")
        return tap(request, arguments[1:])

    def _help(self, request: StaffRequest) -> Replies:
        """The commands that one's roles allow."""
        mine = [
            c
            for c in self._all
            if c.words != _CLAIM and (c.action is None or allowed(request.me.roles, c.action))
        ]
        lines = [Line(command.help, Style.ITEM) for command in mine]
        return say(*lines, "Hỏi về thủ tục: cứ gõ câu hỏi, hoặc /menu.", title="Các lệnh của anh/chị")


def _awaiting(request: StaffRequest, replies: Replies | None) -> Replies | None:
    """In a group, how the words that are awaited now reach the bot, which hears little else there."""
    if not replies or not request.incoming.group or not request.state.get("flow"):
        return replies
    last = replies[-1]
    return (*replies[:-1], replace(last, lines=(*last.lines, Line(_IN_GROUP, Style.SOURCE))))


def _meant(command: Command | None, word: str, rest: str) -> bool:
    """Whether a member who typed no slash means the command."""
    if command is None:
        return False
    if word == "giao":
        return rest.count(";") >= _PARTS_OF_WORK
    if word == channels.TAP:
        return bool(_CHANNEL.fullmatch(fold(rest)))
    return command.bare or (word in typed.WITH_NUMBER and rest[:1].isdecimal())


def _code_alone(text: str) -> bool:
    """«ABCD-EFGH», «ABCD-EFGH đổi»: as it was handed on, and as one insists on it."""
    code, _, rest = text.rpartition(" ")
    return codes.is_code(text) or (fold(rest) == "doi" and codes.is_code(code))


def _stops(text: str) -> bool:
    """«thôi», «Dạ thôi ạ.», «dừng lại nhé»; not «đúng», which is «dung» without its marks too."""
    said = " ".join(w for w in fold(text).strip(" .,!").split() if w.strip(".,!") not in _POLITE)
    return said.strip(" .,!") in _STOP and not right(text)


def _with_code(word: str, rest: str) -> bool:
    """«ma ABCD-EFGH» without the slash, by anybody: a code is no question and is kept nowhere."""
    return word in _WITH_CODE and codes.begins_with_code(rest)


def split_command(text: str) -> tuple[str, str, bool]:
    """The first word without slash, marks and bot's name; the rest as typed; whether it had a slash."""
    first, _, rest = text.partition(" ")
    slashed = first.startswith("/")
    word = fold(first.removeprefix("/").partition("@")[0])
    return word, rest.strip(), slashed


def _by_word(commands: Iterable[Command]) -> Mapping[str, Command]:
    found: dict[str, Command] = {}
    for command in commands:
        for word in command.words:
            if word in found:
                raise ValueError(f"two commands named {word}")
            found[word] = command
    return found
