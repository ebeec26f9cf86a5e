"""Wordings with named blanks, shipped and the office's own, and saved lists of recipients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from office.notices import NoticeTemplate, RecipientList
from office.people import Person
from scheduler.notices.audience import Audience
from scheduler.notices.drafts import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a template says. Blanks are named in braces: {thời gian}."""

    name: str
    title: str
    body: str
    document: str = ""
    confirm: bool = False


def blanks(text: str) -> tuple[str, ...]:
    """The names of the blanks in a text, each once, in order."""
    raise NotImplementedError


def blanks_of(template: NoticeTemplate) -> tuple[str, ...]:
    """The names of a template's blanks, those of the title first."""
    raise NotImplementedError


def fill(template: NoticeTemplate, values: Mapping[str, str]) -> Draft:
    """A draft of a template with every blank filled. Raises Refused, naming the blanks that are empty."""
    raise NotImplementedError


def templates(session: Session, *, all_of_them: bool = False) -> tuple[NoticeTemplate, ...]:
    """The templates in use by name, or also those switched off."""
    raise NotImplementedError


def save_template(
    session: Session, wording: Wording, *, actor: Person, now: datetime, template_id: int | None = None
) -> NoticeTemplate:
    """Keep a wording, as a new template or in place of one. Raises Refused."""
    raise NotImplementedError


def switch_template(
    session: Session, template_id: int, *, active: bool, actor: Person, now: datetime
) -> bool:
    """Offer a template, or no more; False when it was so already. Raises Refused."""
    raise NotImplementedError


def sync_templates(session: Session, *, now: datetime) -> None:
    """Bring the shipped templates in; those that somebody has changed stay as they are."""
    raise NotImplementedError


def lists(session: Session) -> tuple[RecipientList, ...]:
    """The saved lists of recipients by name."""
    raise NotImplementedError


def save_list(
    session: Session,
    name: str,
    audience: Audience,
    *,
    actor: Person,
    now: datetime,
    list_id: int | None = None,
) -> RecipientList:
    """Keep a list of recipients, as a new one or in place of one. Raises Refused."""
    raise NotImplementedError


def delete_list(session: Session, list_id: int, *, actor: Person, now: datetime) -> None:
    """Forget a list that no waiting notice uses. Raises Refused."""
    raise NotImplementedError
