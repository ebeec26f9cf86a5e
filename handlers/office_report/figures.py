"""What a report to the leaders holds: plain values, each counted and none guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from handlers.office_report.spans import Span
from handlers.office_report.words import words
from office.improvements import GroupState
from office.notices import NoticeState
from scheduler.statistics import Share


@dataclass(frozen=True, slots=True)
class Ratio:
    """A part of a whole, kept as the two counts."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """0 to 1; None when there is nothing to be a part of."""
        return self.part / self.whole if self.whole else None


class Result(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    ASKED_BACK = "asked_back"  # offered a few entries, one of which it was
    MISSING = "missing"  # understood, but nothing verified is known of it
    UNCLEAR = "unclear"  # not understood
    UNSETTLED = "unsettled"  # asked back, and the person said no more
    OUTSIDE = "outside"  # somebody else's business, and said so
    HUMAN = "human"  # wanted a person, told where to find one
    SMALLTALK = "smalltalk"

    @property
    def label(self) -> str:
        """As people read it."""
        return words()(f"results.{self}")


IN_VAIN = (Result.MISSING, Result.UNCLEAR, Result.UNSETTLED)
"""Those that got no answer; `unanswered.in_vain` says the same of rows."""

ABOUT_WORK = (Result.ANSWERED, Result.ASKED_BACK, *IN_VAIN)
"""The questions that shares are of: those on the office's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The answered questions of a field or facet, with their votes."""

    name: str
    count: int
    liked: int = 0
    disliked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSlice:
    """The questions of a channel: all, those on the office's business, and those of them answered."""

    name: str
    count: int
    answered: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A question (or a group of like ones) without an answer; `state`: what Văn phòng has done about it."""

    text: str
    count: int
    state: GroupState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """Answers that told a way of filing; `asked`: those of them whose question was about that way."""

    told: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """The citizens' questions of a span. `trials`: asked on the server's own terminal, counted nowhere else.

    `hours`: by hour of the day, `days`: by day, in Việt Nam. `days_off`: those of them asked on days off.
    """

    results: dict[Result, int]
    liked: int = 0
    disliked: int = 0
    fields: tuple[Slice, ...] = ()
    facets: tuple[Slice, ...] = ()
    channels: tuple[ChannelSlice, ...] = ()
    hours: tuple[int, ...] = (0,) * 24
    days: tuple[tuple[date, int], ...] = ()
    days_off: int = 0
    unanswered: tuple[Unanswered, ...] = ()
    online: Guidance = field(default_factory=Guidance)
    postal: Guidance = field(default_factory=Guidance)
    trials: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.results.values())

    @property
    def about_work(self) -> int:
        """Those on the office's business."""
        return sum(self.results.get(result, 0) for result in ABOUT_WORK)

    def share(self, *results: Result) -> Ratio:
        """How many of those on the office's business ended so."""
        return Ratio(sum(self.results.get(result, 0) for result in results), self.about_work)

    @property
    def votes(self) -> Ratio:
        """👍 of all votes."""
        return Ratio(self.liked, self.liked + self.disliked)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A notice that left in the span: to how many chats, how many it reached, and who confirmed it.

    `unreached`: who couldn't be addressed. `confirmed`: of those who were to confirm; None where nobody is.
    """

    id: int
    title: str
    document: str
    started_at: datetime
    state: NoticeState
    chats: int = 0
    reached: int = 0
    failed: int = 0
    uncertain: int = 0
    unreached: int = 0
    confirmed: Ratio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """The notices of a span, oldest first."""

    rows: tuple[NoticeRow, ...] = ()

    @property
    def reached(self) -> Ratio:
        """Chats reached of all that were addressed."""
        return Ratio(sum(row.reached for row in self.rows), sum(row.chats for row in self.rows))

    @property
    def confirmed(self) -> Ratio:
        """Confirmations of all that were asked for."""
        asked = [row.confirmed for row in self.rows if row.confirmed is not None]
        return Ratio(sum(ratio.part for ratio in asked), sum(ratio.whole for ratio in asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The end of the audit when the report was made."""

    serial: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The figures of the span before. `questions` None: none of its questions are kept; `never`: there never
    were any."""

    span: Span
    questions: Questions | None
    work: Share
    notices: Notices
    never: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeReport:
    """The report. `kept_since`: the day of the oldest question that is kept, where that is inside of what is
    reported or compared; older ones are deleted and therefore not counted."""

    office: str
    span: Span
    made_on: date
    questions: Questions
    departments: tuple[Share, ...]
    work: Share
    notices: Notices
    before: Before
    kept_since: date | None
    seal: Seal | None

    @property
    def empty(self) -> bool:
        """Whether nothing at all is counted."""
        return not (self.questions.total or self.work.total or self.notices.rows)
