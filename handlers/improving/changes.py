"""Changes of the knowledge as rows: proposed by one person, decided by another, undone. Files are not touched
here: `desk.Improver` writes them between `to_decide` and `applied`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from handlers.improving import content as contents
from handlers.improving import triage
from handlers.improving.content import Content
from handlers.improving.triage import group_of, set_state
from handlers.improving.words import refuse, words
from knowledge.loader import Knowledge
from office import audit, people
from office.database import execute
from office.improvements import ChangeKind, ChangeState, GroupState, KnowledgeChange, QuestionGroup
from office.people import Person, Role
from office.rights import RIGHTS, Action, demand

CHANGE = "knowledge_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A change as it is to be worked on, without its row. `alone`: decided by who proposed it."""

    id: int
    kind: ChangeKind
    content: Content
    group_id: int | None
    undo: Mapping[str, str | None]
    hashes: Mapping[str, str]
    reason: str = ""
    alone: bool = False


def propose(
    session: Session,
    knowledge: Knowledge,
    kind: ChangeKind,
    content: Content,
    *,
    group_id: int | None,
    actor: Person,
    now: datetime,
    report: Mapping[str, Any] | None = None,
) -> KnowledgeChange:
    """Ask for a change; it waits for a second person. `report`: what came of trying it. Raises Refused."""
    demand(actor.roles, Action.PROPOSE_KNOWLEDGE)
    group = proposable(session, knowledge, content, group_id)
    change = KnowledgeChange(
        group_id=group_id,
        kind=kind,
        content=content.model_dump(mode="json"),
        state=ChangeState.PROPOSED,
        proposed_by=actor.id,
        proposed_at=now,
        reason="",
        report=dict(report) if report is not None else None,
    )
    session.add(change)
    if group is not None:
        set_state(group, GroupState.PROPOSED, actor=actor.id, now=now)
    session.flush()
    _record(session, "knowledge.propose", change, actor=actor.id, now=now)
    return change


def proposable(
    session: Session, knowledge: Knowledge, content: Content, group_id: int | None
) -> QuestionGroup | None:
    """The group that a change is for, if it is for one. Raises Refused where it can't be proposed."""
    contents.check(content, knowledge)
    group = group_of(session, group_id) if group_id is not None else None
    if group is not None and triage.waiting_change(session, group.id) is not None:
        raise refuse("waiting_already")
    return group


def give_back(
    session: Session, change_id: int, *, actor: Person, now: datetime, reason: str
) -> KnowledgeChange:
    """Don't make the change, and say why; who proposed it may take it back so. Raises Refused."""
    change = change_of(session, change_id)
    if actor.id != change.proposed_by:
        demand(actor.roles, Action.APPROVE_KNOWLEDGE)
    demand(actor.roles, Action.PROPOSE_KNOWLEDGE)
    if not reason.strip():
        raise refuse("need_reason")
    _turn(session, change, ChangeState.PROPOSED, ChangeState.RETURNED, actor=actor.id, now=now, reason=reason)
    _set_group(session, change, GroupState.OPEN, actor=actor.id, now=now)
    _record(session, "knowledge.return", change, actor=actor.id, now=now, reason=reason)
    return change


def to_decide(session: Session, change_id: int, *, actor: Person, reason: str = "") -> Job:
    """A change that this person may approve. Raises Refused.

    Nobody approves their own; where the office has nobody else who may, it needs a reason and is noted.
    """
    demand(actor.roles, Action.APPROVE_KNOWLEDGE)
    change = change_of(session, change_id)
    if change.state is not ChangeState.PROPOSED:
        raise refuse("not_waiting", state=change.state.label)
    alone = change.proposed_by == actor.id
    if alone:
        others = [person.name for person in approvers(session) if person.id != actor.id]
        if others:
            raise refuse("not_own", names=", ".join(others[:5]))
        if not reason.strip():
            raise refuse("alone")
    return job_of(change, reason=reason, alone=alone)


def to_undo(session: Session, change_id: int, *, actor: Person, reason: str = "") -> Job:
    """A change that this person may undo. Raises Refused."""
    demand(actor.roles, Action.APPROVE_KNOWLEDGE)
    change = change_of(session, change_id)
    if change.state is not ChangeState.APPLIED:
        raise refuse("not_applied", state=change.state.label)
    return job_of(change, reason=reason)


