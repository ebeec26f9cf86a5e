"""Say what an entry knows: the facet that was asked, short, with its caveats, source and date.

Pure: the same entry, facet, day and office give the same answer. Facts are joined, never completed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from knowledge.facets import FacetWriter, facts_told
from knowledge.loader import Knowledge
from knowledge.phrases import Phrases
from knowledge.provenance import Provenance
from knowledge.schema import Action, DocumentSet, Entry, Facet, Kind, Standing, Statement
from knowledge.wording import AnswerLine, Part, placed

TOPIC_LINES = 6
RENEWING = frozenset({Action.EXTEND, Action.REISSUE})
GONE = frozenset({Standing.ABOLISHED, Standing.OUTDATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeProfile:
    """The office as citizens may know it; empty where the office has not said."""

    name: str
    address: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    hours: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    portal_url: str = "https://dichvucong.gov.vn"

    def contact(self, phrases: Phrases) -> str:
        """Whom to ask, as one line."""
        known = [
            phrases(f"contact.{name}", text=value)
            for name, value in (
                ("phone", self.phone),
                ("email", self.email),
                ("address", self.address),
                ("website", self.website),
            )
            if value
        ]
        return f"{self.name} – {'; '.join(known)}" if known else phrases("contact.name_only", name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said about an entry. `facets`: the other sides that have facts; `options`: entries to go on
    to."""

    entry: str
    facet: Facet
    lines: tuple[AnswerLine, ...]
    facets: tuple[Facet, ...] = ()
    options: tuple[str, ...] = ()
    link: str = ""
    checklist: bool = False
    rest: bool = False  # said in short; the whole is the answer for Facet.OVERVIEW


