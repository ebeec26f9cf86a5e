"""Wordings with named blanks, shipped and the office's own, and saved lists of recipients."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge import strict_yaml
from office import audit
from office.notices import NoticeTemplate
from office.people import Person, key_of
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.notices.desk import words
from scheduler.notices.drafts import MOST_BODY, MOST_TITLE, Draft
from scheduler.notices.lists import delete_list, lists, save_list

__all__ = [
    "Wording",
    "blanks",
    "blanks_of",
    "delete_list",
    "fill",
    "label_of",
    "lists",
    "save_list",
    "save_template",
    "switch_template",
    "sync_templates",
    "templates",
]

SHIPPED = Path(__file__).parents[1] / "data" / "notices" / "templates.yaml"
_BLANK = re.compile(r"\{([^\W\d][\w ]{0,39})\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a template says. Blanks are named in braces: {thời gian}."""

    name: str
    title: str
    body: str
    document: str = ""
    confirm: bool = False


class _Shipped(BaseModel):
    """A template as the file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    name: str
    title: str
    body: str
    document: str = ""
    confirm: bool = False


def blanks(text: str) -> tuple[str, ...]:
    """The names of the blanks in a text, each once, in order."""
    return tuple(dict.fromkeys(match[1].strip() for match in _BLANK.finditer(text)))


def blanks_of(template: NoticeTemplate) -> tuple[str, ...]:
    """The names of a template's blanks, those of the title first."""
    return blanks("\n".join((template.title, template.document, template.body)))


def label_of(blank: str) -> str:
    """A blank's name as people read it."""
    return blank.replace("_", " ")


def fill(template: NoticeTemplate, values: Mapping[str, str]) -> Draft:
    """A draft of a template with every blank filled. Raises Refused, naming the blanks that are empty."""
    empty = [label_of(blank) for blank in blanks_of(template) if not values.get(blank, "").strip()]
    if empty:
        raise Refused(words()("refused.blanks", names=", ".join(empty)), words()("refused.blanks_mend"))
    return Draft(
        title=_filled(template.title, values),
        body=_filled(template.body, values),
        document=_filled(template.document, values),
        confirm=template.confirm,
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _BLANK.sub(lambda match: values[match[1].strip()].strip(), text)


def templates(session: Session, *, all_of_them: bool = False) -> tuple[NoticeTemplate, ...]:
    """The templates in use by name, or also those switched off."""
    query = select(NoticeTemplate).order_by(NoticeTemplate.name, NoticeTemplate.id)
    if not all_of_them:
        query = query.where(NoticeTemplate.active)
    return tuple(session.scalars(query))


def save_template(
    session: Session, wording: Wording, *, actor: Person, now: datetime, template_id: int | None = None
) -> NoticeTemplate:
    """Keep a wording, as a new template or in place of one. Raises Refused."""
    demand(actor.roles, Action.NOTICE_TEMPLATES)
    wording = _checked(session, wording, template_id)
    before = None
    if template_id is None:
        row = NoticeTemplate(key=_free_key(session, wording.name), shipped=False, active=True)
        session.add(row)
    else:
        row = _template(session, template_id)
        before = {name: getattr(row, name) for name in asdict(wording)}
    for name, value in asdict(wording).items():
        setattr(row, name, value)
    row.changed_by, row.changed_at = actor.id, now
    session.flush()
    audit.record(
        session,
        "notice_template.save",
        at=now,
        actor=actor.id,
        subject="notice_template",
        subject_id=row.id,
        before=before,
        after=asdict(wording),
    )
    return row


def switch_template(
    session: Session, template_id: int, *, active: bool, actor: Person, now: datetime
) -> bool:
    """Offer a template, or no more; False when it was so already. Raises Refused."""
    demand(actor.roles, Action.NOTICE_TEMPLATES)
    row = _template(session, template_id)
    if row.active == active:
        return False
    row.active, row.changed_by, row.changed_at = active, actor.id, now
    session.flush()
    audit.record(
        session,
        "notice_template.switch",
        at=now,
        actor=actor.id,
        subject="notice_template",
        subject_id=row.id,
        before={"active": not active},
        after={"active": active},
    )
    return True


def sync_templates(session: Session, *, now: datetime) -> None:
    """Bring the shipped templates in; those that somebody has changed stay as they are."""
    known = {row.key: row for row in session.scalars(select(NoticeTemplate))}
    for shipped in _shipped():
        row = known.get(shipped.key)
        if row is not None and (row.changed_by is not None or not row.shipped):
            continue
        if row is None:
            row = NoticeTemplate(key=shipped.key, shipped=True, active=True, changed_at=now)
            session.add(row)
        for name, value in shipped.model_dump(exclude={"key"}).items():
            if getattr(row, name) != value:
                setattr(row, name, value)
                row.changed_at = now
    session.flush()


@cache
def _shipped() -> tuple[_Shipped, ...]:
    document = strict_yaml.read(SHIPPED)
    return tuple(TypeAdapter(tuple[_Shipped, ...]).validate_python(document.data["templates"]))


def _template(session: Session, template_id: int) -> NoticeTemplate:
    row = session.get(NoticeTemplate, template_id) if 0 < template_id < 2**62 else None
    if row is None:
        raise Refused(words()("refused.template_unknown"))
    return row


def _checked(session: Session, wording: Wording, template_id: int | None) -> Wording:
    clean = Wording(
        name=" ".join(wording.name.split())[:200],
        title=" ".join(wording.title.split()),
        body=wording.body.strip(),
        document=" ".join(wording.document.split())[:200],
        confirm=wording.confirm,
    )
    if not clean.name:
        raise Refused(words()("refused.template_name"), words()("refused.template_mend"))
    if not clean.title:
        raise Refused(words()("refused.no_title"), words()("refused.template_mend"))
    if len(clean.title) > MOST_TITLE or len(clean.body) > MOST_BODY:
        name, most = ("title", MOST_TITLE) if len(clean.title) > MOST_TITLE else ("body", MOST_BODY)
        raise Refused(words()(f"refused.long_{name}", most=most), words()("refused.long_mend"))
    taken = select(NoticeTemplate.id).where(NoticeTemplate.name == clean.name)
    if session.scalar(taken.where(NoticeTemplate.id != (template_id or 0))) is not None:
        raise Refused(
            words()("refused.template_taken", name=clean.name), words()("refused.template_taken_mend")
        )
    return clean


def _free_key(session: Session, name: str) -> str:
    used = set(session.scalars(select(NoticeTemplate.key)))
    return next(key for key in _keys(key_of(name)) if key not in used)


def _keys(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base[:58]}-{number}"
        number += 1
