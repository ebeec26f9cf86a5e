"""Turns what a page answers into HTML within the layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.web.assets import Asset
from bot.web.console import charts
from bot.web.console.entries import Section
from bot.web.console.texts import named, texts
from bot.web.console.visit import ROOT, Visit
from office.clock import ZONE
from office.rights import Action
from office.settings import Office
from scheduler.wording import when

HERE = Path(__file__).parent


class Renderer:
    """Fills templates in. Everything put in is escaped."""

    def __init__(self, assets: Mapping[str, Asset], sections: Sequence[Section], office: Office) -> None:
        self._sections = sections
        env = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        env.globals.update(
            static=lambda name: f"/static/{name}?v={assets[name].version}",
            office=office,
            root=ROOT,
            Action=Action,
            bars=charts.bars,
        )
        env.filters.update(capfirst=capfirst, moment=moment, day=day, number=number, clock=clock)
        self._env = env

    def page(self, template: str, visit: Visit, *, said: str = "", **values: Any) -> str:
        """A page for somebody who is logged in."""
        here = self._here(visit)
        return self._env.get_template(template).render(
            visit=visit, said=said, menu=self._menu(visit), here=here, refused=visit.refused, **values
        )

    def outside(self, template: str, **values: Any) -> str:
        """A page for somebody who is not."""
        return self._env.get_template(template).render(**values)

    def trouble(self, kind: int | str, visit: Visit | None) -> str:
        """The page that says why something could not be done."""
        name = f"http{kind}" if isinstance(kind, int) else kind
        if not named(texts(), f"trouble.{name}.title", ""):
            name = "http500" if isinstance(kind, int) and kind >= 500 else "http400"
        values = {
            "title": texts()(f"trouble.{name}.title"),
            "text": texts()(f"trouble.{name}.text"),
        }
        if visit is None:
            return self.outside("outside_trouble.html", **values)
        return self.page("trouble.html", visit, **values)

    def _menu(self, visit: Visit) -> list[Section]:
        return [section for section in self._sections if visit.may(section.action)]

    def _here(self, visit: Visit) -> Section | None:
        """The section that the address belongs to: the longest path that it begins with."""
        path = visit.request.url.path.removeprefix(ROOT).rstrip("/")
        fits = [s for s in self._sections if path == s.path or path.startswith(f"{s.path}/")]
        return max(fits, key=lambda s: len(s.path), default=None)


def moment(value: datetime | None) -> str:
    """7:00 ngày 24/11/2026, "" for none."""
    return when(value) if value else ""


def clock(value: datetime | None) -> str:
    """7:00."""
    local = value.astimezone(ZONE) if value else None
    return f"{local.hour}:{local:%M}" if local else ""


def capfirst(text: str) -> str:
    """With a capital in front and the rest as it is: names keep theirs."""
    return text[:1].upper() + text[1:]


def day(value: date | None) -> str:
    """24/11/2026, of a moment the day in Việt Nam, "" for none."""
    if isinstance(value, datetime):
        value = value.astimezone(ZONE).date()
    return f"{value:%d/%m/%Y}" if value else ""


def number(value: float) -> str:
    """1.234 and 12,5, as Vietnamese write them."""
    written = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return written.translate(str.maketrans(",.", ".,"))
