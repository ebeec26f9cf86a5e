"""Say what an entry knows: the facet that was asked, short, with its caveats, source and date.

Pure: the same entry, facet, day and office give the same answer. Facts are joined, never completed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import urlsplit

from knowledge.loader import Knowledge
from knowledge.phrases import Phrases
from knowledge.schema import (
    Action,
    DocumentSet,
    Duration,
    Entry,
    Facet,
    Fact,
    Fee,
    Kind,
    MustCheck,
    Source,
    SourceKind,
    Standing,
    Statement,
    Way,
)

_TOPIC_LINES = 6
_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_IP_HOST = re.compile(r"[\d.]+|.*:.*")
_RENEWING = frozenset({Action.EXTEND, Action.REISSUE})
_GONE = frozenset({Standing.ABOLISHED, Standing.OUTDATED})


class Part(StrEnum):
    """What a line of an answer is."""

    TITLE = "title"
    TEXT = "text"
    ITEM = "item"
    WARNING = "warning"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class AnswerLine:
    text: str
    part: Part = Part.TEXT


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
        return f"{self.name}: {', '.join(known)}" if known else phrases("contact.name_only", name=self.name)


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


class Answerer:
    """Renders entries of one knowledge version for one office."""

    def __init__(self, knowledge: Knowledge, phrases: Phrases, office: OfficeProfile) -> None:
        self.knowledge = knowledge
        self.phrases = phrases
        self.office = office
        self._national = frozenset(phrases.list("national_hosts"))

    def answer(self, entry: Entry, facet: Facet | None, today: date) -> Answer:
        """The answer to a question for this side of the entry (None: no side asked)."""
        asked = facet or Facet.OVERVIEW
        if asked is Facet.RENEWAL and entry.action in _RENEWING and not entry.renewal:
            asked = Facet.OVERVIEW  # the entry itself is the renewal that was asked for
        if entry.kind is Kind.OVERVIEW:
            title = self.phrases("answer.overview", title=entry.title)
            return Answer(entry=entry.id, facet=asked, lines=(AnswerLine(title),), options=entry.children)
        if entry.kind is Kind.STUB:
            return self._stub(entry, asked)
        if entry.kind is Kind.OFFICE:
            return self._office(entry, asked)
        if entry.kind in (Kind.TOPIC, Kind.REFORM, Kind.STAFF):
            return self._topic(entry, asked, today)
        if entry.standing in _GONE:
            return self._gone(entry, asked)
        return self._procedure(entry, asked, today)

    def facets(self, entry: Entry, today: date) -> tuple[Facet, ...]:
        """The sides of a procedure that have facts today."""
        if entry.kind not in (Kind.PROCEDURE, Kind.GUIDANCE) or entry.standing in _GONE:
            return ()
        return tuple(f for f in _ORDER if f in _RENDER and _RENDER[f](self, entry, today))

    def checklist(self, entry: Entry) -> tuple[DocumentSet, ...]:
        """The papers to tick off before filing, by case."""
        return () if entry.standing in _GONE else entry.documents

    def _procedure(self, entry: Entry, asked: Facet, today: date) -> Answer:
        lines = [AnswerLine(entry.title if asked is Facet.OVERVIEW else entry.label, Part.TITLE)]
        render = Answerer._overview if asked is Facet.OVERVIEW else _RENDER[asked]
        lines += render(self, entry, today) or self._missing(asked)
        if _is_cut(entry, asked):
            lines.append(AnswerLine(self.phrases("answer.facet_cut"), Part.WARNING))
        lines += self._caveats(entry, asked, today)
        lines += self._source_lines(entry, self._used(entry, asked, today))
        facets = tuple(f for f in self.facets(entry, today) if f is not asked)
        return Answer(
            entry=entry.id,
            facet=asked,
            lines=tuple(lines),
            facets=facets,
            options=entry.related if asked is Facet.RENEWAL and not entry.renewal else (),
            link=self._link(entry),
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
        lines += self._source_lines(entry, ())
        options = entry.replaced.entries if entry.replaced else ()
        return Answer(
            entry=entry.id, facet=asked, lines=tuple(lines), options=options, link=self._link(entry)
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
        facts = [f for f in entry.facts if f.shown and f.holds(today)]
        fitting = [f for f in facts if f.facet is asked] if asked is not Facet.OVERVIEW else []
        chosen = [*fitting, *(f for f in facts if f not in fitting)]  # what was asked stands first
        lines = [AnswerLine(entry.title, Part.TITLE)]
        if entry.standing in _GONE:  # what is merely doubtful is said with the caveats
            lines.append(AnswerLine(self.phrases(f"standing.{entry.standing}"), Part.WARNING))
        if entry.replaced:
            lines.append(AnswerLine(entry.replaced.says, Part.WARNING))
        lines += [AnswerLine(_placed(f.text, f), Part.ITEM) for f in chosen[:_TOPIC_LINES]]
        if len(chosen) > _TOPIC_LINES:
            lines.append(AnswerLine(self.phrases("answer.more", count=len(chosen) - _TOPIC_LINES)))
        if any(f in entry.truncated for f in (asked, Facet.OVERVIEW)) or (entry.truncated and not fitting):
            lines.append(AnswerLine(self.phrases("answer.facet_cut"), Part.WARNING))
        lines += self._caveats(entry, asked, today)
        lines += self._source_lines(entry, chosen[:_TOPIC_LINES])
        more = tuple(dict.fromkeys([*(entry.replaced.entries if entry.replaced else ()), *entry.related]))
        return Answer(entry=entry.id, facet=asked, lines=tuple(lines), options=more, link=self._link(entry))

    def _overview(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        if entry.agency:
            lines.append(AnswerLine(self.phrases("answer.agency", text=entry.agency)))
        documents = [d for d in entry.documents if d.holds(today)]
        if len(documents) == 1 and documents[0].complete and Facet.DOCUMENTS not in entry.truncated:
            copies = f", {entry.copies.text}" if entry.copies and _told(entry.copies, today) else ""
            count = len(documents[0].items)
            lines.append(AnswerLine(self.phrases("answer.documents_count", count=count, copies=copies)))
        lines += self._first(self._times(entry, today))
        lines += self._first(self._fees(entry, today))
        ways = [self.phrases(f"ways.{w}") for w in dict.fromkeys(f.way for f in entry.filing)]
        if ways:
            text = "; ".join([ways[0], *(w[0].lower() + w[1:] for w in ways[1:])])
            lines.append(AnswerLine(self.phrases("answer.ways", text=text)))
        if len(lines) < 4:
            lines += self._single("answer.who", entry.who, today)
        if not lines:
            lines += self._eligibility(entry, today)[:4]
        return lines or self._legal(entry, today)[:4]

    def _first(self, found: list[AnswerLine]) -> list[AnswerLine]:
        """At most two lines; where there are more, that is said."""
        if len(found) <= 2:
            return found
        return [found[0], AnswerLine(self.phrases("answer.more", count=len(found) - 1))]

    # Each of these renders one facet; an empty list means that nothing is known.

    def _documents(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        cut = Facet.DOCUMENTS in entry.truncated
        for documents in entry.documents:
            if not documents.holds(today):
                continue
            if documents.case or documents.place:
                case = _placed(documents.case or "", documents)
                lines.append(AnswerLine(self.phrases("answer.documents_case", case=case)))
            for item in documents.items:
                copies = f" – {item.copies}" if item.copies else ""
                lines.append(AnswerLine(item.text + copies, Part.ITEM))
            if documents.note:
                lines.append(AnswerLine(documents.note))
            cut = cut or not documents.complete
        if lines:
            lines += self._single("answer.copies", entry.copies, today)
        if lines and cut:
            lines.append(AnswerLine(self.phrases("answer.documents_cut"), Part.WARNING))
        return lines

    def _fees(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        for fee in _fees_told(entry, today):
            coming = fee.from_ is not None and fee.from_ > today
            text = self._fee_text(fee)
            if coming and fee.from_:
                text = self.phrases("answer.fee_from_on", day=_day(fee.from_), text=text)
            lines.append(AnswerLine(text))
        return lines

    def _fee_text(self, fee: Fee) -> str:
        whom = ", ".join(x for x in (fee.payer, fee.place, fee.case) if x)
        head = f"{fee.name} ({whom})" if whom else fee.name
        if fee.free:
            value = self.phrases("answer.fee_free")
        elif fee.amount is not None:
            value = f"{fee.amount:,}".replace(",", ".") + " đồng" + (f"/{fee.per}" if fee.per else "")
        else:
            value = ""
        if fee.text:
            value = f"{value} – {fee.text}" if value else fee.text
        if fee.until:
            value += f" ({self.phrases('answer.until', day=_day(fee.until))})"
        return f"{head}: {value}"

    def _times(self, entry: Entry, today: date) -> list[AnswerLine]:
        return [AnswerLine(_time_text(t)) for t in entry.times if t.holds(today)]

    def _where(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        if entry.agency:
            lines.append(AnswerLine(self.phrases("answer.agency", text=entry.agency)))
        return lines + self._ways(entry, today, set(Way))

    def _ways(self, entry: Entry, today: date, ways: set[Way]) -> list[AnswerLine]:
        lines = []
        for filing in entry.filing:
            if filing.way in ways and filing.holds(today):
                text = self.phrases(f"ways.{filing.way}") + (f": {filing.at}" if filing.at else "")
                lines.append(AnswerLine(_placed(text, filing), Part.ITEM))
        return lines

    def _online(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        for level in entry.online_levels:
            if level.holds(today):
                text = self.phrases(f"levels.{level.level}") + (f" – {level.text}" if level.text else "")
                lines.append(AnswerLine(_placed(text, level)))
        lines += self._ways(entry, today, {Way.ONLINE, Way.EMAIL})
        if lines:
            lines.append(AnswerLine(self.phrases("answer.portal", url=self.office.portal_url)))
        return lines

    def _postal(self, entry: Entry, today: date) -> list[AnswerLine]:
        return self._ways(entry, today, {Way.POSTAL})

    def _forms(self, entry: Entry, today: date) -> list[AnswerLine]:
        named = [AnswerLine(form, Part.ITEM) for form in entry.forms]
        if named:
            return named
        documents = [d for d in entry.documents if d.holds(today)]
        items = [i.text for d in documents for i in d.items if "mẫu" in i.text.lower()]
        lines = [AnswerLine(text, Part.ITEM) for text in dict.fromkeys(items)]
        if lines and (Facet.DOCUMENTS in entry.truncated or not all(d.complete for d in documents)):
            lines.append(AnswerLine(self.phrases("answer.facet_cut"), Part.WARNING))
        return lines

    def _eligibility(self, entry: Entry, today: date) -> list[AnswerLine]:
        return self._single("answer.who", entry.who, today) + _statements(entry.conditions, today)

    def _result(self, entry: Entry, today: date) -> list[AnswerLine]:
        result = self._single("answer.result", entry.result, today)
        return result + self._single("answer.validity", entry.validity, today)

    def _single(self, phrase: str, statement: Statement | None, today: date) -> list[AnswerLine]:
        """The line of a fact that an entry has once, if it may be told today."""
        if statement is None or not _told(statement, today):
            return []
        return [AnswerLine(self.phrases(phrase, text=_placed(statement.text, statement)))]

    def _renewal(self, entry: Entry, today: date) -> list[AnswerLine]:
        return _statements(entry.renewal, today)

    def _legal(self, entry: Entry, today: date) -> list[AnswerLine]:
        return [AnswerLine(text, Part.ITEM) for text in entry.legal]

    def _status(self, entry: Entry, today: date) -> list[AnswerLine]:
        if entry.standing is not Standing.CURRENT:
            return [AnswerLine(self.phrases(f"standing.{entry.standing}"))]
        return [AnswerLine(self.phrases("answer.holds"))]

    def _caveats(self, entry: Entry, asked: Facet, today: date) -> list[AnswerLine]:
        lines = [
            AnswerLine(_placed(w.text, w), Part.WARNING)
            for w in entry.warnings
            if _told(w, today) and (w.facet is None or w.facet is asked or asked is Facet.OVERVIEW)
        ]
        if entry.standing in (Standing.RECHECK, Standing.POSSIBLY_OUTDATED) and asked is not Facet.STATUS:
            lines.append(AnswerLine(self.phrases(f"standing.{entry.standing}"), Part.WARNING))
        checks = [
            c for c in entry.must_check if c is not MustCheck.FEE_CUT or self._fees_may_be_cut(entry, asked)
        ]
        lines += [AnswerLine(self.phrases(f"caveats.{c}"), Part.WARNING) for c in checks]
        return lines + [AnswerLine(text, Part.WARNING) for text in self._trust(entry)]

    @staticmethod
    def _fees_may_be_cut(entry: Entry, asked: Facet) -> bool:
        """Fees are spoken of, and none of them says itself how long it holds."""
        if asked not in (Facet.FEE, Facet.OVERVIEW) or not entry.fees:
            return False
        return not any(f.from_ or f.until for f in entry.fees)

    def _trust(self, entry: Entry) -> Iterable[str]:
        shown = [s for s in entry.sources.values() if s.shown]
        kinds = {s.kind for s in shown}
        if entry.confidence == "inferred":
            yield self.phrases("trust.inferred")
        if entry.low_reliability:
            yield self.phrases("trust.low")
        if SourceKind.VENDOR_MIRROR in kinds:
            yield self.phrases("trust.mirror")
        elif kinds and not kinds & {SourceKind.OFFICIAL, SourceKind.LEGAL_DATABASE}:
            yield self.phrases("trust.unofficial")

    def _is_elsewhere(self, source: Source) -> bool:
        """Whether it is the page of another place than this office's."""
        host = _host(source)
        own = urlsplit(self.office.website).hostname or ""
        return (
            source.kind is SourceKind.OFFICIAL and bool(host) and host not in self._national and host != own
        )

    @staticmethod
    def _used(entry: Entry, asked: Facet, today: date) -> Sequence[Fact]:
        """The facts that an answer for this side tells today; none for an overview."""
        facts = _fees_told(entry, today) if asked is Facet.FEE else _facts_of(entry, asked)
        return [f for f in facts if f.holds(today) or asked is Facet.FEE]

    def _source_lines(self, entry: Entry, told: Sequence[Fact]) -> list[AnswerLine]:
        """The source and date of the facts told; those of the entry where a fact has none of its own."""
        default = next(iter(entry.sources), "")
        keys = list(dict.fromkeys(f.source or default for f in told)) or list(entry.sources)[:2]
        sources = [entry.sources[k] for k in sorted(keys, key=lambda k: k != default) if k in entry.sources]
        named = [s for s in sources if s.shown] or [s for s in entry.sources.values() if s.shown][:1]
        names = [n for n in dict.fromkeys(self._source_name(s) for s in named) if n]
        if not names:
            return []
        joined = self.phrases("source.separator").join(names[:3])
        dates = dict.fromkeys([f.as_of or entry.as_of or "" for f in told] or [entry.as_of or ""])
        as_of = self.phrases("source.separator").join(d for d in dates if d) or self.phrases("source.undated")
        as_of = _ISO_DAY.sub(r"\3/\2/\1", as_of)
        text = self.phrases("source.line", sources=joined, as_of=as_of)
        if any(self._is_elsewhere(s) for s in named[:3]):
            text += " " + self.phrases("source.elsewhere")
        return [AnswerLine(text, Part.SOURCE)]

    def _source_name(self, source: Source) -> str:
        if source.kind is SourceKind.UNOFFICIAL:
            return self.phrases("source.unofficial")
        host = _host(source)
        if not host or source.incomplete:
            return source.document or host
        if _IP_HOST.fullmatch(host):
            return self.phrases("source.numbered_host", host=host)
        return host

    def _link(self, entry: Entry) -> str:
        """The official page, else any page that may be shown whole, else the national portal."""
        whole = [
            s
            for s in entry.sources.values()
            if s.shown and s.url and not s.incomplete and not _IP_HOST.fullmatch(_host(s))
            if s.kind is not SourceKind.UNOFFICIAL
        ]
        official = [s for s in whole if s.kind is SourceKind.OFFICIAL]
        best = (official or [s for s in whole if s.kind is SourceKind.LEGAL_DATABASE] or whole)[:1]
        return best[0].url or self.office.portal_url if best else self.office.portal_url


