"""What a page is made of: addresses, what they show and do, the right they need, their place in the menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.web.console.live import Step
from bot.web.console.visit import Answer, Visit
from office.rights import Action

Show = Callable[[Visit], Answer]
Watch = Callable[[Visit], Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One address below /van-phong. Exactly one of `show`, `act` and `watch` is set.

    `again` shows the page anew when `act` is refused. `writes`: `act` is run in one transaction; without, it
    has a read-only session and opens short ones of its own (long work, network).
    """

    path: str
    action: Action
    show: Show | None = None
    act: Show | None = None
    again: Show | None = None
    watch: Watch | None = None
    writes: bool = True
    uploads: bool = False


def get(path: str, show: Show, *, action: Action = Action.CONSOLE) -> Entry:
    """A page to look at."""
    return Entry(path=path, action=action, show=show)


def post(
    path: str,
    act: Show,
    *,
    action: Action = Action.CONSOLE,
    again: Show | None = None,
    writes: bool = True,
    uploads: bool = False,
) -> Entry:
    """Something to be done. `uploads`: files may come with the form."""
    return Entry(path=path, action=action, act=act, again=again, writes=writes, uploads=uploads)


def live(path: str, watch: Watch, *, action: Action = Action.CONSOLE) -> Entry:
    """The progress of something, told while it goes on."""
    return Entry(path=path, action=action, watch=watch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the menu: where it leads (a path below /van-phong), whom it is for, and all its addresses."""

    key: str
    label: str
    path: str
    action: Action
    entries: tuple[Entry, ...]
