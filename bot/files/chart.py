"""The on-time shares as a picture that can be read on a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bot.files.texts import clean, words
from scheduler.statistics import Share, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS = 30
_WIDTH, _DPI = 7.2, 150  # inches; 1080 pixels wide
_ROW, _HEAD, _FOOT = 0.72, 1.55, 0.5  # inches
_NAME_WIDTH, _TITLE_WIDTH = 46, 44  # characters that fit in a line
_ON_TIME, _LATE, _OPEN_LATE = "#1b7f5c", "#e8a33d", "#c0392b"
_TRACK, _INK, _PALE = "#e9ecef", "#212529", "#6c757d"
_FONT: dict[str, Any] = {"fontfamily": "DejaVu Sans", "parse_math": False}  # a «$» in a name is no formula


def on_time_png(shares: Sequence[Share], title: str, since: date, until: date) -> bytes:
    """A PNG, 1080 pixels wide: a bar for each share in their order, at most MAX_BARS, with its numbers.

    When nothing is counted the picture says so.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = shares[:MAX_BARS] if any(s.total for s in shares) else ()
    height = _HEAD + _FOOT + _ROW * max(len(shown), 2)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.05, _FOOT / height, 0.9, 1 - (_HEAD + _FOOT) / height))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(max(len(shown), 2), 0)
    _head(figure, title, since, until, height)
    if shown:
        for number, share in enumerate(shown):
            _bar(axes, share, number)
        _legend(figure, height)
    else:
        axes.text(
            0.5,
            1,
            words()("chart.empty"),
            ha="center",
            va="center",
            size=14,
            color=_PALE,
            linespacing=1.6,
            **_FONT,
        )
    if len(shares) > len(shown) > 0:
        more = words()("chart.more", count=len(shares) - len(shown))
        figure.text(0.05, 0.2 / height, more, va="center", size=11, color=_PALE, **_FONT)
    found = BytesIO()
    figure.savefig(found, format="png", dpi=_DPI)
    return found.getvalue()


def _head(figure: Figure, title: str, since: date, until: date, height: float) -> None:
    shown = textwrap.shorten(clean(title), _TITLE_WIDTH * 2, placeholder="…")
    shown = textwrap.fill(shown, _TITLE_WIDTH)
    figure.text(
        0.05,
        1 - 0.18 / height,
        shown,
        va="top",
        size=15,
        weight="bold",
        color=_INK,
        linespacing=1.25,
        **_FONT,
    )
    period = words()("chart.period", since=f"{since:%d/%m/%Y}", until=f"{until:%d/%m/%Y}")
    figure.text(
        0.05,
        1 - (0.92 if "\n" in shown else 0.72) / height,
        period,
        va="center",
        size=11.5,
        color=_PALE,
        **_FONT,
    )


def _legend(figure: Figure, height: float) -> None:
    at = 0.05
    for key, color in (("on_time", _ON_TIME), ("late", _LATE), ("open_late", _OPEN_LATE)):
        name = words()(f"chart.{key}")
        y = 1 - 1.25 / height
        figure.text(at, y, "■", va="center", size=13, color=color, **_FONT)
        figure.text(at + 0.028, y, name, va="center", size=11.5, color=_INK, **_FONT)
        at += 0.07 + 0.0155 * len(name)


def _fitting(name: str) -> str:
    """A name cut to its line; capitals take more room."""
    name = clean(name)
    room = _NAME_WIDTH / (1 + 0.4 * sum(c.isupper() for c in name) / max(len(name), 1))
    return textwrap.shorten(name, int(room), placeholder="…")


def _bar(axes: Axes, share: Share, row: int) -> None:
    """The name and the numbers on a line, the bar below it."""
    name = _fitting(share.name)
    axes.text(0, row + 0.36, name, va="bottom", size=12.5, color=_INK, **_FONT)
    value = words()("chart.none")
    if share.total:
        value = words()("chart.value", percent=percent(share), on_time=share.on_time, total=share.total)
    axes.text(
        1, row + 0.36, value, ha="right", va="bottom", size=12.5 if share.total else 11,
        weight="bold" if share.total else "normal", color=_INK if share.total else _PALE, **_FONT,
    )  # fmt: skip
    axes.barh(row + 0.57, 1, height=0.3, color=_TRACK)
    left = 0.0
    for count, color in (
        (share.on_time, _ON_TIME),
        (share.late, _LATE),
        (share.open_late, _OPEN_LATE),
    ):
        if count:
            axes.barh(row + 0.57, count / share.total, left=left, height=0.3, color=color)
            left += count / share.total
