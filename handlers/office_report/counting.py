"""Counts the citizens' questions of a span: SQL groups them, the knowledge names what they were about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from handlers.library import Library
from handlers.office_report.figures import (
    ABOUT_WORK,
    ChannelSlice,
    Guidance,
    Questions,
    Ratio,
    Result,
    Slice,
)
from handlers.office_report.moments import by_hour
from handlers.office_report.spans import Span
from handlers.office_report.unanswered import most_unanswered
from handlers.office_report.words import words
from knowledge.guidance import ways_told
from knowledge.schema import Entry, Facet, Kind, Way
from knowledge.search import Outcome
from office.clock import ZONE
from office.improvements import Trouble
from office.questions import Question
from scheduler.calendar import midnight
from scheduler.schedule import WorkDays

TRIAL_CHANNEL = "terminal"  # of whoever installs the program, not of citizens

_OUTCOMES = {
    Outcome.ANSWER: Result.ANSWERED,
    Outcome.CHOOSE: Result.ASKED_BACK,
    Outcome.SMALLTALK: Result.SMALLTALK,
    Outcome.HUMAN: Result.HUMAN,
}
# What an entry is answered with that knows nothing, or isn't for citizens.
_NO_ANSWERS = {
    Kind.STUB: Result.MISSING,
    Kind.OUTSIDE: Result.OUTSIDE,
    Kind.STAFF: Result.OUTSIDE,
    Kind.HUMAN: Result.HUMAN,
    Kind.SMALLTALK: Result.SMALLTALK,
}
# What was marked as unanswered got none, whatever the knowledge says of it today.
_IN_VAIN = {Outcome.ANSWER: Result.MISSING, Outcome.CHOOSE: Result.UNSETTLED}
_FACETS = {str(facet): facet for facet in Facet}


@dataclass(frozen=True, slots=True)
class _Row:
    """So many questions that had the same end."""

    channel: str
    result: Result
    entry: Entry | None
    facet: Facet | None
    count: int
    liked: int
    disliked: int


def count_questions(session: Session, library: Library, days: Span, *, calendar: WorkDays) -> Questions:
    """All figures of a span's questions."""
    rows = _rows(session, library, days)
    found = [row for row in rows if row.channel != TRIAL_CHANNEL]
    answered = [row for row in found if row.result is Result.ANSWERED]
    hours, by_day = by_hour(session, within(days))
    return replace(
        _totals(found, days),
        fields=_slices((_field_of(library, row.entry), row) for row in answered),
        facets=_slices((_facet_name(library, row.facet), row) for row in answered),
        channels=_channels(found),
        hours=hours,
        days=tuple((day, by_day[day]) for day in _each_day(days)),
        days_off=sum(count for day, count in by_day.items() if not calendar.is_working(day)),
        unanswered=most_unanswered(session, within(days), stubs(library)),
        trials=sum(row.count for row in rows if row.channel == TRIAL_CHANNEL),
    )


def total_questions(session: Session, library: Library, days: Span) -> Questions:
    """What another span is compared with: results, votes and guidance alone."""
    return _totals([row for row in _rows(session, library, days) if row.channel != TRIAL_CHANNEL], days)


def _totals(rows: Sequence[_Row], days: Span) -> Questions:
    results = Counter[Result]()
    for row in rows:
        results[row.result] += row.count
    guidance = _guidance((row for row in rows if row.result is Result.ANSWERED), days.until)
    return Questions(
        results={result: results[result] for result in Result},
        liked=sum(row.liked for row in rows),
        disliked=sum(row.disliked for row in rows),
        online=guidance[Way.ONLINE],
        postal=guidance[Way.POSTAL],
    )


def within(days: Span) -> ColumnElement[bool]:
    """The citizens' questions of a span."""
    return and_(_asked_in(days), Question.channel != TRIAL_CHANNEL)


def oldest_day(session: Session) -> date | None:
    """The day of the oldest question that is kept."""
    oldest = session.scalar(select(func.min(Question.asked_at)))
    return oldest.astimezone(ZONE).date() if oldest is not None else None


def nothing_deleted(session: Session) -> bool:
    """Whether the first question ever asked is still kept, or there is none: no number is used twice."""
    return (session.scalar(select(func.min(Question.id))) or 1) == 1


def _asked_in(days: Span) -> ColumnElement[bool]:
    since, end = midnight(days.since), midnight(days.until + timedelta(days=1))
    return and_(Question.asked_at >= since, Question.asked_at < end)


