"""Cài đặt: the stop switches, each turned with a reason, and the settings in force, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import select

from bot.carriers import carriers
from bot.web.console import deeds, forms
from bot.web.console.entries import Section, get, post
from bot.web.console.texts import HERE, named, texts
from bot.web.console.visit import Answer, Done, Missing, Shown, Visit
from knowledge.phrases import Phrases
from office import people, switches
from office.people import name_of
from office.rights import Action
from office.settings import Settings
from office.switches import Audience, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A switch as it stands. `by` and `at`: who turned it last, "" and None for a fresh one."""

    key: str
    label: str
    stopped: bool
    reason: str
    by: str
    at: datetime | None


class Turning(forms.FormModel):
    """What the form of a switch holds."""

    key: str
    stop: forms.Ticked = False
    reason: Annotated[str, Field(min_length=1, max_length=500)]


def show(visit: Visit) -> Answer:
    """The switches and the settings."""
    values = {"switches": _switches(visit), "settings": list(_sections(visit))}
    return Shown("options.html", values)


def turn(visit: Visit) -> Answer:
    """Stop something, or let it go again."""
    wanted = forms.read(visit.form, Turning)
    if wanted.key not in _keys(visit.parts.settings):
        raise Missing
    changed = switches.turn(
        visit.session,
        wanted.key,
        stop=wanted.stop,
        actor=visit.person,
        reason=wanted.reason,
        now=visit.now,
    )
    said = "same" if not changed else "stopped" if wanted.stop else "going"
    return Done("/cai-dat", texts()(f"switches.{said}", what=deeds.switch_label(wanted.key)))


def _keys(settings: Settings) -> tuple[str, ...]:
    """Every switch there is: per audience, and per channel that carries what is unasked."""
    channels = [carrier.name for carrier in carriers(settings)]
    return (*map(switches.of_audience, Audience), *map(switches.of_channel, channels))


def _switches(visit: Visit) -> list[Turned]:
    rows = {row.key: row for row in visit.session.scalars(select(Switch))}
    return [_turned(visit, key, rows.get(key)) for key in _keys(visit.parts.settings)]


def _turned(visit: Visit, key: str, row: Switch | None) -> Turned:
    return Turned(
        key=key,
        label=deeds.switch_label(key),
        stopped=row is not None and row.stopped,
        reason=row.reason if row else "",
        by=name_of(visit.session, row.changed_by) if row else "",
        at=row.changed_at if row else None,
    )


@cache
def labels() -> Phrases:
    """What the settings are called, read once."""
    return Phrases.read(HERE / "settings.yaml")


def _sections(visit: Visit) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each section's name and its settings in force as (label, value)."""
    settings = visit.parts.settings
    for name in type(settings).model_fields:
        values = dict(_values(getattr(settings, name), name))
        if name == "office" and not settings.office.departments:
            values[labels()("settings.office.departments")] = _departments(visit)
        yield named(labels(), f"sections.{name}", name), list(values.items())


def _departments(visit: Visit) -> str:
    """What is said where the settings name no departments: that they may have been added by hand."""
    count = len(people.departments(visit.session))
    return labels()("departments_by_hand", count=count) if count else labels()("none")


def _values(section: BaseModel, at: str) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value, path = getattr(section, name), f"{at}.{name}"
        if isinstance(value, BaseModel):
            yield from _values(value, path)
        else:
            said = _said(value)
            yield named(labels(), f"settings.{path}", path), named(labels(), f"values.{name}.{said}", said)


def _said(value: Any) -> str:
    """A value as people read it; of a secret only that there is one."""
    if value is None or value in ((), "", {}):
        return labels()("none")
    if isinstance(value, SecretStr):
        return labels()("secret")
    if isinstance(value, bool):
        return labels()("on" if value else "off")
    if isinstance(value, time):
        return f"{value.hour}:{value:%M}"
    if isinstance(value, BaseModel):
        return str(getattr(value, "name", ""))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(item)}" for key, item in value.items())
    if isinstance(value, tuple):
        return "; ".join(_said(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    return str(value if not isinstance(value, Path) else value.as_posix())


SECTION = Section(
    key="cai-dat",
    label="Cài đặt",
    path="/cai-dat",
    action=Action.TURN_SWITCHES,
    entries=(
        get("/cai-dat", show, action=Action.TURN_SWITCHES),
        post("/cai-dat/cong-tac", turn, action=Action.TURN_SWITCHES, again=show),
    ),
)
