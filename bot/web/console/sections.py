"""The menu's order, and which sections there are."""

from __future__ import annotations

from bot.web.console.entries import Section
from bot.web.console.pages import (
    calendar,
    journal,
    knowledge,
    notices,
    options,
    questions,
    report,
    staff,
    today,
    work,
)

SECTIONS: tuple[Section, ...] = (
    today.SECTION,
    work.SECTION,
    notices.SECTION,
    questions.SECTION,
    knowledge.SECTION,
    staff.SECTION,
    calendar.SECTION,
    report.SECTION,
    journal.SECTION,
    options.SECTION,
)
"""Add a page's SECTION in its place; who may not enter one doesn't see it."""
