"""Departments that the office's files name but its settings don't: whoever is meant would hear nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bot.rehearsal_names import words as say
from knowledge import strict_yaml
from knowledge.strict_yaml import BadYaml, Document, Problem
from office.people import fitting, key_of
from office.settings import Department
from scheduler.reminder_files import Found, Rule

EACH = "*"  # every department


def unknown_departments(
    found: Found, calendars: Sequence[Path], departments: Sequence[Department]
) -> list[Problem]:
    """Warnings, each with its line. A department may have been added in chat, which no file tells: so they
    are no errors."""
    named = [(one.key or key_of(one.name), one.name) for one in departments]
    keys = {key for key, _ in named}
    problems = []
    for rule in found.rules:
        document, number = found.places[rule.key]
        for place, words in _named(rule):
            if words != EACH and fitting(words, named) is None:
                problems.append(_problem(document, ("reminders", number, *place), words, keys))
    for document in _calendars(calendars):
        data = document.data.get("departments") if isinstance(document.data, Mapping) else None
        for words in data if isinstance(data, Mapping) else ():
            if words not in keys:
                problems.append(_problem(document, ("departments", words), str(words), keys))
    return problems


def _named(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every department that a rule names, and its place in the rule."""
    parts: list[tuple[tuple[str, ...], tuple[str, ...]]] = [(("audience",), rule.audience.departments)]
    if rule.assignment is not None:
        parts.append((("assignment",), rule.assignment.departments))
    if rule.notice is not None:
        parts.append((("notice", "audience"), rule.notice.audience.departments))
    for at, departments in parts:
        for number, words in enumerate(departments):
            yield (*at, "departments", number), words


def _calendars(folders: Sequence[Path]) -> Iterator[Document]:
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            with suppress(BadYaml):  # told by who reads the calendar
                yield strict_yaml.read(path)


def _problem(document: Document, path: tuple[str | int, ...], words: str, keys: set[str]) -> Problem:
    known = ", ".join(sorted(keys)) or say()("check.departments.none")
    mend = say()("check.departments.mend", known=known)
    return document.problem(path, say()("check.departments.unknown", words=words), mend, error=False)
