"""`xinluon check`: what is wrong or missing in knowledge, configuration, calendar and reminder rules."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from bot.config import knowledge_folders, profile_of, readable_secrets, unset_details
from bot.department_names import unknown_departments
from bot.rehearsal_names import words
from handlers.library import open_library
from knowledge import checking
from knowledge.strict_yaml import BadYaml, Problem
from office.settings import Settings
from scheduler.calendar import WorkCalendar
from scheduler.reminder_files import read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found, and how much was looked at. `readable`: the knowledge could be opened at all."""

    problems: tuple[Problem, ...]
    entries: int = 0
    cases: int = 0
    rules: int = 0
    readable: bool = True


def check(settings: Settings, config: Path | None, today: date) -> Checked:
    """Look at everything the office edits."""
    rules, others = staff_problems(settings, today)
    others += readable_secrets(os.environ)
    try:
        library, loaded = open_library(knowledge_folders(settings), profile_of(settings))
        cases = checking.all_cases(knowledge_folders(settings))
    except BadYaml as exc:
        return Checked(problems=(*exc.problems, *others), rules=rules, readable=False)
    problems = [*loaded.problems, *checking.check(library.searcher, today, cases)]
    problems += [*others, *unset_details(settings, config)]
    entries = len(library.knowledge.entries)
    return Checked(problems=tuple(problems), entries=entries, cases=len(cases), rules=rules)


def staff_problems(settings: Settings, today: date) -> tuple[int, list[Problem]]:
    """How many reminder rules can be used; what is wrong with the others and with the calendar, and which
    of this and the next year nobody has confirmed."""
    found = read_rules(*settings.reminders.folders)
    problems = list(found.problems)
    problems += unknown_departments(found, settings.calendar.folders, settings.office.departments)
    try:
        calendar = WorkCalendar.shipped(*settings.calendar.folders)
    except BadYaml as exc:
        return len(found.rules), [*exc.problems, *problems]
    where = str(settings.calendar.folders[-1]) if settings.calendar.folders else words()("check.calendar")
    for year in (today.year, today.year + 1):
        if not calendar.confirmed(year):
            said, mend = words()("check.year", year=year), words()("check.year_mend", year=year)
            problems.append(Problem(where, 1, said, mend, error=False))
    return len(found.rules), problems


def print_problems(problems: Sequence[Problem], as_json: bool) -> None:
    """Say what was found, a line each, or as JSON."""
    if as_json:
        rows = [
            {"file": p.file, "line": p.line, "message": p.message, "mend": p.mend, "error": p.error}
            for p in problems
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for problem in problems:
        typer.echo(f"{'LỖI' if problem.error else 'Cảnh báo'} {problem}")
