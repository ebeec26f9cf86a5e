"""From a question to a decision: answer with an entry, ask back, say it is not handled here, chat, or call a
person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from knowledge.confidence import NOT_OURS, SIGNALS, belief_not_ours, signals
from knowledge.index import Group, Index
from knowledge.lexicon import Lexicon, load_lexicon
from knowledge.loader import Knowledge
from knowledge.names import exact_names, folded_text, long_names, searched_items
from knowledge.question import Question, Reader, Role
from knowledge.ranking import FEATURES, Context, Ranker, Scored
from knowledge.schema import Action, Entry, Facet, Kind
from knowledge.usage import NO_USAGE, Usage, load_usage
from knowledge.weights import WeightsFile, load_weights

MAX_CHOICES = 4
_COMPLETION_WORDS = 8
_REMARK_WORDS = 3
_NAMED = 0.8  # share of a remark's matter that an entry has, from which the remark is about that entry
_SOMETHING = 0.3  # mass of a phrase from which it names a matter
_HARDLY = 0.5  # worth of a phrase below which it says little
_SURE_THOUGH_VAGUE = 0.95
_HERE = Path(__file__).parent


class Outcome(StrEnum):
    """What is done with a question."""

    ANSWER = "answer"
    CHOOSE = "choose"
    OUT = "out"
    SMALLTALK = "smalltalk"
    HUMAN = "human"


# What is done with an entry that is not answered as such.
_OUTCOMES = {
    Kind.HUMAN: Outcome.HUMAN,
    Kind.SMALLTALK: Outcome.SMALLTALK,
    Kind.OUTSIDE: Outcome.OUT,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What the search decided. `entry` is set for answer, human, smalltalk and for a known matter of others
    (out)."""

    outcome: Outcome
    entry: str = ""
    facet: Facet | None = None
    choices: tuple[str, ...] = ()
    score: float = 0.0  # confidence, 0 to 1
    question: Question | None = None
    candidates: tuple[Scored, ...] = field(default=(), repr=False)