_ORDER = (
    Facet.DOCUMENTS,
    Facet.FEE,
    Facet.TIME,
    Facet.WHERE,
    Facet.ONLINE,
    Facet.POSTAL,
    Facet.FORM,
    Facet.ELIGIBILITY,
    Facet.RESULT,
    Facet.RENEWAL,
    Facet.LEGAL,
)

_RENDER: dict[Facet, Callable[[Answerer, Entry, date], list[AnswerLine]]] = {
    Facet.DOCUMENTS: Answerer._documents,
    Facet.FEE: Answerer._fees,
    Facet.TIME: Answerer._times,
    Facet.WHERE: Answerer._where,
    Facet.ONLINE: Answerer._online,
    Facet.POSTAL: Answerer._postal,
    Facet.FORM: Answerer._forms,
    Facet.ELIGIBILITY: Answerer._eligibility,
    Facet.RESULT: Answerer._result,
    Facet.RENEWAL: Answerer._renewal,
    Facet.LEGAL: Answerer._legal,
    Facet.STATUS: Answerer._status,
}


def _is_cut(entry: Entry, asked: Facet) -> bool:
    """Whether something told was cut at its source; of documents that is said where they stand."""
    told = set(entry.truncated) - {Facet.DOCUMENTS}
    return bool(told) if asked is Facet.OVERVIEW else asked in told


