"""What is said of a change of the knowledge: to the second person, to who proposed it, to who decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from handlers.improving import changes, content
from handlers.improving.content import AliasContent
from handlers.improving.measuring import Figures, unverified
from handlers.improving.words import words
from knowledge.loader import Knowledge
from knowledge.schema import Kind
from office import people
from office.assignments import TAP_VERB
from office.improvements import ChangeKind, KnowledgeChange, QuestionGroup
from office.messages import Choice, ChoiceKind, Line, Reply, Style
from scheduler import audience
from scheduler.outbox import Outbox

TAP = "hd"  # of hỏi đáp: s:hd:duyet:12
_SHOWN = 4  # faults in chat


def tap(verb: str, number: int, more: str = "") -> str:
    """A button's payload."""
    return f"{TAP_VERB}:{TAP}:{verb}:{number}" + (f":{more}" if more else "")


def button(label: str, payload: str) -> Choice:
    """A choice of the staff's conversations."""
    return Choice(kind=ChoiceKind.OPTION, label=label, payload=payload)


def about(session: Session, change: KnowledgeChange, knowledge: Knowledge) -> tuple[str, ...]:
    """What a change is to do, by whom and for which questions."""
    say, lines = words(), []
    if change.group_id is not None:
        group = session.get(QuestionGroup, change.group_id)
        if group is not None:
            lines.append(say("asked", text=group.text[:300], count=group.count))
    lines.append(summary(change, knowledge))
    lines.append(say("by", name=people.name_of(session, change.proposed_by)))
    return tuple(lines)


def summary(change: KnowledgeChange, knowledge: Knowledge) -> str:
    """What a change is to do, in a sentence."""
    say, meant = words(), content.read(change.kind, change.content)
    if isinstance(meant, AliasContent):
        entry = knowledge.get(meant.entry)
        return say("alias", alias=meant.alias, label=entry.label if entry else meant.entry)
    label = str(meant.entry.get("label", meant.id))
    if change.kind is ChangeKind.OUTSIDE:
        return say("outside", label=label, reply=" ".join(meant.entry.get("reply", ())))
    return say("entry", label=label, field=meant.field)


def doubts(change: KnowledgeChange, knowledge: Knowledge) -> tuple[str, ...]:
    """What to know before a change is handed in or approved; little as long as it hasn't been tried."""
    if change.report:
        return tuple(change.report["notes"][:_SHOWN])
    entry = knowledge.get(content.target_of(content.read(change.kind, change.content)))
    return (unverified(entry),) if entry is not None and entry.kind is Kind.STUB else ()


def figures(report: dict[str, Any]) -> tuple[str, ...]:
    """The figures before and after, as sentences."""
    before, after = Figures.from_dict(report["before"]), Figures.from_dict(report["after"])
    found = [
        words()(
            "figures_cases",
            before_right=before.right,
            before_total=before.cases,
            after_right=after.right,
            after_total=after.cases,
        )
    ]
    if after.questions:
        counts = {"before": before.answered, "after": after.answered, "total": after.questions}
        found.append(words()("figures_group", **counts))
    return tuple(found)


def ask_second(
    session: Session, outbox: Outbox, change: KnowledgeChange, knowledge: Knowledge, *, now: datetime
) -> int:
    """Ask everyone else who may approve; returns how many messages that makes."""
    to = [p.id for p in changes.approvers(session) if p.id != change.proposed_by]
    lines = [Line(words()("title_proposed", id=change.id), Style.TITLE)]
    lines += [Line(text) for text in about(session, change, knowledge)]
    lines += [Line(text, Style.WARNING) for text in doubts(change, knowledge)]
    say = words()
    choices = (
        button(say("button_approve"), tap("duyet", change.id)),
        button(say("button_return"), tap("tra", change.id)),
    )
    reply = Reply(lines=tuple(lines), choices=choices)
    return _tell(session, outbox, "knowledge.ask", change.id, to, reply, now=now)


def tell_outcome(
    session: Session,
    outbox: Outbox,
    change_id: int,
    title: str,
    lines: Iterable[str],
    *,
    to: Iterable[int],
    undo: bool,
    now: datetime,
    anyway: bool = False,
) -> int:
    """Tell these people what came of a change. `title`: name of its text; `undo`, `anyway`: which button."""
    shown = [Line(words()(title, id=change_id), Style.TITLE), *(Line(text) for text in lines)]
    choices = (button(words()("button_undo"), tap("hoan", change_id)),) if undo else ()
    if anyway:
        choices = (button(words()("button_anyway"), tap("duyet", change_id)),)
    reply = Reply(lines=tuple(shown), choices=choices)
    return _tell(session, outbox, title.replace("title_", "knowledge."), change_id, to, reply, now=now)


def outcome_lines(report: dict[str, Any]) -> tuple[str, ...]:
    """The faults that were found, else the figures and what is to be known."""
    if report["faults"]:
        return tuple(report["faults"][:_SHOWN])
    return (*figures(report), *report["notes"][:_SHOWN])


def _tell(
    session: Session,
    outbox: Outbox,
    what: str,
    change_id: int,
    to: Iterable[int],
    reply: Reply,
    *,
    now: datetime,
) -> int:
    chats = audience.themselves(session, to)
    return outbox.announce(session, what, change_id, chats, reply, now=now) if chats else 0