def examined(session: Session, change_id: int, report: Mapping[str, Any]) -> None:
    """Keep what came of trying a change that waits."""
    waiting = (KnowledgeChange.id == change_id) & (KnowledgeChange.state == ChangeState.PROPOSED)
    execute(session, update(KnowledgeChange).where(waiting).values(report=dict(report)))


def applied(
    session: Session,
    job: Job,
    *,
    report: Mapping[str, Any],
    undo: Mapping[str, str | None],
    actor: Person,
    now: datetime,
) -> None:
    """The files have been written. Raises Refused where somebody decided meanwhile."""
    change = change_of(session, job.id)
    reason = job.reason
    _turn(session, change, ChangeState.PROPOSED, ChangeState.APPLIED, actor=actor.id, now=now, reason=reason)
    change.report, change.undo = dict(report), dict(undo)
    state = GroupState.OUTSIDE if change.kind is ChangeKind.OUTSIDE else GroupState.SOLVED
    _set_group(session, change, state, actor=actor.id, now=now)
    note = f"{reason} ({words()('alone_note')})" if job.alone else reason
    _record(session, "knowledge.apply", change, actor=actor.id, now=now, reason=note)


def refused(session: Session, job: Job, *, report: Mapping[str, Any], actor: Person, now: datetime) -> None:
    """The checks have found that it can't be taken in. Raises Refused where somebody decided meanwhile."""
    change = change_of(session, job.id)
    _turn(
        session, change, ChangeState.PROPOSED, ChangeState.REFUSED, actor=actor.id, now=now, reason=job.reason
    )
    change.report = dict(report)
    _set_group(session, change, GroupState.OPEN, actor=actor.id, now=now)
    _record(session, "knowledge.refuse", change, actor=actor.id, now=now)


def undone(session: Session, job: Job, *, actor: Person, now: datetime) -> None:
    """The files have been put back. Raises Refused where somebody else has done so."""
    change = change_of(session, job.id)
    reason = job.reason
    _turn(session, change, ChangeState.APPLIED, ChangeState.UNDONE, actor=actor.id, now=now, reason=reason)
    _set_group(session, change, GroupState.OPEN, actor=actor.id, now=now)
    _record(session, "knowledge.undo", change, actor=actor.id, now=now, reason=reason)


def change_of(session: Session, change_id: int) -> KnowledgeChange:
    """A change, read anew. Raises Refused."""
    change = session.get(KnowledgeChange, change_id, populate_existing=True)
    if change is None:
        raise refuse("no_change")
    return change


def job_of(change: KnowledgeChange, *, reason: str = "", alone: bool = False) -> Job:
    """What is to be done for a change."""
    return Job(
        id=change.id,
        kind=change.kind,
        content=contents.read(change.kind, change.content),
        group_id=change.group_id,
        undo=change.undo or {},
        hashes=(change.report or {}).get("hashes", {}),
        reason=reason.strip(),
        alone=alone,
    )


def approvers(session: Session) -> list[Person]:
    """Everyone who may approve."""
    roles = [role for role in Role if Action.APPROVE_KNOWLEDGE in RIGHTS[role]]
    found = {person.id: person for role in roles for person in people.with_role(session, role)}
    return list(found.values())


def _turn(
    session: Session,
    change: KnowledgeChange,
    now_is: ChangeState,
    becomes: ChangeState,
    *,
    actor: int,
    now: datetime,
    reason: str,
) -> None:
    """One of those who decide at the same moment wins; the others are told."""
    theirs = (KnowledgeChange.id == change.id) & (KnowledgeChange.state == now_is)
    values = {"state": becomes, "decided_by": actor, "decided_at": now, "reason": reason.strip()}
    if execute(session, update(KnowledgeChange).where(theirs).values(values)) != 1:
        session.refresh(change)
        name = "not_waiting" if now_is is ChangeState.PROPOSED else "not_applied"
        raise refuse(name, state=change.state.label)
    session.refresh(change)


def _set_group(
    session: Session, change: KnowledgeChange, state: GroupState, *, actor: int, now: datetime
) -> None:
    if change.group_id is not None:
        set_state(group_of(session, change.group_id), state, actor=actor, now=now)
        session.flush()


def _record(
    session: Session, action: str, change: KnowledgeChange, *, actor: int, now: datetime, reason: str = ""
) -> None:
    session.flush()
    after = {"state": change.state.value, "kind": change.kind.value, "content": change.content}
    audit.record(
        session,
        action,
        at=now,
        actor=actor,
        subject=CHANGE,
        subject_id=change.id,
        after={**after, "group": change.group_id},
        reason=reason,
    )