def _each_day(days: Span) -> Iterable[date]:
    return (days.since + timedelta(days=n) for n in range(days.days))


def _rows(session: Session, library: Library, days: Span) -> list[_Row]:
    """The questions of a span, those of the terminal too, grouped by all that the tables distinguish."""
    keys = (Question.channel, Question.outcome, Question.entry_id, Question.facet, Question.trouble)
    votes = (func.sum(case((Question.vote == vote, 1), else_=0)) for vote in (1, -1))
    query = select(*keys, func.count(), *votes).where(_asked_in(days)).group_by(*keys)
    found = []
    for channel, outcome, entry_id, facet, trouble, *counts in session.execute(query):
        entry = library.knowledge.get(entry_id or "")
        result = _result(outcome, entry, trouble, named=bool(entry_id))
        found.append(_Row(channel, result, entry, _FACETS.get(facet), *(int(n) for n in counts)))
    return found


def _result(outcome: str, entry: Entry | None, trouble: Trouble | None, *, named: bool) -> Result:
    """What became of a question. `named`: an entry was found, be it gone from the knowledge since."""
    if trouble is Trouble.UNANSWERED:
        return _IN_VAIN.get(Outcome(outcome), Result.UNCLEAR)
    if outcome == Outcome.OUT:
        return Result.OUTSIDE if named else Result.UNCLEAR
    if outcome == Outcome.ANSWER and entry is not None and entry.kind in _NO_ANSWERS:
        return _NO_ANSWERS[entry.kind]
    return _OUTCOMES.get(Outcome(outcome), Result.UNCLEAR)


def stubs(library: Library) -> list[str]:
    """The entries of which nothing verified is known."""
    return [entry.id for entry in library.knowledge.entries.values() if entry.kind is Kind.STUB]


def _field_of(library: Library, entry: Entry | None) -> str:
    """The field an entry belongs to; of a list to choose from that of what it offers."""
    if entry is None:
        return words()("gone_entry")
    if entry.kind is Kind.OVERVIEW:
        children = (library.knowledge.get(child) for child in entry.children)
        fields = Counter(child.field for child in children if child is not None)
        if fields:
            return fields.most_common(1)[0][0]
    return entry.field


def _facet_name(library: Library, facet: Facet | None) -> str:
    return library.answerer.phrases(f"facets.{facet}") if facet else words()("no_facet")


def _slices(rows: Iterable[tuple[str, _Row]]) -> tuple[Slice, ...]:
    """One for each name, the most asked first."""
    count, liked, disliked = Counter[str](), Counter[str](), Counter[str]()
    for name, row in rows:
        count[name] += row.count
        liked[name] += row.liked
        disliked[name] += row.disliked
    return tuple(
        Slice(name=name, count=number, liked=liked[name], disliked=disliked[name])
        for name, number in sorted(count.items(), key=lambda item: (-item[1], item[0]))
    )


def _channels(rows: Sequence[_Row]) -> tuple[ChannelSlice, ...]:
    total, of_work, answered = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        total[row.channel] += row.count
        of_work[row.channel] += row.count if row.result in ABOUT_WORK else 0
        answered[row.channel] += row.count if row.result is Result.ANSWERED else 0
    return tuple(
        ChannelSlice(name=_channel_name(key), count=number, answered=Ratio(answered[key], of_work[key]))
        for key, number in sorted(total.items(), key=lambda item: (-item[1], item[0]))
    )


def _channel_name(channel: str) -> str:
    try:
        return words()(f"channels.{channel}")
    except KeyError:  # a channel that this list has not heard of
        return channel


def _guidance(rows: Iterable[_Row], day: date) -> dict[Way, Guidance]:
    """The answers that told a way of filing, by what is known today of each entry; see knowledge.guidance."""
    told, asked = Counter[Way](), Counter[Way]()
    known: dict[tuple[str, Facet | None], frozenset[Way]] = {}
    for row in rows:
        if row.entry is None:
            continue
        key = (row.entry.id, row.facet)
        if key not in known:
            known[key] = ways_told(row.entry, row.facet, day)
        for way in known[key]:
            told[way] += row.count
            asked[way] += row.count if row.facet == way.value else 0
    return {way: Guidance(told=told[way], asked=asked[way]) for way in (Way.ONLINE, Way.POSTAL)}
