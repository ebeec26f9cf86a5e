"""👍 and 👎 under an answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from handlers import payloads
from handlers.ask import closing
from handlers.texts import texts
from office import questions
from office.messages import Choice, ChoiceKind, Line, Reply


def vote_choices(question: int) -> tuple[Choice, Choice]:
    """The two votes on an answer."""
    say = texts()
    return (
        Choice(kind=ChoiceKind.VOTE, label=say("buttons.up"), payload=payloads.vote(question, 1)),
        Choice(kind=ChoiceKind.VOTE, label=say("buttons.down"), payload=payloads.vote(question, -1)),
    )


def vote(session: Session, question: int, value: int, person: str, now: datetime) -> Reply:
    """Keep a vote and thank for it; the vote of anyone but the one who asked is not kept."""
    say = texts()
    value = 1 if value > 0 else -1
    kept = questions.vote(session, question, person, value, at=now)
    name = ("voted_up" if value > 0 else "voted_down") if kept else "vote_gone"
    return Reply(lines=(Line(say(name)),), choices=closing() if value < 0 else ())
