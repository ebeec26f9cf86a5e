"""What the words of a remark say by themselves: whether they name a matter, what is to be done, the side that
is asked, a file of one's own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from handlers.remarks import remarks
from knowledge.question import Question, Reader, Role
from knowledge.schema import Action, Facet
from knowledge.vietnamese import fold

_OPENING = frozenset({Action.ISSUE, Action.REGISTER, Action.NOTIFY})
_BESIDE = frozenset({Facet.ELIGIBILITY, Facet.LEGAL})  # «có … không», «… là gì» go along with other sides


def names_nothing(reader: Reader, question: Question, more: Iterable[str] = ()) -> bool:
    """Whether no word of the question names a matter; what is to be done is none. `more`: words that don't
    either."""
    done = {word for said, _ in _actions(reader, question) for word in said}
    known = reader.lexicon.generic.union(remarks().fillers, done, more)
    return all(
        t.role is not Role.MATTER or t.syllable.folded in known or t.syllable.folded.isdigit()
        for t in question.terms
    )


def wanted(reader: Reader, question: Question) -> set[Action]:
    """What is to be done that another entry than the first issue may be for."""
    return {action for _, action in _actions(reader, question)} - _OPENING


def _actions(reader: Reader, question: Question) -> list[tuple[list[str], Action]]:
    """What is to be done, and in which words. «mất bao lâu» is not about a loss, nor is a «không» («hổng» for
    some) damage."""
    found = []
    folded = _folded(question)
    for match in reader.lexicon.actions.find([t.syllable for t in question.terms]):
        end = match.start + match.size
        said = folded[match.start : end]
        takes = said == ["mat"] and not remarks().takes.isdisjoint(folded[end : end + 1])
        if said != ["khong"] and not takes:
            found.append((said, match.value))
    return found


def side(reader: Reader, question: Question) -> Facet | None:
    """The side that is asked: «có mất phí không» asks for the fee, «mẫu đơn lấy ở đâu» for the form."""
    found = reader.lexicon.facets([t.syllable for t in question.terms])
    if question.facet is Facet.ELIGIBILITY:
        telling = [m for m in found if m.value not in _BESIDE]
        return max(telling, key=lambda m: m.size).value if telling else question.facet
    if question.facet is Facet.WHERE and any(m.value is Facet.FORM for m in found):
        return Facet.FORM
    if not found:  # at most a word that hints at papers
        said = _said(question)
        if remarks().which.search(said):
            return Facet.WHERE
        return Facet.FEE if remarks().money.search(said) else question.facet
    return question.facet


def of_own_file(reader: Reader, question: Question) -> bool:
    """Whether somebody asks how far a file is that they handed in."""
    said, words = _said(question), remarks()
    mine, progress = words.mine.search(said), words.progress.search(said)
    if mine and progress and words.papers.search(said):
        return True  # whatever it was handed in for
    if not words.file.search(said) or not names_nothing(reader, question, words.of_files):
        return False
    return bool(progress or words.result.search(said) or (mine and words.outcome.search(said)))


def of_office(text: str) -> str:
    """The entry about the office itself that a remark asks for («sdt so la gi»), "" where it names anything
    else: its telephone, address, e-mail, website, opening hours."""
    said = " ".join(re.findall(r"\w+", fold(text)))
    words = remarks()
    for entry, phrases in words.office.items():
        rest = phrases.sub(" ", said).split()
        if len(rest) < len(said.split()) and words.around_office.issuperset(rest):
            return entry
    return ""


def _folded(question: Question) -> list[str]:
    return [t.syllable.folded for t in question.terms]


def _said(question: Question) -> str:
    return " ".join(_folded(question))