def _told(statement: Statement, today: date) -> bool:
    return statement.shown and statement.holds(today)


def _fees_told(entry: Entry, today: date) -> list[Fee]:
    """Fees of today and to come; where one holds for a time, the lasting ones of its name are left out."""
    dated = {f.name for f in entry.fees if (f.from_ or f.until) and f.holds(today)}
    lasting = [f for f in entry.fees if not (f.until and f.until < today)]
    return [f for f in lasting if f.from_ or f.until or f.name not in dated]


def _facts_of(entry: Entry, facet: Facet) -> Sequence[Fact]:
    own: dict[Facet, Sequence[Fact]] = {
        Facet.DOCUMENTS: entry.documents,
        Facet.FEE: entry.fees,
        Facet.TIME: entry.times,
        Facet.WHERE: entry.filing,
        Facet.ONLINE: (*entry.online_levels, *(f for f in entry.filing if f.way in (Way.ONLINE, Way.EMAIL))),
        Facet.POSTAL: tuple(f for f in entry.filing if f.way is Way.POSTAL),
        Facet.ELIGIBILITY: (*((entry.who,) if entry.who else ()), *entry.conditions),
        Facet.RENEWAL: entry.renewal,
        Facet.RESULT: [f for f in (entry.result, entry.validity) if f],
    }
    return own.get(facet, ())


def _statements(statements: Sequence[Statement], today: date) -> list[AnswerLine]:
    return [AnswerLine(_placed(s.text, s), Part.ITEM) for s in statements if _told(s, today)]


def _time_text(time: Duration) -> str:
    head = time.step + (f" ({time.case})" if time.case else "")
    if time.number is not None:
        number = f"{time.number:g}".replace(".", ",")
        if time.number < 10 and time.number == int(time.number):
            number = f"{int(time.number):02d}"
        value = f"{number} {time.unit}" + (" làm việc" if time.working else "")
        if time.since:
            value += f" {time.since}"
        if time.text:
            value += f" – {time.text}"
    else:
        value = time.text or ""
    return _placed(f"{head}: {value}", time)


def _placed(text: str, fact: Fact) -> str:
    """The text with the case and place that it holds for, unless it names them itself."""
    held = ", ".join(x for x in (fact.case, fact.place) if x and x not in text)
    return f"{text} ({held})" if text and held else text or held


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _host(source: Source) -> str:
    return (urlsplit(source.url).hostname or "") if source.url else ""
