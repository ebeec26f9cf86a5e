"""The report as pictures: a card for chat, and when questions are asked for the document."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bot.files.office_report_words import words
from bot.files.texts import clean
from handlers.office_report.figures import OfficeReport, Questions, Ratio, Result
from handlers.office_report.indicators import Figure, number, percent, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

_WIDTH, _DPI = 7.2, 150  # inches; 1080 pixels wide
_HEAD, _TILE, _BAR, _HOURS, _GAP = 0.95, 1.1, 0.36, 1.9, 0.62  # inches
MOST_FIELDS, MOST_DEPARTMENTS = 6, 12
_NAME_WIDTH = 46  # characters
_BLUE, _GREEN, _TRACK, _INK, _PALE = "#1b5e7f", "#1b7f5c", "#e9ecef", "#212529", "#5c636a"
_FONT: dict[str, Any] = {"fontfamily": "DejaVu Sans", "parse_math": False}  # a «$» in a name is no formula


def report_png(report: OfficeReport) -> bytes:
    """The card: chief figures, fields, hours, departments; 1080 pixels wide. An empty report says so."""
    fields = report.questions.fields[:MOST_FIELDS]
    departments = [share for share in report.departments if share.total][:MOST_DEPARTMENTS]
    height = _HEAD + (2 * _TILE if not report.empty else 1.6)
    height += (_GAP + _BAR * len(fields)) if fields else 0
    height += (_GAP + _HOURS) if report.questions.total else 0
    height += (_GAP + _BAR * len(departments)) if departments else 0
    page = _Page(height + 0.25)
    page.head(words()("picture.title", span=report.span.name), report)
    if report.empty:
        page.note(words()("picture.empty"))
        return page.saved()
    page.tiles(_tiles(report))
    if fields:
        most = max(one.count for one in fields)
        bars = [(one.name, one.count / most, number(one.count)) for one in fields]
        page.bars(words()("picture.fields"), bars, _BLUE)
    if report.questions.total:
        page.hours(words()("picture.hours"), report.questions)
    if departments:
        page.bars(
            words()("picture.departments"),
            [
                (
                    s.name,
                    s.on_time / s.total,
                    f"{percent(Ratio(s.on_time, s.total))}  ({s.on_time}/{s.total})",
                )
                for s in departments
            ],
            _GREEN,
        )
    return page.saved()


def moments_png(questions: Questions) -> bytes:
    """Two charts one above the other, for a page 16 cm wide: questions by day, and by hour of the day."""
    picture = _picture(4.6)
    for place, title, draw in (
        ((0.08, 0.6, 0.89, 0.32), words()("picture.days"), _draw_days),
        ((0.08, 0.1, 0.89, 0.32), words()("picture.hours"), _draw_hours),
    ):
        axes = picture.add_axes(place)
        axes.set_title(title, loc="left", size=11, weight="bold", color=_INK, **_FONT)
        draw(axes, questions)
    return _saved(picture)


def _tiles(report: OfficeReport) -> list[tuple[str, Figure, Figure]]:
    """Name, now, before."""
    now, before = report.questions, report.before.questions
    figures: list[tuple[str, Figure, Figure]] = [
        ("questions", now.total, before.total if before else None),
        ("answered", now.share(Result.ANSWERED), before.share(Result.ANSWERED) if before else None),
        ("liked", now.votes, before.votes if before else None),
        ("online", now.online.told, before.online.told if before else None),
        ("postal", now.postal.told, before.postal.told if before else None),
        (
            "on_time",
            Ratio(report.work.on_time, report.work.total),
            Ratio(report.before.work.on_time, report.before.work.total),
        ),
    ]
    return [(words()(f"picture.{name}"), *values) for name, *values in figures]  # type: ignore[misc]


class _Page:
    """A picture that is filled from the top; sizes in inches."""

    def __init__(self, height: float) -> None:
        self._height = height
        self._at = 0.0
        self._picture = _picture(height)

    def saved(self) -> bytes:
        """As a PNG."""
        return _saved(self._picture)

    def head(self, title: str, report: OfficeReport) -> None:
        """The title with the office and the days below it."""
        shown_title = textwrap.shorten(clean(title), 54, placeholder="…")
        self._text(0.05, 0.32, shown_title, size=16, weight="bold")
        below = textwrap.shorten(clean(f"{report.office}, {report.span.counted}"), 84, placeholder="…")
        self._text(0.05, 0.68, below, size=10.5, color=_PALE)
        self._at = _HEAD

    def note(self, text: str) -> None:
        """A remark in place of figures."""
        self._text(0.5, 0.7, text, size=13, color=_PALE, ha="center", linespacing=1.6)

    def tiles(self, tiles: Sequence[tuple[str, Figure, Figure]]) -> None:
        """Figures, three in a row."""
        for place, (name, now, before) in enumerate(tiles):
            left, down = 0.05 + 0.31 * (place % 3), _TILE * (place // 3)
            self._text(left, down + 0.12, name, size=10.5, color=_PALE)
            self._text(left, down + 0.45, shown(now), size=22, weight="bold", color=_BLUE)
            said = words()("picture.before", value=shown(before))
            self._text(left, down + 0.78, said, size=9.5, color=_PALE)
        self._at += 2 * _TILE

    def bars(self, title: str, bars: Sequence[tuple[str, float, str]], color: str) -> None:
        """Bars under a title: name, length of 1, what is said of it."""
        self._title(title)
        height = _BAR * len(bars)
        axes = self._axes(height, 0.05, 0.9)
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(len(bars), 0)
        for row, (name, length, said) in enumerate(bars):
            shown_name = textwrap.shorten(clean(name), _NAME_WIDTH, placeholder="…")
            axes.text(0, row + 0.42, shown_name, va="bottom", size=10, color=_INK, **_FONT)
            axes.text(1, row + 0.42, said, va="bottom", ha="right", size=10, color=_INK, **_FONT)
            axes.barh(row + 0.62, 1, height=0.26, color=_TRACK)
            axes.barh(row + 0.62, length, height=0.26, color=color)
        self._at += height

    def hours(self, title: str, questions: Questions) -> None:
        """The hours of the day."""
        self._title(title)
        _draw_hours(self._axes(_HOURS - 0.4, 0.09, 0.86), questions)
        self._at += _HOURS

    def _title(self, title: str) -> None:
        self._text(0.05, 0.38, title, size=12, weight="bold")
        self._at += _GAP

    def _axes(self, height: float, left: float, width: float) -> Axes:
        bottom = 1 - (self._at + height) / self._height
        return self._picture.add_axes((left, bottom, width, height / self._height))

    def _text(self, left: float, down: float, text: str, **look: Any) -> None:
        y = 1 - (self._at + down) / self._height
        self._picture.text(left, y, text, va="center", **{"color": _INK, **look}, **_FONT)


def _draw_hours(axes: Axes, questions: Questions) -> None:
    axes.bar(range(24), questions.hours, color=_BLUE, width=0.8)
    axes.set_xlim(-0.6, 23.6)
    axes.set_xticks(range(0, 24, 2), [f"{hour}h" for hour in range(0, 24, 2)])
    _plain(axes)


def _draw_days(axes: Axes, questions: Questions) -> None:
    counts = [count for _, count in questions.days]
    axes.bar(range(len(counts)), counts, color=_BLUE, width=0.8)
    step = max(1, -(-len(counts) // 10))
    places = range(0, len(counts), step)
    axes.set_xticks(places, [f"{questions.days[place][0]:%d/%m}" for place in places])
    axes.set_xlim(-0.6, len(counts) - 0.4)
    _plain(axes)


def _plain(axes: Axes) -> None:
    """Few lines, whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value))))
    axes.set_ylim(bottom=0)
    axes.tick_params(length=0, labelsize=9, labelcolor=_PALE, labelfontfamily="DejaVu Sans")
    axes.grid(axis="y", color=_TRACK)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _picture(height: float) -> Picture:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Made

    picture = Made(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(picture)
    return picture


def _saved(picture: Picture) -> bytes:
    found = BytesIO()
    picture.savefig(found, format="png", dpi=_DPI)
    return found.getvalue()
