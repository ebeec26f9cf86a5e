"""Which questions were not answered well, told from what the person and the program did.

- *chưa trả lời được*: said not to be ours without a matter of others that the words name; answered with an
  entry that says that nothing is verified yet; choices of which none is picked (a few words more that lead to
  an answer are a pick). What has no word in it, small talk, the matters of others that we know and a wish for
  a person are answered.
- *bị chấm 👎*: until the vote is taken back.
- *trả lời nhầm mục*: right after the answer the person opens another entry than those it leads to, or goes on
  to something else where the search wasn't sure; or Văn phòng says so. A 👍 says that nothing was wrong.

Each mark is set in the transaction of the message that tells it.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from handlers import payloads
from handlers.conversation import Talk
from handlers.payloads import Tap
from knowledge.loader import Knowledge
from knowledge.ranking import FEATURES
from knowledge.schema import Entry, Kind
from knowledge.search import Decision, Outcome
from knowledge.vietnamese import clean
from office import questions
from office.improvements import Trouble

_PHRASE = FEATURES.index("phrase")
_HARDLY = 0.5
_FEW = 4  # syllables that complete a question rather than ask another
SURE = 0.97  # confidence from which going on to something else says nothing about the answer


def trouble_of(decision: Decision, knowledge: Knowledge) -> Trouble | None:
    """What is wrong with the answer as far as the decision tells."""
    question = decision.question
    if question is not None and (question.empty or question.noise):
        return None
    entry = knowledge.get(decision.entry)
    unknown = decision.outcome is Outcome.OUT and (not decision.entry or _guessed(decision))
    unverified = decision.outcome is Outcome.ANSWER and entry is not None and entry.kind is Kind.STUB
    if unknown or unverified or decision.outcome is Outcome.CHOOSE:
        return Trouble.UNANSWERED
    return None


def _guessed(decision: Decision) -> bool:
    """Whether hardly a word of the matter it was taken for stands in the question."""
    best = decision.candidates[0] if decision.candidates else None
    return best is not None and best.features[_PHRASE] < _HARDLY


def completed(session: Session, talk: Talk, text: str, decision: Decision) -> None:
    """The question that was asked back is answered when these words complete it; call it before the new
    question takes its place in `talk`."""
    if not talk.pending or decision.outcome is not Outcome.ANSWER or decision.question is None:
        return
    together = decision.question.text != clean(text)[:2000]
    if together or len(decision.question.terms) <= _FEW:
        questions.mark(session, talk.question, None, instead_of=Trouble.UNANSWERED)


def asked(talk: Talk, decision: Decision) -> None:
    """Remember what the question got, to tell what the next tap says of it."""
    answered = decision.outcome is Outcome.ANSWER
    talk.offered = list(decision.choices)
    talk.answered = decision.entry if answered else ""
    talk.unsure = answered and decision.score < SURE


def tapped(session: Session, talk: Talk, tap: Tap, knowledge: Knowledge) -> None:
    """What a tap says of the last question."""
    if tap.verb == "e":
        _opened(session, talk, tap.text(0), knowledge)
    elif tap.verb == payloads.OTHER and talk.answered and talk.unsure:
        questions.mark_first(session, talk.question, Trouble.MISMATCHED)
    talk.answered = ""


def _opened(session: Session, talk: Talk, entry_id: str, knowledge: Knowledge) -> None:
    if entry_id in talk.offered:
        talk.offered = []
        questions.mark(session, talk.question, None, instead_of=Trouble.UNANSWERED)
        return
    answered = knowledge.get(talk.answered)
    if answered is not None and entry_id != answered.id and entry_id not in _ways_on(answered):
        questions.mark_first(session, talk.question, Trouble.MISMATCHED)


def _ways_on(entry: Entry) -> set[str]:
    """The entries that an answer leads to."""
    replaced = entry.replaced.entries if entry.replaced else ()
    return {*entry.children, *entry.related, *replaced, *filter(None, (entry.opening, entry.variant_of))}
