"""Render one side (facet) of an entry: its facts in lines, nothing where nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from knowledge.phrases import Phrases
from knowledge.schema import Duration, Entry, Facet, Fact, Fee, Standing, Statement, Way
from knowledge.wording import AnswerLine, Part, day, placed, statements, told


class FacetWriter:
    """Writes the facets of procedures; `portal_url` is the national portal."""

    def __init__(self, phrases: Phrases, portal_url: str) -> None:
        self.phrases = phrases
        self._portal_url = portal_url

    def write(self, entry: Entry, facet: Facet, today: date) -> list[AnswerLine]:
        """The lines of a facet; an empty list means that nothing is known."""
        return _WRITERS[facet](self, entry, today)

    def known(self, entry: Entry, today: date) -> tuple[Facet, ...]:
        """The facets that have facts today, in the order of the buttons."""
        return tuple(f for f in _WRITERS if f not in _ALWAYS and self.write(entry, f, today))

    def _overview(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        if entry.agency:
            lines.append(AnswerLine(self.phrases("answer.agency", text=entry.agency)))
        documents = [d for d in entry.documents if d.holds(today)]
        if len(documents) == 1 and documents[0].complete and Facet.DOCUMENTS not in entry.truncated:
            copies = f", {entry.copies.text}" if entry.copies and told(entry.copies, today) else ""
            count = len(documents[0].items)
            lines.append(AnswerLine(self.phrases("answer.documents_count", count=count, copies=copies)))
        elif len(documents) > 1 and all(d.case for d in documents):
            cases = "; ".join(d.case or "" for d in documents)
            lines.append(AnswerLine(self.phrases("answer.documents_by_case", cases=cases)))
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

    def _documents(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        cut = Facet.DOCUMENTS in entry.truncated
        for documents in entry.documents:
            if not documents.holds(today):
                continue
            if documents.case or documents.place:
                case = placed(documents.case or "", documents)
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
                text = self.phrases("answer.fee_from_on", day=day(fee.from_), text=text)
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
            value += f" ({self.phrases('answer.until', day=day(fee.until))})"
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
                lines.append(AnswerLine(placed(text, filing), Part.ITEM))
        return lines

    def _online(self, entry: Entry, today: date) -> list[AnswerLine]:
        lines = []
        for level in entry.online_levels:
            if level.holds(today):
                text = self.phrases(f"levels.{level.level}") + (f" – {level.text}" if level.text else "")
                lines.append(AnswerLine(placed(text, level)))
        lines += self._ways(entry, today, {Way.ONLINE, Way.EMAIL})
        if lines:
            lines.append(AnswerLine(self.phrases("answer.portal", url=self._portal_url)))
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
        return self._single("answer.who", entry.who, today) + statements(entry.conditions, today)

    def _result(self, entry: Entry, today: date) -> list[AnswerLine]:
        result = self._single("answer.result", entry.result, today)
        return result + self._single("answer.validity", entry.validity, today)

    def _single(self, phrase: str, statement: Statement | None, today: date) -> list[AnswerLine]:
        """The line of a fact that an entry has once, if it may be told today."""
        if statement is None or not told(statement, today):
            return []
        return [AnswerLine(self.phrases(phrase, text=placed(statement.text, statement)))]

    def _renewal(self, entry: Entry, today: date) -> list[AnswerLine]:
        return statements(entry.renewal, today)

    def _legal(self, entry: Entry, today: date) -> list[AnswerLine]:
        return [AnswerLine(text, Part.ITEM) for text in entry.legal]

    def _status(self, entry: Entry, today: date) -> list[AnswerLine]:
        if entry.standing is not Standing.CURRENT:
            return [AnswerLine(self.phrases(f"standing.{entry.standing}"))]
        return [AnswerLine(self.phrases("answer.holds"))]


_ALWAYS = frozenset({Facet.OVERVIEW, Facet.STATUS})  # every entry has these: no buttons lead to them

_WRITERS: dict[Facet, Callable[[FacetWriter, Entry, date], list[AnswerLine]]] = {
    Facet.OVERVIEW: FacetWriter._overview,
    Facet.DOCUMENTS: FacetWriter._documents,
    Facet.FEE: FacetWriter._fees,
    Facet.TIME: FacetWriter._times,
    Facet.WHERE: FacetWriter._where,
    Facet.ONLINE: FacetWriter._online,
    Facet.POSTAL: FacetWriter._postal,
    Facet.FORM: FacetWriter._forms,
    Facet.ELIGIBILITY: FacetWriter._eligibility,
    Facet.RESULT: FacetWriter._result,
    Facet.RENEWAL: FacetWriter._renewal,
    Facet.LEGAL: FacetWriter._legal,
    Facet.STATUS: FacetWriter._status,
}


def _fees_told(entry: Entry, today: date) -> list[Fee]:
    """Fees of today and to come; where one holds for a time, the lasting ones of its name are left out."""
    dated = {f.name for f in entry.fees if (f.from_ or f.until) and f.holds(today)}
    lasting = [f for f in entry.fees if not (f.until and f.until < today)]
    return [f for f in lasting if f.from_ or f.until or f.name not in dated]


def facts_told(entry: Entry, asked: Facet, today: date) -> Sequence[Fact]:
    """The facts that an answer for this side tells today; none for an overview."""
    facts = _fees_told(entry, today) if asked is Facet.FEE else _facts_of(entry, asked)
    return [f for f in facts if f.holds(today) or asked is Facet.FEE]


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
    return placed(f"{head}: {value}", time)
