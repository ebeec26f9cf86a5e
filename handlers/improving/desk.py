"""Improves the knowledge: tries a change on a copy, writes the office's files, takes the new knowledge in.

What takes long (reading, all cases, figures) happens between transactions, never in one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from handlers.improving import changes, plans, trials
from handlers.improving.changes import Job
from handlers.improving.content import Content, target_of
from handlers.improving.measuring import Liked
from handlers.improving.plans import Place
from handlers.improving.trials import Trial
from handlers.improving.words import cannot, refuse
from handlers.library import Library
from knowledge import own_folder
from knowledge.own_folder import Changed, FileEdit
from knowledge.round_trip import CannotEdit
from knowledge.search import Outcome
from knowledge.strict_yaml import BadYaml
from office.clock import Clock
from office.improvements import ChangeKind, KnowledgeChange
from office.people import Person
from office.questions import Question
from office.refusal import Refused

log = structlog.get_logger(__name__)

_TRIES = 3  # a file that somebody else saves meanwhile is read anew
_QUESTIONS = 50  # of the group, asked before and after
_LIKED = 200


class Bookshelf(Protocol):
    """Where the knowledge in use stands."""

    def current(self) -> Library: ...

    def reload(self) -> bool: ...


class Improver:
    """Works on changes of the knowledge. Thread-safe; each call opens its own short transactions."""

    def __init__(
        self,
        *,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        clock: Clock,
        shelf: Bookshelf,
        place: Place,
    ) -> None:
        self.sessions = sessions
        self._readers = readers
        self._clock = clock
        self._shelf = shelf
        self.place = place

    def now(self) -> datetime:
        """The moment it is."""
        return self._clock.now()

    def library(self) -> Library:
        """The knowledge in use."""
        return self._shelf.current()

    def propose(
        self,
        session: Session,
        kind: ChangeKind,
        content: Content,
        *,
        group_id: int | None,
        actor: Person,
        trial: Trial | None = None,
    ) -> KnowledgeChange:
        """See changes.propose; in the caller's transaction. `trial`: what came of `preview`."""
        return changes.propose(
            session,
            self.library().knowledge,
            kind,
            content,
            group_id=group_id,
            actor=actor,
            now=self._clock.now(),
            report=trial.as_report() if trial is not None else None,
        )

    def preview(self, kind: ChangeKind, content: Content, *, group_id: int | None) -> Trial:
        """Try a change before it is proposed. Raises Refused where it couldn't be."""
        with self._readers() as session:
            changes.proposable(session, self.library().knowledge, content, group_id)
        job = Job(id=0, kind=kind, content=content, group_id=group_id, undo={}, hashes={})
        return self._try(job, self._planned(job), target=target_of(content))

    def doubts(self, change_id: int) -> tuple[str, ...]:
        """What to know before a change is approved that nobody has tried yet. Raises Refused."""
        with self._readers() as session:
            if changes.change_of(session, change_id).report:
                return ()
        trial = self.examine(change_id)
        return trial.notes if trial.accepted else ()

    def examine(self, change_id: int) -> Trial:
        """Try a change that waits and keep what came of it, for the second person. Raises Refused."""
        with self._readers() as session:
            job = changes.job_of(changes.change_of(session, change_id))
        trial = self._try(job, self._planned(job), target=target_of(job.content))
        with self.sessions.begin() as session:
            changes.examined(session, change_id, trial.as_report())
        return trial

    def approve(self, change_id: int, *, actor: Person, reason: str = "") -> Trial:
        """Make a change, unless it would break another answer: then it is refused, and says what.

        Raises Refused where this person may not, or the files can't be written.
        """
        with self._readers() as session:
            job = changes.to_decide(session, change_id, actor=actor, reason=reason)

        def written(session: Session, trial: Trial) -> None:
            report = {**trial.as_report(), "hashes": plans.hashes_of(trial.edits)}
            undo = plans.undo_of(trial.edits)
            changes.applied(session, job, report=report, undo=undo, actor=actor, now=self._clock.now())

        target = target_of(job.content)
        trial = self._carry_out(job, self._planned(job), written, target=target)
        if not trial.accepted:
            with self.sessions.begin() as session:
                changes.refused(session, job, report=trial.as_report(), actor=actor, now=self._clock.now())
        return trial

    def undo(self, change_id: int, *, actor: Person, reason: str = "") -> Trial:
        """Take a change back; where other answers need it by now, nothing is done, and the trial says which.

        Raises Refused.
        """
        with self._readers() as session:
            job = changes.to_undo(session, change_id, actor=actor, reason=reason)

        def planned() -> Sequence[FileEdit]:
            return plans.reverse(job.content, job.undo, job.hashes, self.place)

        def written(session: Session, trial: Trial) -> None:
            changes.undone(session, job, actor=actor, now=self._clock.now())

        return self._carry_out(job, planned, written)

    def _carry_out(
        self,
        job: Job,
        planned: Callable[[], Sequence[FileEdit]],
        written: Callable[[Session, Trial], None],
        *,
        target: str = "",
    ) -> Trial:
        """Try, write, book and take in; anew when somebody saves one of the files meanwhile."""
        for _ in range(_TRIES):
            trial = self._try(job, planned, target=target)
            if not trial.accepted:
                return trial
            try:
                self._write(trial, written)
            except Changed as exc:
                log.info("knowledge.file_changed", file=str(exc))
                continue
            except CannotEdit as exc:
                raise cannot(exc) from exc
            self._shelf.reload()
            return trial
        raise refuse("busy")

    def _write(self, trial: Trial, written: Callable[[Session, Trial], None]) -> None:
        """The files, then the row; without the row the files are put back."""
        with own_folder.locked(self.place.store):
            own_folder.write(trial.edits)
            try:
                with self.sessions.begin() as session:
                    written(session, trial)
            except BaseException:
                own_folder.put_back(trial.edits)
                raise

    def _planned(self, job: Job) -> Callable[[], Sequence[FileEdit]]:
        return lambda: plans.plan(job.content, self.library().knowledge, self.place)

    def _try(self, job: Job, planned: Callable[[], Sequence[FileEdit]], *, target: str = "") -> Trial:
        if self.place.store not in self.place.folders or not self.place.store.is_dir():
            raise refuse("no_folder", folder=self.place.store)
        with self._readers() as session:
            asked, liked = _asked(session, job.group_id), _liked(session)
        try:
            edits = planned()
            return trials.try_out(
                edits, self.place, self.library(), questions=asked, liked=liked, target=target
            )
        except CannotEdit as exc:
            raise cannot(exc) from exc
        except BadYaml as exc:
            raise Refused(str(exc.problems[0])) from exc


def _asked(session: Session, group_id: int | None) -> tuple[str, ...]:
    if group_id is None:
        return ()
    query = select(Question.text).where(Question.group_id == group_id).order_by(Question.id.desc())
    return tuple(session.scalars(query.limit(_QUESTIONS)))


def _liked(session: Session) -> tuple[Liked, ...]:
    """The newest questions whose answers people liked."""
    query = (
        select(Question.text, Question.entry_id)
        .where(Question.vote == 1, Question.outcome == Outcome.ANSWER, Question.entry_id.is_not(None))
        .order_by(Question.id.desc())
        .limit(_LIKED)
    )
    rows = session.execute(query)
    return tuple(Liked(text=text, entry=entry) for text, entry in rows if entry is not None)
