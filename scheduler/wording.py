"""What the delivery itself says: late, held, repeated, merged, and why something was not sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from knowledge.phrases import Phrases
from office.clock import ZONE
from office.messages import Choice, File, Line, Reply, Style

DIGEST_LIMIT = 1700  # characters of one merged message
_CHOICES = 8  # more buttons than that under one merged message help nobody


@cache
def _texts() -> Phrases:
    return Phrases.read(Path(__file__).with_name("texts.yaml"))


def plan_texts(name: str, /, **values: object) -> str:
    """A remark on a due moment, by its name in texts.yaml."""
    return _texts()(f"plan.{name}", **values)


def when(moment: datetime) -> str:
    """A moment as people read it: 7:00 ngày 24/11/2026."""
    local = moment.astimezone(ZONE)
    return f"{local.hour}:{local:%M} ngày {local:%d/%m/%Y}"


def late(due_at: datetime, now: datetime) -> str:
    """That a message comes late."""
    return _texts()("late", when=when(due_at))


def was_held(due_at: datetime) -> str:
    """That a message was held over quiet hours."""
    return _texts()("was_held", when=when(due_at))


def perhaps_repeated() -> str:
    """That a message may have come before."""
    return _texts()("perhaps_repeated")


def stale(due_at: datetime) -> str:
    """Why a message was cancelled that came too late to make sense."""
    return _texts()("stale", when=when(due_at))


def held(until: datetime) -> str:
    """Until when a message is held."""
    return _texts()("held", when=when(until))


def newer() -> str:
    """Why a message gave way to a later one."""
    return _texts()("newer")


def merged() -> str:
    """Why a held message was not sent by itself."""
    return _texts()("merged")


def digest_of_held() -> str:
    """The mark of a merged message that waits."""
    return _texts()("digest_of_held")


def worker_died() -> str:
    """Why a message is uncertain after a crash."""
    return _texts()("worker_died")


def known_after_all() -> str:
    """Why a repeat was called off."""
    return _texts()("known_after_all")


def stopped() -> str:
    """Why a message that waited for its turn goes back."""
    return _texts()("stopped")


def broken_off() -> str:
    """Why a message is uncertain."""
    return _texts()("broken_off")


def said_to_have_arrived() -> str:
    """Why a message that was in doubt counts as sent."""
    return _texts()("said_to_have_arrived")


def on_hold() -> str:
    """The mark of a message in the air that is to be paused if it comes back."""
    return _texts()("on_hold")


def paused_since(moment: datetime) -> str:
    """Since when a message is paused."""
    return _texts()("paused_since", when=when(moment))


def called_off() -> str:
    """Why a message was cancelled, where nobody has said why."""
    return _texts()("called_off")


def left_behind() -> str:
    """Why a message can't be changed whose group has another id now."""
    return _texts()("left_behind")


def paused(seconds: float) -> str:
    """That the platform demands a pause."""
    return _texts()("paused", seconds=f"{seconds:g}")


def gave_up(attempts: int, reason: str) -> str:
    """That no more attempts are made."""
    return _texts()("gave_up", attempts=attempts, reason=reason)


def rerouted(reason: str, channel: str) -> str:
    """Why a message was not sent in one chat, and through which channel it goes instead."""
    return _texts()("rerouted.to", reason=reason.rstrip(" .;"), channel=channel)


def goes_with_it() -> str:
    """Why a part of a message goes elsewhere that had not been tried yet."""
    return _texts()("rerouted.with_it")


def was_sent_here() -> str:
    """Why a part that was sent goes elsewhere once more: with the rest, so that the message is whole."""
    return _texts()("rerouted.was_sent")


def down_since(channel: str, since: datetime) -> str:
    """Since when a channel can't be reached."""
    return _texts()("rerouted.down", channel=channel, when=when(since))


def untied() -> str:
    """Why nothing is sent to a chat any more that is nobody's now."""
    return _texts()("rerouted.untied")


def with_note(reply: Reply, note: str) -> Reply:
    """The message with a remark in front."""
    return replace(reply, lines=(Line(note, Style.WARNING), *reply.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One merged message and which of the given ones stand in it, by their place."""

    reply: Reply
    members: tuple[int, ...]


def digest(held: Sequence[tuple[datetime, Reply]]) -> list[Page]:
    """What was held for one chat as few messages: each under the time it was due, its buttons kept."""
    pages: list[list[int]] = [[]]
    room = DIGEST_LIMIT
    for at, (_, reply) in enumerate(held):
        need = sum(len(line.text) + 6 for line in reply.lines) + 40
        buttons = sum(len(held[i][1].choices) for i in pages[-1]) + len(reply.choices)
        if pages[-1] and (need > room or buttons > _CHOICES):
            pages.append([])
            room = DIGEST_LIMIT
        pages[-1].append(at)
        room -= need
    return [Page(reply=_page([held[i] for i in page], len(held)), members=tuple(page)) for page in pages]


def _numbered(choice: Choice) -> Choice:
    """A button that says which matter it belongs to, where several stand under one message."""
    number = choice.payload.rpartition(":")[2]
    return replace(choice, label=f"{choice.label} ({number})") if number.isdecimal() else choice


def _page(held: Sequence[tuple[datetime, Reply]], total: int) -> Reply:
    lines = [Line(_texts()("digest_title", count=total), Style.TITLE)]
    choices: list[Choice] = []
    files: list[File] = []
    for due_at, reply in held:
        lines.append(Line(_texts()("digest_item", when=when(due_at)), Style.SOURCE))
        lines += [
            replace(line, style=Style.TEXT) if line.style is Style.TITLE else line for line in reply.lines
        ]
        choices += reply.choices if len(held) == 1 else map(_numbered, reply.choices)
        files += reply.files
    return Reply(lines=tuple(lines), choices=tuple(choices), files=tuple(files))