class Searcher:
    """The search over one version of the knowledge. Read-only after it is built; threads may share it."""

    def __init__(
        self, knowledge: Knowledge, lexicon: Lexicon, weights: WeightsFile, usage: Usage = NO_USAGE
    ) -> None:
        self.knowledge = knowledge
        self.weights = weights
        found = searched_items(knowledge, lexicon)
        self.index = Index(found, lexicon, weights.common, usage)
        self.reader = Reader(lexicon, self.index)
        self.ranker = Ranker(self.index, weights.rank, always=(weights.elsewhere_entry,))
        self._exact = exact_names(found)
        self._asking = [e for e in knowledge.entries.values() if e.asks_back]
        self._names = long_names(knowledge, found)
        self._codes = {e.code_base: e.id for e in reversed(list(knowledge.entries.values())) if e.code_base}

    def search(self, text: str, last: Entry | None = None, pending: str = "") -> Decision:
        """Decide on a question. `last`: the entry the conversation was about; `pending`: the question that
        was asked back, which a few more words may complete."""
        question = self.reader.read(text)
        alone = self._search(question, last)
        if (
            not pending
            or question.empty
            or (alone.outcome is Outcome.ANSWER and alone.score >= self.weights.answer_at)
        ):
            return alone
        if alone.outcome in (Outcome.SMALLTALK, Outcome.HUMAN) or len(question.terms) > _COMPLETION_WORDS:
            return alone
        together = self._search(self.reader.read(f"{pending} {text}"), last)
        return together if together.outcome in (Outcome.ANSWER, Outcome.CHOOSE) else alone

    def _search(self, question: Question, last: Entry | None) -> Decision:
        if question.procedure_code in self._codes:
            return self._answer(question, self._codes[question.procedure_code], 1.0)
        if question.dossier and self.weights.dossier_entry in self.knowledge.entries:
            return self._answer(question, self.weights.dossier_entry, 1.0, Facet.STATUS)
        named = "" if last and question.vague else self._exactly(question) or self._named(question)
        if named:
            return self._answer(question, named, 1.0)
        if question.empty or question.noise:
            return Decision(Outcome.OUT, question=question)
        return self.decide(question, self.rank(question, last), last)

    def _exactly(self, question: Question) -> str:
        """The entry that is called just what was typed."""
        return self._exact.get(folded_text(t.syllable.folded for t in question.terms), "")

    def _named(self, question: Question) -> str:
        """The entry whose whole name stands in the question; the longest name wins."""
        found = self._names.find([t.syllable for t in question.terms], overlapping=True)
        return max(found, key=lambda m: m.size).value if found else ""

    def rank(self, question: Question, last: Entry | None) -> list[Scored]:
        context = Context(last.id, last.field) if last else Context()
        return self.ranker.rank(question, context)

    def confidence(self, question: Question, ranked: Sequence[Scored]) -> float:
        values = signals(question, ranked, self.index)
        total = sum(self.weights.confidence.get(n, 0.0) * v for n, v in zip(SIGNALS, values, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def decide(self, question: Question, ranked: Sequence[Scored], last: Entry | None) -> Decision:
        """What to do with a question whose candidates are ranked."""
        if not ranked:
            return self._without_match(question, last)
        if last and not question.vague and _names_another(ranked, last):
            anew = self.rank(question, None)
            if anew[0].entry.kind in NOT_OURS:  # "còn thuốc lá?" after a permit asks for a permit
                return self._choose(question, anew, self.confidence(question, anew))
            return self.decide(question, anew, None)
        best = ranked[0]
        sure = self.confidence(question, ranked)
        if last and self._about_last(question, best, sure):
            return self._answer(question, self._step_of(last, question, ranked), sure, candidates=ranked)
        if question.vague:
            return self._vague(question, ranked, sure)
        if best.entry.kind in NOT_OURS or best.entry.kind is Kind.HUMAN:
            if sure >= self.weights.refuse_at or belief_not_ours(ranked) >= self.weights.out_at:
                return self._other(question, best, sure, ranked)
            return self._choose(question, ranked, sure)
        if sure >= self.weights.answer_at:
            chosen = self._opening_of(best.entry.id, question) or best.entry.id
            return self._answer(question, chosen, sure, candidates=ranked)
        if sure >= self.weights.choose_at and belief_not_ours(ranked) < self.weights.out_at:
            return self._choose(question, ranked, sure)
        return self._other(question, best, sure, ranked)

    def _opening_of(self, entry_id: str, question: Question) -> str:
        """The entry of an overview that a question for papers, fee or time means when it names no later
        step."""
        entry = self.knowledge.entries[entry_id]
        if not question.facet or question.actions - {Action.ISSUE}:
            return ""
        return entry.opening or ""

    def _vague(self, question: Question, ranked: Sequence[Scored], sure: float) -> Decision:
        """No matter was named: chat if it was only polite, answer a general subject that is sure, else ask
        what it is about."""
        best = ranked[0]
        polite = any(t.role is Role.POLITE for t in question.terms)
        if not question.facet and not question.actions:
            talk = next((s for s in ranked if s.entry.kind is Kind.SMALLTALK), None)
            if talk and (polite or talk is best):
                return self._other(question, talk, sure, ranked)
            if all(t.role is Role.STOP for t in question.terms):
                return Decision(Outcome.OUT, "", None, (), sure, question, tuple(ranked))
        general = best.entry.group is Group.GENERAL and best.entry.kind is not Kind.OUTSIDE
        if general and sure >= max(self.weights.answer_at, _SURE_THOUGH_VAGUE):
            return self._answer(question, best.entry.id, sure, candidates=ranked)
        choices = self._without_matter(question, ranked)
        return Decision(Outcome.CHOOSE, "", question.facet, choices, sure, question, tuple(ranked))

    def _without_matter(self, question: Question, ranked: Sequence[Scored]) -> tuple[str, ...]:
        """What to offer when no matter was named: general subjects that fit, then the lists to choose from,
        first the one for what is to be done."""
        fitting = [s.entry for s in ranked if s.entry.group is Group.GENERAL] if question.facet else []
        general = [e.id for e in fitting if e.kind not in NOT_OURS and e.kind is not Kind.REFORM]
        wanted = question.actions | ({Action.REISSUE} if Action.EXTEND in question.actions else set())
        lists = sorted(self._asking, key=lambda e: e.action not in wanted)
        subjects = MAX_CHOICES - (2 if question.actions or not question.facet else 1)
        return tuple(dict.fromkeys([*general[:subjects], *(e.id for e in lists)]))[:MAX_CHOICES]

    def _choose(self, question: Question, ranked: Sequence[Scored], sure: float) -> Decision:
        choices = self._choices(ranked)
        if not choices:
            return self._other(question, ranked[0], sure, ranked)
        return Decision(Outcome.CHOOSE, "", question.facet, choices, sure, question, tuple(ranked))

    def _about_last(self, question: Question, best: Scored, sure: float) -> bool:
        """A remark that only names a facet, or says too little to be about anything else."""
        generic = self.reader.lexicon.generic
        matter = [t for t in question.terms if t.role is Role.MATTER and t.syllable.folded not in generic]
        if best.entry.kind in (Kind.SMALLTALK, Kind.HUMAN) and not question.facet:
            return False
        if (question.vague or not matter) and (question.facet or question.actions):
            return True
        if len(matter) > _REMARK_WORDS:
            return False
        values = dict(zip(FEATURES, best.features, strict=True))
        if best.entry.kind in NOT_OURS:
            # "tôi ở Phú Quốc nộp ở đâu": a side is asked, and nothing speaks for a matter of others.
            return sure < self.weights.follow_at or bool(question.facet and values["phrase"] < _HARDLY)
        return sure < self.weights.follow_at

    def _step_of(self, last: Entry, question: Question, ranked: Sequence[Scored]) -> str:
        """The entry in hand, or its sister that does what the remark asks for ("bị mất" after the first
        issue)."""
        wanted = question.actions - {Action.ISSUE, Action.REGISTER, Action.NOTIFY}
        if not wanted or last.action in wanted:
            return last.id
        sisters = [e for i in last.related if (e := self.knowledge.get(i)) and e.kind is not Kind.REFORM]
        if Action.EXTEND in wanted and not any(e.action is Action.EXTEND for e in sisters):
            wanted = wanted | {Action.REISSUE}
        fitting = [e.id for e in sisters if e.action in wanted]
        order = {s.entry.id: at for at, s in enumerate(ranked)}
        return min(fitting, key=lambda i: order.get(i, len(order)), default=last.id)

    def _without_match(self, question: Question, last: Entry | None) -> Decision:
        if last and (question.facet or question.vague):
            return self._answer(question, last.id, 0.5)
        return Decision(Outcome.OUT, question=question)

    def _other(self, question: Question, best: Scored, sure: float, ranked: Sequence[Scored]) -> Decision:
        kind = best.entry.kind
        outcome = _OUTCOMES.get(kind, Outcome.OUT)
        unsure = kind is Kind.OUTSIDE and sure < self.weights.choose_at
        known = best.entry.id if kind in _OUTCOMES and not unsure else ""
        return Decision(outcome, known, question.facet, (), sure, question, tuple(ranked))

    def _answer(
        self,
        question: Question,
        entry_id: str,
        sure: float,
        facet: Facet | None = None,
        candidates: Sequence[Scored] = (),
    ) -> Decision:
        entry = self.knowledge.entries[entry_id]
        outcome = _OUTCOMES.get(entry.kind, Outcome.ANSWER)
        return Decision(outcome, entry_id, facet or question.facet, (), sure, question, tuple(candidates))

    def _choices(self, ranked: Sequence[Scored]) -> tuple[str, ...]:
        floor = ranked[0].score - self.weights.choice_gap
        found: list[str] = []
        for scored in ranked:
            if scored.score < floor or len(found) == MAX_CHOICES:
                break
            if scored.entry.kind in NOT_OURS:
                continue
            main = scored.entry.main or scored.entry.id
            if main not in found:
                found.append(main)
        return tuple(found)


def _names_another(ranked: Sequence[Scored], last: Entry) -> bool:
    """Whether the question names the matter of another field, of which the entry in hand has nothing ("còn
    thuốc lá?")."""
    covered, at_all = FEATURES.index("covered"), FEATURES.index("mass")
    own = max((s.features[covered] for s in ranked if s.entry.id == last.id), default=0.0)
    return own < 1 - _NAMED and any(
        s.features[covered] >= _NAMED
        and s.features[at_all] > _SOMETHING
        and s.entry.kind not in NOT_OURS
        and s.entry.group is Group.PROCEDURE
        and s.entry.field != last.field
        for s in ranked
    )


def build(
    knowledge: Knowledge,
    *,
    weights: WeightsFile | None = None,
    lexicon: Lexicon | None = None,
    usage: Usage | None = None,
) -> Searcher:
    """A searcher with the shipped lexicon, weights and usage unless others are given."""
    lexicon = lexicon or load_lexicon(_HERE / "lexicon.yaml")
    return Searcher(knowledge, lexicon, weights or load_weights(), usage or load_usage())
