"""Hôm nay: what went out, what failed, what is due, what wasn't answered, and how the channels are."""

from __future__ import annotations

from bot.web.console.entries import Section, get
from bot.web.console.visit import Answer, Shown, Visit
from office.rights import Action


def show(visit: Visit) -> Answer:
    """The day at a glance."""
    return Shown("today.html")


SECTION = Section(
    key="hom-nay",
    label="Hôm nay",
    path="",
    action=Action.CONSOLE,
    entries=(get("", show),),
)
