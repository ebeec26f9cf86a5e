"""What the pages of Hỏi đáp share: their words, and proposing a change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from bot.web.console.texts import HERE
from bot.web.console.visit import Answer, Done, FormErrors, Visit
from handlers.improving import telling
from handlers.improving.changes import approvers
from handlers.improving.content import Content
from knowledge.phrases import Phrases
from office.improvements import ChangeKind, QuestionGroup, Trouble
from scheduler.outbox import Outbox


@cache
def words() -> Phrases:
    """The texts of these pages, read once."""
    return Phrases.read(HERE / "texts_questions.yaml")


def kinds_of(group: QuestionGroup) -> str:
    """What was wrong with the answers, with how often."""
    counts = {
        Trouble.UNANSWERED: group.unanswered,
        Trouble.DISLIKED: group.disliked,
        Trouble.MISMATCHED: group.mismatched,
    }
    return ", ".join(f"{count} {trouble.label}" for trouble, count in counts.items() if count)


class Doubted(FormErrors):
    """A proposal that may not help, not handed in yet; `anyway` of the form hands it in."""

    def __init__(self, notes: Sequence[str]) -> None:
        super().__init__({"anyway": " ".join(notes)})
        self.message, self.mend = words()("doubted"), words()("doubted_mend")


def propose(visit: Visit, kind: ChangeKind, content: Content, group_id: int | None) -> Answer:
    """Try a change, propose it and ask the second person; the deed of a page with `writes=False`.

    Raises Refused; Doubted where it may not help and the form doesn't insist.
    """
    improver = visit.parts.improver
    trial = improver.preview(kind, content, group_id=group_id)
    if trial.accepted and trial.notes and not visit.form.text("anyway"):
        raise Doubted(trial.notes)
    with visit.parts.sessions.begin() as session:
        change = improver.propose(session, kind, content, group_id=group_id, actor=visit.person, trial=trial)
        telling.ask_second(session, _outbox(visit), change, improver.library().knowledge, now=visit.now)
        others = [person for person in approvers(session) if person.id != visit.person.id]
    name = "proposed_bad" if not trial.accepted else "proposed_doubted" if trial.notes else "proposed"
    said = words()(f"done.{name}", id=change.id)
    if trial.accepted:
        said += " " + words()("done.second" if others else "done.alone")
    return Done(f"/hoi-dap/de-nghi/{change.id}", said)


def _outbox(visit: Visit) -> Outbox:
    return visit.parts.work.outbox