class Answerer:
    """Renders entries of one knowledge version for one office."""

    def __init__(self, knowledge: Knowledge, phrases: Phrases, office: OfficeProfile) -> None:
        self.knowledge = knowledge
        self.phrases = phrases
        self.office = office
        self._facets = FacetWriter(phrases, office.portal_url)
        self._provenance = Provenance(phrases, website=office.website, portal_url=office.portal_url)

    def answer(self, entry: Entry, facet: Facet | None, today: date, *, again: bool = False) -> Answer:
        """The answer to a question for this side of the entry (None: no side asked). `again`: of the entry in
        hand, whose warnings were told with the answer before."""
        asked = facet or Facet.OVERVIEW
        if asked is Facet.RENEWAL and entry.action in RENEWING and not entry.renewal:
            asked = Facet.OVERVIEW  # the entry itself is the renewal that was asked for
        if entry.kind is Kind.OVERVIEW:
            title = self.phrases("answer.overview", title=entry.title)
            return Answer(entry=entry.id, facet=asked, lines=(AnswerLine(title),), options=entry.children)
        if entry.kind is Kind.STUB:
            return self._stub(entry, asked)
        if entry.kind is Kind.OFFICE:
            return self._office(entry, asked)
        if entry.own_file and facet is not Facet.OVERVIEW and entry.standing not in GONE:
            return self._in_short(entry, asked, today)
        if entry.kind in (Kind.TOPIC, Kind.REFORM, Kind.STAFF):
            return self._topic(entry, asked, today)
        if entry.standing in GONE:
            return self._gone(entry, asked)
        return self._procedure(entry, asked, today, again=again)

    def facets(self, entry: Entry, today: date) -> tuple[Facet, ...]:
        """The sides of a procedure that have facts today."""
        if entry.kind not in (Kind.PROCEDURE, Kind.GUIDANCE) or entry.standing in GONE:
            return ()
        return self._facets.known(entry, today)

    def checklist(self, entry: Entry) -> tuple[DocumentSet, ...]:
        """The papers to tick off before filing, by case."""
        return () if entry.standing in GONE else entry.documents

    def _procedure(self, entry: Entry, asked: Facet, today: date, *, again: bool) -> Answer:
        lines = [AnswerLine(entry.title if asked is Facet.OVERVIEW else entry.label, Part.TITLE)]
        lines += self._provenance.whereabouts(entry, asked, today)
        lines += self._facets.write(entry, asked, today) or self._missing(asked)
        if _is_cut(entry, asked):
            lines.append(AnswerLine(self.phrases("answer.facet_cut"), Part.WARNING))
        lines += self._provenance.caveats(entry, asked, today, again=again)
        told = facts_told(entry, asked, today)
        lines += self._provenance.source_lines(entry, told)
        facets = tuple(f for f in self.facets(entry, today) if f is not asked)
        return Answer(
            entry=entry.id,
            facet=asked,
            lines=tuple(lines),
            facets=facets,
            options=entry.related if asked is Facet.RENEWAL and not entry.renewal else (),
            link=self._provenance.link(entry, told),
            checklist=bool(self.checklist(entry)) and asked in (Facet.DOCUMENTS, Facet.OVERVIEW),
        )

    def _missing(self, asked: Facet) -> list[AnswerLine]:
        words = {Facet.POSTAL: "answer.no_postal", Facet.ONLINE: "answer.no_online"}
        name = self.phrases(f"facets.{asked}")
        first = self.phrases(words[asked]) if asked in words else self.phrases("answer.no_fact", facet=name)
        return [AnswerLine(first), *self._whom_to_ask()]

    def _whom_to_ask(self) -> list[AnswerLine]:
        return [
            AnswerLine(self.phrases("answer.ask", contact=self.office.contact(self.phrases))),
            AnswerLine(self.phrases("answer.ask_portal", url=self.office.portal_url)),
        ]

    def _gone(self, entry: Entry, asked: Facet) -> Answer:
        lines = [
            AnswerLine(entry.label, Part.TITLE),
            AnswerLine(self.phrases(f"standing.{entry.standing}"), Part.WARNING),
        ]
        if entry.replaced:
            lines.append(AnswerLine(entry.replaced.says))
        lines += self._whom_to_ask()
        lines += self._provenance.source_lines(entry, ())
        options = entry.replaced.entries if entry.replaced else ()
        return Answer(
            entry=entry.id,
            facet=asked,
            lines=tuple(lines),
            options=options,
            link=self._provenance.link(entry, ()),
        )

    def _stub(self, entry: Entry, asked: Facet) -> Answer:
        lines = [AnswerLine(self.phrases("answer.stub", title=entry.title)), *self._whom_to_ask()]
        if entry.related:
            lines.append(AnswerLine(self.phrases("answer.stub_related")))
        return Answer(
            entry=entry.id,
            facet=asked,
            lines=tuple(lines),
            options=entry.related,
            link=self.office.portal_url,
        )

    def _office(self, entry: Entry, asked: Facet) -> Answer:
        lines: list[AnswerLine] = []
        missing = []
        for name in entry.shows:
            value = getattr(self.office, name)
            if not value:
                missing.append(self.phrases(f"office.missing_names.{name}"))
            elif isinstance(value, tuple):
                lines += [AnswerLine(self.phrases(f"office.{name}", text=v), Part.ITEM) for v in value]
            else:
                lines.append(AnswerLine(self.phrases(f"office.{name}", text=value)))
        if missing:
            joined = ", ".join([missing[0], *(m[0].lower() + m[1:] for m in missing[1:])])
            lines.append(AnswerLine(self.phrases("office.missing", what=joined)))
        return Answer(
            entry=entry.id,
            facet=asked,
            lines=(AnswerLine(entry.title, Part.TITLE), *lines),
            options=entry.related,
            link=self.office.website,
        )

    def _topic(self, entry: Entry, asked: Facet, today: date) -> Answer:
        known = topic_facts(entry, asked, today)
        told = known[:TOPIC_LINES]
        lines = [AnswerLine(entry.title, Part.TITLE)]
        if entry.standing in GONE:  # what is merely doubtful is said with the caveats
            lines.append(AnswerLine(self.phrases(f"standing.{entry.standing}"), Part.WARNING))
        if entry.replaced:
            lines.append(AnswerLine(entry.replaced.says, Part.WARNING))
        changed = entry.own_file or any(f.past for f in told)
        lines += self._now_and_before(entry, told) if changed else _items(told)
        if len(known) > TOPIC_LINES:
            lines.append(AnswerLine(self.phrases("answer.more", count=len(known) - TOPIC_LINES)))
        fits = asked is not Facet.OVERVIEW and any(f.facet is asked for f in known)
        if any(f in entry.truncated for f in (asked, Facet.OVERVIEW)) or (entry.truncated and not fits):
            lines.append(AnswerLine(self.phrases("answer.facet_cut"), Part.WARNING))
        lines += self._provenance.caveats(entry, asked, today)
        if not changed:
            lines += self._provenance.source_lines(entry, told)
        # The pages of what is past are named, not opened.
        link = self.office.portal_url if changed else self._provenance.link(entry, told)
        return Answer(entry=entry.id, facet=asked, lines=tuple(lines), options=_further(entry), link=link)

    def _in_short(self, entry: Entry, asked: Facet, today: date) -> Answer:
        """To who asks about a file of their own: that it isn't seen here, whom to ask, and the first fact
        that holds now. All the rest stands behind a choice."""
        known = topic_facts(entry, Facet.OVERVIEW, today)
        told = [f for f in known if not f.past][:1]
        lines = [
            AnswerLine(entry.title, Part.TITLE),
            AnswerLine(self.phrases("answer.own_unseen")),
            *self._whom_to_ask_of_own(),
            *_items(told),
            *(self._provenance.of_each(entry, told) if told else ()),
        ]
        return Answer(
            entry=entry.id,
            facet=asked,
            lines=tuple(lines),
            options=_further(entry),
            link=self.office.portal_url,
            rest=known != told,
        )

    def _now_and_before(self, entry: Entry, told: Sequence[Statement]) -> list[AnswerLine]:
        """Facts of different times, each with its own source and date: what holds now, whom to ask, how it
        was before."""
        lines: list[AnswerLine] = []
        now, before = [f for f in told if not f.past], [f for f in told if f.past]
        for _, facts in groupby(now, key=lambda fact: (fact.source, fact.as_of)):
            alike = list(facts)
            lines += [*_items(alike), *self._provenance.of_each(entry, alike)]
        lines += self._own_file() if entry.own_file else []
        if before:
            lines.append(AnswerLine(self.phrases("answer.past"), Part.WARNING))
            lines += [*_items(before), *self._provenance.of_each(entry, before)]
        return lines

    def _own_file(self) -> list[AnswerLine]:
        """Whom to ask about a file of one's own, and when."""
        hours = (AnswerLine(self.phrases("office.hours", text=text)) for text in self.office.hours)
        return [*self._whom_to_ask_of_own(), *hours]

    def _whom_to_ask_of_own(self) -> list[AnswerLine]:
        """As far as the office has said how it is reached."""
        office = self.office
        lines = [AnswerLine(self.phrases("answer.ask_own", contact=office.contact(self.phrases)))]
        if office.phone or office.email or office.address:
            lines.append(AnswerLine(self.phrases("answer.have_code")))
        return lines


def topic_facts(entry: Entry, asked: Facet, today: date) -> list[Statement]:
    """What a general subject has to tell today: what was asked stands first; how it was done before, last."""
    facts = [f for f in entry.facts if f.shown and f.holds(today)]
    return sorted(facts, key=lambda f: (f.past, asked is Facet.OVERVIEW or f.facet is not asked))


def _further(entry: Entry) -> tuple[str, ...]:
    """The entries to go on to, what replaced it first."""
    replacing = entry.replaced.entries if entry.replaced else ()
    return tuple(dict.fromkeys([*replacing, *entry.related]))


def _items(facts: Iterable[Statement]) -> list[AnswerLine]:
    return [AnswerLine(placed(f.text, f), Part.ITEM) for f in facts]


def _is_cut(entry: Entry, asked: Facet) -> bool:
    """Whether something told was cut at its source; of documents that is said where they stand."""
    told = set(entry.truncated) - {Facet.DOCUMENTS}
    return bool(told) if asked is Facet.OVERVIEW else asked in told
