"""A rehearsal for people and for programs: a list by days, the messages as they would look, JSON."""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.channels.terminal import print_reply
from bot.rehearsal import Entry, Fate, Kind, Rehearsal
from bot.rehearsal_names import words
from office.clock import ZONE
from office.messages import Reply, Style
from scheduler.calendar import Day, computed_warning, weekday_name
from scheduler.wording import when

_WIDTH = 110  # characters of the first words of a message
_NAMED = 6  # readers written out in the list
_INDENT = " " * 8


def as_list(rehearsal: Rehearsal) -> Iterator[str]:
    """The lines of the list: each day of the period with what is sent, held, skipped or reaches nobody."""
    text = words()
    since, until = _said(rehearsal.since), _said(rehearsal.until - timedelta(days=1))
    yield text("rehearsal.title", since=since, until=until)
    if not rehearsal.groups:
        yield text("rehearsal.no_groups")
    if not rehearsal.accounts:
        yield text("rehearsal.no_accounts")
    by_day = _by_day(rehearsal)
    for day in _days(rehearsal):
        yield ""
        yield _day_title(day)
        entries = by_day.get(day.date, [])
        if not entries:
            yield _INDENT + text("rehearsal.nothing")
        for entry in entries:
            yield from _entry_lines(entry)
    yield ""
    yield from _closing(rehearsal)


def play(rehearsal: Rehearsal, console: Console) -> None:
    """Show each message as it would look, with its moment and readers."""
    by_day = _by_day(rehearsal)
    for day in _days(rehearsal):
        entries = [e for e in by_day.get(day.date, []) if e.fate is Fate.SENT and e.reply is not None]
        if not entries:
            continue
        console.print(Text(f"═══ {_day_title(day)} ═══", style="bold"))
        for entry in entries:
            console.print()
            readers = words()("rehearsal.to", who=", ".join(entry.to))
            console.print(Text(f"{_clock(entry.at)} {readers}", style="magenta"))
            if entry.reply is not None:
                print_reply(entry.reply, console, choices=True)
        console.print()
    for line in _closing(rehearsal):
        console.print(Text(line))


