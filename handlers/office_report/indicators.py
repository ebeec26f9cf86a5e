"""The report's chief figures beside those of the span before, and how figures are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.office_report.figures import IN_VAIN, OfficeReport, Questions, Ratio, Result
from handlers.office_report.words import words
from scheduler.statistics import percentage

Figure = int | Ratio | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A figure now and before, and what has changed in words."""

    name: str
    now: Figure
    before: Figure
    change: str


def number(count: int) -> str:
    """«1.234»."""
    return f"{count:,}".replace(",", ".")


def percent(ratio: Ratio) -> str:
    """«66,7%»; never 0 or 100% when it isn't; «–» of nothing."""
    return percentage(ratio.part, ratio.whole)


def shown(figure: Figure) -> str:
    """A figure as people read it."""
    if figure is None:
        return words()("none")
    return percent(figure) if isinstance(figure, Ratio) else number(figure)


def change(now: Figure, before: Figure) -> str:
    """«+134 (+12,2%)» of counts, «+3,1 điểm %» of shares; «–» where one of them isn't known."""
    if isinstance(now, Ratio) and isinstance(before, Ratio):
        if now.value is None or before.value is None:
            return words()("none")
        points = round((now.value - before.value) * 100, 1)
        return words()("points", change=_signed(points)) if points else words()("same")
    if not isinstance(now, int) or not isinstance(before, int):
        return words()("none")
    if now == before:
        return words()("same")
    difference = f"{'+' if now > before else '-'}{number(abs(now - before))}"
    if not before:
        return difference
    grown = _signed(round((now - before) / before * 100, 1))
    return words()("grown", change=difference, percent=f"{grown}%")


def _signed(value: float) -> str:
    return f"{value:+,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".").removesuffix(",0")


_OF_QUESTIONS: dict[str, Callable[[Questions], Figure]] = {
    "questions": lambda q: q.total,
    "of_work": lambda q: q.about_work,
    "answered": lambda q: q.share(Result.ANSWERED),
    "asked_back": lambda q: q.share(Result.ASKED_BACK),
    "in_vain": lambda q: q.share(*IN_VAIN),
    "votes": lambda q: q.votes.whole,
    "liked": lambda q: q.votes,
    "online": lambda q: q.online.told,
    "postal": lambda q: q.postal.told,
}


def indicators(report: OfficeReport) -> tuple[Indicator, ...]:
    """All chief figures, in the order of the report."""
    before = report.before
    of_questions = [
        _indicator(name, figure(report.questions), figure(before.questions) if before.questions else None)
        for name, figure in _OF_QUESTIONS.items()
    ]
    work, work_before = (Ratio(share.on_time, share.total) for share in (report.work, before.work))
    return (
        *of_questions,
        _indicator("due", work.whole, work_before.whole),
        _indicator("on_time", work, work_before),
        _indicator("notices", len(report.notices.rows), len(before.notices.rows)),
        _indicator("confirmed", report.notices.confirmed, before.notices.confirmed),
    )


def _indicator(name: str, now: Figure, before: Figure) -> Indicator:
    label = words()(f"indicators.{name}")
    return Indicator(name=label, now=now, before=before, change=change(now, before))
