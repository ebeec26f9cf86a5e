"""A report with figures of every kind, for the tests of what is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from handlers.office_report.figures import (
    Before,
    ChannelSlice,
    Guidance,
    NoticeRow,
    Notices,
    OfficeReport,
    Questions,
    Ratio,
    Result,
    Seal,
    Slice,
    Unanswered,
)
from handlers.office_report.spans import span
from office.improvements import GroupState
from office.notices import NoticeState
from scheduler.statistics import Share

SINCE, UNTIL, MADE_ON = date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1)
NOTHING = Questions(results=dict.fromkeys(Result, 0))


def share(name: str, total: int, on_time: int) -> Share:
    """So much work, late when it wasn't on time."""
    return Share(
        name=name,
        key_id=1,
        total=total,
        on_time=on_time,
        late=total - on_time,
        open_late=0,
        extended=0,
        mean_late_days=2.5 if total > on_time else None,
    )


def questions() -> Questions:
    """Two hundred of them, half of them answered."""
    results = {
        Result.ANSWERED: 100,
        Result.ASKED_BACK: 30,
        Result.MISSING: 12,
        Result.UNCLEAR: 8,
        Result.OUTSIDE: 20,
        Result.HUMAN: 10,
        Result.SMALLTALK: 20,
    }
    days = tuple((SINCE + timedelta(days=n), 40 if n == 2 else 5) for n in range(30))
    return Questions(
        results=results,
        liked=19,
        disliked=1,
        fields=(
            Slice(name="Rượu", count=60, liked=12),
            Slice(name="Thuốc lá", count=40, liked=7, disliked=1),
        ),
        facets=(Slice(name="Phí, lệ phí", count=100, liked=19, disliked=1),),
        channels=(ChannelSlice(name="Telegram", count=200, answered=Ratio(100, 150)),),
        hours=(0,) * 9 + (120, 80) + (0,) * 13,
        days=days,
        days_off=45,
        unanswered=(
            Unanswered(text="phí bán pháo hoa", count=7, state=GroupState.OPEN),
            Unanswered(text="có nhận thứ bảy không", count=2),
        ),
        online=Guidance(told=33, asked=12),
        postal=Guidance(told=21, asked=5),
    )


def report() -> OfficeReport:
    """November, with October to compare with."""
    days = span(SINCE, UNTIL, today=MADE_ON)
    notices = (
        NoticeRow(
            id=1,
            title="Nộp hồ sơ trực tuyến",
            document="375/SCT-VP",
            started_at=datetime(2026, 11, 2, 18, tzinfo=UTC),  # the 3rd in Việt Nam
            state=NoticeState.SENT,
            chats=40,
            reached=38,
            failed=1,
            uncertain=1,
            unreached=2,
            confirmed=Ratio(55, 60),
        ),
    )
    before = replace(NOTHING, results={**NOTHING.results, Result.ANSWERED: 80, Result.UNCLEAR: 20})
    return OfficeReport(
        office="Sở Công Thương tỉnh Kiên Giang",
        span=days,
        made_on=MADE_ON,
        questions=questions(),
        departments=(share("Phòng Quản lý Thương mại", 4, 4), share("Văn phòng", 3, 2)),
        work=share("Tổng cộng", 7, 6),
        notices=Notices(rows=notices),
        before=Before(span=days.before(), questions=before, work=share("Tổng cộng", 0, 0), notices=Notices()),
        kept_since=None,
        seal=Seal(serial=1234, hash="3f" * 32),
    )


def empty() -> OfficeReport:
    """A month in which nothing was asked, due or sent, and none of the month before is kept."""
    found = report()
    return replace(
        found,
        questions=replace(NOTHING, days=tuple((day, 0) for day, _ in found.questions.days)),
        departments=(),
        work=share("Tổng cộng", 0, 0),
        notices=Notices(),
        before=replace(found.before, questions=None),
        seal=None,
    )
