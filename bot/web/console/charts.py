"""Small bar charts as SVG, drawn by charts.html with a table for who can't see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, WIDTH = 120, 320  # of the highest bar and of the drawing, in its own units
_NARROWEST = 12  # of a bar with the space around it
_TICKS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar. `label`: in the table; `mark`: below the bar, where there is room for so much."""

    label: str
    mark: str
    value: int
    x: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing `width` wide, its bars with `step` of space for each, the value at the top of the scale."""

    bars: tuple[Bar, ...]
    width: float
    step: float
    top: int


def bars(values: Sequence[tuple[str, int]], *, every: int = 1) -> Chart:
    """A bar for each (label, value); every so-manieth has its label written below."""
    top = _round_up(max((value for _, value in values), default=0))
    step = max(_NARROWEST, WIDTH / max(1, len(values)))
    drawn = tuple(
        Bar(
            label=label,
            mark=label if at % every == 0 else "",
            value=value,
            x=round(at * step, 2),
            height=round(HEIGHT * value / top, 1),
        )
        for at, (label, value) in enumerate(values)
    )
    return Chart(bars=drawn, width=round(max(1, len(drawn)) * step, 2), step=round(step, 2), top=top)


def _round_up(value: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    scale = 1
    while True:
        for tick in _TICKS:
            if value <= tick * scale:
                return tick * scale
        scale *= 10
