"""What a remark in a conversation is about: the entry in hand, its sister, another that it names, or a file
of one's own. Pure; the search decides whatever is not told here.

People go on with a few words that name no matter («mất bao lâu», «nop o dau»): they mean the entry in hand,
however well the words would fit a general subject. Where a sentence names a matter that the entry in hand
doesn't have, that matter is meant.
"""

from __future__ import annotations

import re
from dataclasses import replace

from handlers import meaning
from handlers.remarks import remarks
from knowledge.question import Question, Role
from knowledge.schema import Action, Entry, Facet, Kind
from knowledge.search import Decision, Outcome, Searcher
from knowledge.vietnamese import fold

_PROCEDURES = frozenset({Kind.PROCEDURE, Kind.GUIDANCE})
_IN_HAND = _PROCEDURES | {Kind.STUB}
_CAN_BE_NAMED = _IN_HAND | {Kind.OVERVIEW}
_NOT_A_SIDE = frozenset({Kind.OFFICE, Kind.HUMAN, Kind.SMALLTALK})
_SURE = 0.95  # confidence from which the office itself, or chat, is meant rather than a side of the entry


def decide(searcher: Searcher, text: str, last: Entry | None, pending: str = "") -> Decision:
    """Decide on a question. `last`: the entry the conversation was about; `pending`: the question that was
    asked back."""
    decision = searcher.search(text, last, pending)
    question = decision.question
    if question is None or question.empty or question.noise or question.dossier or question.procedure_code:
        return decision
    decided = searcher.knowledge.get(decision.entry)
    if decision.outcome is Outcome.ANSWER and decided is not None and decided.own_file:
        return decision
    own = searcher.weights.dossier_entry
    if own in searcher.knowledge.entries and meaning.of_own_file(searcher.reader, question):
        return _answer(decision, own, Facet.STATUS)
    office = meaning.of_office(text)
    called = decision.outcome is Outcome.HUMAN or _called_so(decision, decided)
    if office in searcher.knowledge.entries and not called:
        return _answer(decision, office, None)
    if pending:  # what was asked back is newer than the entry in hand
        return _completed(searcher, text, pending, decision)
    if last is None or last.kind not in _IN_HAND:
        return decision
    if decision.outcome in (Outcome.SMALLTALK, Outcome.HUMAN) or _called_so(decision, decided):
        return decision
    if meaning.names_nothing(searcher.reader, question):
        return _of_side(searcher, text, question, last, decision)
    return _of_named(searcher, text, question, last, decision)


def _completed(searcher: Searcher, text: str, pending: str, decision: Decision) -> Decision:
    """The decision, or the one for what was asked back with a remark that names nothing but a side of it."""
    remark = searcher.reader.read(text)
    if not meaning.side(searcher.reader, remark) or not meaning.names_nothing(searcher.reader, remark):
        return decision
    together = searcher.search(f"{pending} {text}")
    return together if together.outcome in (Outcome.ANSWER, Outcome.CHOOSE) else decision


def _called_so(decision: Decision, decided: Entry | None) -> bool:
    """Whether the office itself calls an entry just that."""
    return decision.score >= 1 and decided is not None and (decided.own or bool(decided.added))


def _answer(decision: Decision, entry: str, facet: Facet | None) -> Decision:
    return replace(decision, outcome=Outcome.ANSWER, entry=entry, facet=facet, choices=(), score=1.0)


def _kind(searcher: Searcher, entry_id: str) -> Kind | None:
    entry = searcher.knowledge.get(entry_id)
    return entry.kind if entry else None


def _of_side(searcher: Searcher, text: str, question: Question, last: Entry, decision: Decision) -> Decision:
    """A remark that names no matter: a side of the entry in hand, or its sister for what is to be done."""
    alone = searcher.search(text)
    if _kind(searcher, alone.entry) in _NOT_A_SIDE and alone.score >= _SURE:
        return alone
    wanted = meaning.wanted(searcher.reader, question)
    entry = _sister(searcher, last, wanted, decision)
    facet = meaning.side(searcher.reader, question)
    if not facet and (not wanted or (entry == last.id and last.action not in wanted)):
        return decision
    return _answer(decision, entry, facet)


def _sister(searcher: Searcher, last: Entry, wanted: set[Action], decision: Decision) -> str:
    """The entry in hand, or its sister that does what is to be done («bị mất» after the first issue)."""
    if not wanted or last.action in wanted:
        return last.id
    sisters = [e for i in last.related if (e := searcher.knowledge.get(i)) and e.kind in _IN_HAND]
    if Action.EXTEND in wanted and not any(e.action is Action.EXTEND for e in sisters):
        wanted = wanted | {Action.REISSUE}
    order = {s.entry.id: at for at, s in enumerate(decision.candidates)}
    fitting = [e.id for e in sisters if e.action in wanted]
    return min(fitting, key=lambda i: order.get(i, len(order)), default=last.id)


def _of_named(searcher: Searcher, text: str, question: Question, last: Entry, decision: Decision) -> Decision:
    """The decision, or the one for the matter that the remark names where the search stayed with the entry in
    hand or with a list."""
    asked_back = decision.outcome is Outcome.CHOOSE
    listed = _kind(searcher, decision.entry) is Kind.OVERVIEW
    if decision.entry != last.id and not asked_back and not listed:
        return decision
    alone = searcher.search(without_lead(text))
    if asked_back and last.id not in decision.choices and alone.outcome is Outcome.OUT:
        # Nothing that would be offered is about the entry in hand, and by itself it is a matter of others.
        return alone if alone.entry and alone.score >= searcher.weights.refuse_at else decision
    sure = alone.outcome is Outcome.ANSWER and alone.score >= searcher.weights.answer_at
    if sure and alone.entry != last.id and _kind(searcher, alone.entry) in _CAN_BE_NAMED:
        return alone if _names_more(searcher, question, alone.entry, last) else decision
    if asked_back or alone.outcome is not Outcome.CHOOSE:
        return decision
    offered = [e for i in alone.choices if (e := searcher.knowledge.entries[i]).kind in _PROCEDURES]
    fields = {e.field for e in offered}
    another = len(offered) > 1 and len(fields) == 1 and last.field not in fields
    return alone if another and _names_more(searcher, question, offered[0].id, last) else decision


def _names_more(searcher: Searcher, question: Question, entry_id: str, last: Entry) -> bool:
    """Whether the question has a word of the entry's name that the name of the entry in hand doesn't have."""
    named = _names(searcher.knowledge.entries[entry_id]) - _names(last)
    return not named.isdisjoint(_matter(searcher, question))


def _matter(searcher: Searcher, question: Question) -> set[str]:
    said = {t.syllable.folded for t in question.terms if t.role is Role.MATTER}
    return said - searcher.reader.lexicon.generic - remarks().fillers


def _names(entry: Entry) -> set[str]:
    return set(re.findall(r"\w+", fold(f"{entry.title} {entry.label}")))


def without_lead(text: str) -> str:
    """A remark without what ties it to what was said before: «vậy bán rượu thì sao» → «bán rượu sao»."""
    words = text.split()
    folded = [fold(word).strip(",.?!") or "-" for word in words]
    lead = remarks().lead.match(" ".join(folded) + " ")
    start = lead.group().count(" ") if lead else 0
    kept = [
        word
        for at, word in enumerate(words[start:], start)
        if at == start or not remarks().then.match(" ".join(folded[at:]))
    ]
    return " ".join(kept) or text
