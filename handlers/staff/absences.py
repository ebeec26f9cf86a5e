"""Who is away and who stands in: said by oneself, or by Văn phòng for anyone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from handlers.staff import people_deeds
from handlers.staff.people_deeds import days, doing_of, span
from handlers.staff.people_words import person_named, refuse, split_at, words
from handlers.staff.request import Command, Replies, StaffRequest, say
from handlers.staff.words import parse_day, split_reason
from office import people
from office.messages import Line, Style
from office.people import Absence, Person
from office.rights import Action, allowed, demand

_DASH = re.compile(r"(?<=\d)\s*[-–]\s*(?=\d{1,2}/)")
_BETWEEN = frozenset({"từ", "đến", "hết", "tới", "ngày", "-", "–"})
_NAMED_DAY = r"([Hh]ôm nay|[Hh]om nay|nay|mai)"
_NAMED_DAYS = re.compile(rf"{_NAMED_DAY}(?: {_NAMED_DAY})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What was typed, taken apart: whose absence ("" for one's own), its days, who stands in, why."""

    name: str
    since: date
    until: date
    stand_in: str
    reason: str


def away(request: StaffRequest, rest: str) -> Replies:
    """`/nghi 25/11 30/11 thay Trần Thị B lý do …`, with a name in front for somebody else; alone: a list."""
    me, session = request.me, request.session
    if not rest.strip():
        return _list(request, me)
    said = _read(request, rest)
    who = person_named(session, said.name) if said.name else me
    if who.id != me.id:
        demand(me.roles, Action.ANY_ABSENCE)
    stand_in = person_named(session, said.stand_in) if said.stand_in else None
    row = people_deeds.record_absence(
        doing_of(request),
        who,
        since=said.since,
        until=said.until,
        stand_in=stand_in,
        reason=said.reason,
    )
    return say(
        words()("absences.recorded", name=who.name, span=days(row)),
        *_about_stand_in(session, row, stand_in),
        Line(words()("absences.cancel"), Style.SOURCE),
    )


def back(request: StaffRequest, rest: str) -> Replies:
    """`/hetnghi`, with a name for somebody else: back earlier, or not going at all."""
    me, session = request.me, request.session
    who = person_named(session, rest) if rest.strip() else me
    rows = people_deeds.cancel_absences(doing_of(request), who)
    if not rows:
        return say(words()("absences.none", name=who.name))
    lines = [words()("absences.back", name=who.name, spans=_spans(rows))]
    left = people.absences(session, who.id, since=request.today)
    if left:
        lines.append(words()("absences.still", spans=_spans(left)))
    return say(*lines)


def _spans(rows: Iterable[Absence]) -> str:
    return "; ".join(days(row) for row in rows)


def _list(request: StaffRequest, who: Person) -> Replies:
    rows = people.absences(request.session, who.id, since=request.today)
    any_one = allowed(who.roles, Action.ANY_ABSENCE)
    how = [words()(name) for name in ("absences.how_own", *(("absences.how_any",) if any_one else ()))]
    if not rows:
        return say(words()("absences.none", name=who.name), *how)
    items = [Line(span(request.session, row), Style.ITEM) for row in rows]
    return say(words()("absences.mine", name=who.name), *items, *how)


def _about_stand_in(session: Session, row: Absence, stand_in: Person | None) -> list[str | Line]:
    if stand_in is None:
        return [Line(words()("absences.no_stand_in"), Style.WARNING)]
    lines: list[str | Line] = [words()("absences.stand_in", name=stand_in.name)]
    if not people.private_chats(session, stand_in.id):
        lines.append(Line(words()("absences.stand_in_unreached", name=stand_in.name), Style.WARNING))
    for other in people.absences(session, stand_in.id, since=row.since, until=row.until):
        text = words()("absences.stand_in_away", name=stand_in.name, span=days(other))
        lines.append(Line(text, Style.WARNING))
    return lines


def _read(request: StaffRequest, rest: str) -> _Said:
    """Take the words apart. Days stand last, before «thay»; hôm nay and mai (a name too) only for oneself."""
    said, reason = split_reason(rest)
    before, stand_in = split_at(said, "thay")
    tokens = _DASH.sub(" ", before).replace(",", " ").split()
    days: list[str] = []
    while tokens and (tokens[-1][0].isdigit() or tokens[-1].casefold() in _BETWEEN):
        token = tokens.pop()
        if token[0].isdigit():
            days.insert(0, token)
    name = " ".join(tokens).strip(" ;")
    named = _NAMED_DAYS.match(" ".join(token for token in tokens if token.casefold() not in _BETWEEN))
    if named is not None:
        name, days = "", [*(day for day in named.groups() if day), *days]
    if not 1 <= len(days) <= 2:
        any_one = request.person is not None and allowed(request.person.roles, Action.ANY_ABSENCE)
        raise refuse("absences.how", "absences.how_any" if any_one else "absences.how_own")
    since = parse_day(days[0], request.today)
    # The new year may lie between: 28/12 5/1.
    until = parse_day(days[1], max(since, request.today)) if len(days) > 1 else since
    return _Said(name=name, since=since, until=until, stand_in=stand_in, reason=reason)


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("nghi",),
        action=Action.OWN_ABSENCE,
        run=away,
        help="/nghi 25/11 30/11 thay Trần Thị B lý do …: báo nghỉ và người thay",
    ),
    Command(
        words=("hetnghi",),
        action=Action.OWN_ABSENCE,
        run=back,
        help="/hetnghi: đã đi làm lại, hoặc không nghỉ nữa",
    ),
)
