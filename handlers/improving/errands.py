"""What is asked for in chat and takes seconds: done after the message's transaction, told when it is done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from sqlalchemy.orm import Session

from handlers.improving import telling
from handlers.improving.changes import change_of
from handlers.improving.desk import Improver
from handlers.improving.trials import Trial
from handlers.improving.words import words
from office.database import when_ended
from office.people import Person
from office.refusal import Refused
from scheduler.outbox import Outbox

log = structlog.get_logger(__name__)


class Errands:
    """Approves and undoes one after the other, in a thread of its own."""

    def __init__(self, improver: Improver, outbox: Outbox) -> None:
        self.improver = improver
        self.outbox = outbox
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="improving")

    def approve(self, session: Session, change_id: int, *, actor: Person, reason: str = "") -> None:
        """Approve once the session's transaction has ended; what nobody has tried yet is tried first, and
        where it may not help, that is told instead."""
        deed = partial(self.improver.approve, change_id, actor=actor, reason=reason)
        self._later(session, change_id, actor, deed, done="title_applied", failed="title_refused")

    def undo(self, session: Session, change_id: int, *, actor: Person, reason: str = "") -> None:
        """Undo once the session's transaction has ended."""
        deed = partial(self.improver.undo, change_id, actor=actor, reason=reason)
        self._later(session, change_id, actor, deed, done="title_undone", failed="title_not_undone")

    def close(self) -> None:
        """Finish what has been begun, and take nothing more."""
        self._thread.shutdown(cancel_futures=True)

    def _later(
        self,
        session: Session,
        change_id: int,
        actor: Person,
        deed: Callable[[], Trial],
        *,
        done: str,
        failed: str,
    ) -> None:
        run = partial(self._run, change_id, actor, deed, done, failed)
        when_ended(session, ("knowledge", change_id), partial(self._start, run))

    def _start(self, run: Callable[[], None]) -> None:
        self._thread.submit(run)

    def _run(self, change_id: int, actor: Person, deed: Callable[[], Trial], done: str, failed: str) -> None:
        try:
            doubts = self.improver.doubts(change_id) if done == "title_applied" else ()
            trial = deed() if not doubts else None
        except Refused as refused:
            lines = [refused.message, *([refused.mend] if refused.mend else [])]
            self._tell(change_id, actor, "title_failed", tuple(lines))
        except Exception:
            # Nobody waits for this thread: without the log nothing would be known.
            log.exception("knowledge.change_failed", change=change_id)
        else:
            if trial is None:
                lines = [*doubts, words()("doubted_next")]
                self._tell(change_id, actor, "title_doubted", tuple(lines), anyway=True)
                return
            title = done if trial.accepted else failed
            lines_ = telling.outcome_lines(trial.as_report())
            undo = trial.accepted and done == "title_applied"
            self._tell(change_id, actor, title, lines_, undo=undo, others=True)

    def _tell(
        self,
        change_id: int,
        actor: Person,
        title: str,
        lines: tuple[str, ...],
        *,
        undo: bool = False,
        others: bool = False,
        anyway: bool = False,
    ) -> None:
        with self.improver.sessions.begin() as session:
            change = change_of(session, change_id)
            what = (telling.summary(change, self.improver.library().knowledge), *lines)
            telling.tell_outcome(
                session,
                self.outbox,
                change_id,
                title,
                what,
                to=[actor.id, *([change.proposed_by] if others else [])],
                undo=undo,
                anyway=anyway,
                now=self.improver.now(),
            )