def as_json(rehearsal: Rehearsal) -> str:
    """The same for another program: days, messages and moments, problems."""
    last = rehearsal.until - timedelta(days=1)
    days = [
        {"date": day.date.isoformat(), "working": day.working, "name": day.name, "confirmed": day.confirmed}
        for day in _days(rehearsal)
    ]
    tree = {
        "since": rehearsal.since.isoformat(),
        "until": last.isoformat(),
        "groups": rehearsal.groups,
        "accounts": rehearsal.accounts,
        "warning": _calendar_warning(rehearsal),
        "problems": [{"file": p.file, "line": p.line, "message": p.message} for p in rehearsal.problems],
        "days": days,
        "entries": [_entry_json(entry) for entry in rehearsal.entries],
    }
    return json.dumps(tree, ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlayed:
    """A day of a rehearsal. `entries`: each its lines, the first with the time."""

    date: date
    title: str
    working: bool
    entries: tuple[tuple[str, ...], ...]


def as_days(rehearsal: Rehearsal) -> tuple[DayPlayed, ...]:
    """The days for a page."""
    by_day = _by_day(rehearsal)
    return tuple(
        DayPlayed(
            date=day.date,
            title=_day_title(day),
            working=day.working,
            entries=tuple(
                tuple(line.strip() for line in lines)
                for entry in by_day.get(day.date, [])
                if (lines := _entry_lines(entry))
            ),
        )
        for day in _days(rehearsal)
    )


def as_summary(rehearsal: Rehearsal) -> tuple[str, ...]:
    """How much it is, and what is wrong."""
    return tuple(_closing(rehearsal))


# --- one entry


def _entry_lines(entry: Entry) -> list[str]:
    if entry.part > 1 and entry.kind is not Kind.HELD:
        return []  # told with the first part
    text = words()
    at = entry.due_at if entry.fate is Fate.HELD else entry.at
    kind = text(f"rehearsal.kinds.{entry.kind}")
    lines = [f"{_clock(at):>6}  {kind}: {_first_words(entry)}"]
    if entry.to:
        named = ", ".join(entry.to[:_NAMED])
        more = len(entry.to) - _NAMED
        if more > 0:
            named = text("rehearsal.more_readers", named=named, count=more)
        lines.append(_INDENT + text("rehearsal.to", who=named))
    lines += [_INDENT + remark for remark in _remarks(entry)]
    return lines


def _remarks(entry: Entry) -> list[str]:
    """What is special about an entry."""
    text = words()
    found = []
    if entry.original is not None:
        found.append(text("rehearsal.shifted", day=_said(entry.original)))
    if entry.parts > 1 and entry.kind is not Kind.HELD:
        found.append(text("rehearsal.parts", count=entry.parts))
    if entry.fate is Fate.HELD and entry.until is not None:
        found.append(text("rehearsal.held", when=when(entry.until)))
    elif entry.merged:
        found.append(text("rehearsal.merged", count=entry.merged))
    elif entry.fate is Fate.SENT and entry.at != entry.due_at:
        found.append(text("rehearsal.was_due", when=when(entry.due_at)))
    elif entry.fate is Fate.NOBODY:
        name = "rehearsal.nobody_of" if entry.audience else "rehearsal.nobody"
        found.append(text(name, who=entry.audience, why=entry.note))
    elif entry.fate is Fate.SKIPPED:
        found.append(text("rehearsal.skipped"))
    elif entry.fate in (Fate.STALE, Fate.MERGED, Fate.FAILED):
        found.append(text(f"rehearsal.fates.{entry.fate}", when=when(entry.due_at), why=entry.note))
    return found


def _first_words(entry: Entry) -> str:
    if entry.fate is Fate.MADE:
        return f"{entry.title} – {entry.note}"
    if entry.reply is None:
        return entry.title
    said = " – ".join(_spoken(entry.reply))
    return textwrap.shorten(said, _WIDTH, placeholder=" …") or entry.title


def _spoken(reply: Reply) -> list[str]:
    """What a message says, without the delivery's own remark in front and the small print."""
    lines = [line for line in reply.lines if line.text.strip() and line.style.shown is not Style.SOURCE]
    if len(lines) > 1 and lines[0].style is Style.WARNING:
        lines = lines[1:]
    return [line.text for line in lines]


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "at": _moment(entry.at),
        "due_at": _moment(entry.due_at),
        "fate": entry.fate,
        "kind": entry.kind,
        "title": entry.title,
        "to": list(entry.to),
        "audience": entry.audience,
        "words": _first_words(entry),
        "part": entry.part,
        "parts": entry.parts,
        "held_until": _moment(entry.until) if entry.until else None,
        "original_day": entry.original.isoformat() if entry.original else None,
        "merged": entry.merged,
        "note": entry.note,
    }


# --- days


def _days(rehearsal: Rehearsal) -> Iterator[Day]:
    for number in range((rehearsal.until - rehearsal.since).days):
        yield rehearsal.calendar.day(rehearsal.since + timedelta(days=number))


def _by_day(rehearsal: Rehearsal) -> dict[date, Sequence[Entry]]:
    found: defaultdict[date, list[Entry]] = defaultdict(list)
    for entry in rehearsal.entries:
        found[entry.at.astimezone(ZONE).date()].append(entry)
    return dict(found)


def _day_title(day: Day) -> str:
    said = _said(day.date)
    said = said[0].upper() + said[1:]
    if not day.working:
        return words()("rehearsal.day_off", day=said, name=day.name or words()("rehearsal.weekend"))
    return words()("rehearsal.day_named", day=said, name=day.name) if day.name else said


def _closing(rehearsal: Rehearsal) -> Iterator[str]:
    """How much it is, and what is wrong."""
    text = words()
    counts: defaultdict[Fate, int] = defaultdict(int)
    for entry in rehearsal.entries:
        counts[entry.fate] += len(entry.to) if entry.fate in (Fate.SENT, Fate.HELD) else 1
    yield text("rehearsal.total", sent=counts[Fate.SENT], held=counts[Fate.HELD], nobody=counts[Fate.NOBODY])
    warning = _calendar_warning(rehearsal)
    if warning:
        yield f"⚠ {warning}"
    for problem in rehearsal.problems:
        yield text("rehearsal.problem", problem=problem)
    yield text("rehearsal.nothing_sent")


def _calendar_warning(rehearsal: Rehearsal) -> str:
    years = range(rehearsal.since.year, (rehearsal.until - timedelta(days=1)).year + 1)
    return computed_warning([year for year in years if not rehearsal.calendar.confirmed(year)])


def _said(day: date) -> str:
    return f"{weekday_name(day)} {day:%d/%m/%Y}"


def _clock(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local.hour}:{local:%M}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(ZONE).isoformat()
