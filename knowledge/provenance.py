"""What an answer must say about its facts: caveats, how far to trust them, source and date, the page to
open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import urlsplit

from knowledge.phrases import Phrases
from knowledge.schema import Entry, Facet, Fact, MustCheck, Source, SourceKind, Standing
from knowledge.wording import AnswerLine, Part, placed, told

_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_OF_PLACES = frozenset({MustCheck.DECENTRALISED, MustCheck.NO_DISTRICT})
_IP_HOST = re.compile(r"[\d.]+|.*:.*")


class Provenance:
    """Speaks of sources for one office (`website` is its own, `portal_url` the national portal)."""

    def __init__(self, phrases: Phrases, *, website: str, portal_url: str) -> None:
        self.phrases = phrases
        self._website = website
        self._portal_url = portal_url
        self._national = frozenset(phrases.list("national_hosts"))

    def caveats(self, entry: Entry, asked: Facet, today: date, *, again: bool = False) -> list[AnswerLine]:
        """What must be said with the facts told. `again`: of the same entry in the same conversation, so only
        what belongs to the side asked and to the sources; a summary says everything."""
        again = again and asked is not Facet.OVERVIEW
        lines = [
            AnswerLine(placed(w.text, w), Part.WARNING)
            for w in entry.warnings
            if told(w, today)
            and w.facet is not Facet.WHERE
            and ((w.facet is None and not again) or w.facet is asked or asked is Facet.OVERVIEW)
        ]
        if again:
            return lines + self._of_side(entry, asked) + self._trust_lines(entry)
        if entry.standing in (Standing.RECHECK, Standing.POSSIBLY_OUTDATED) and asked is not Facet.STATUS:
            lines.append(AnswerLine(self.phrases(f"standing.{entry.standing}"), Part.WARNING))
        checks = [
            c for c in entry.must_check if c is not MustCheck.FEE_CUT or self._fees_may_be_cut(entry, asked)
        ]
        lines += [AnswerLine(self.phrases(f"caveats.{c}"), Part.WARNING) for c in checks]
        if entry.era == "unknown":
            lines.append(AnswerLine(self.phrases("caveats.era_unknown"), Part.WARNING))
        return lines + self._trust_lines(entry)

    def _of_side(self, entry: Entry, asked: Facet) -> list[AnswerLine]:
        """What must be checked of this side alone."""
        checks = [c for c in entry.must_check if asked is Facet.WHERE and c in _OF_PLACES]
        if MustCheck.FEE_CUT in entry.must_check and self._fees_may_be_cut(entry, asked):
            checks.append(MustCheck.FEE_CUT)
        lines = [AnswerLine(self.phrases(f"caveats.{c}"), Part.WARNING) for c in checks]
        if asked is Facet.WHERE and entry.era == "unknown":
            lines.append(AnswerLine(self.phrases("caveats.era_unknown"), Part.WARNING))
        return lines

    def _trust_lines(self, entry: Entry) -> list[AnswerLine]:
        return [AnswerLine(text, Part.WARNING) for text in self._trust(entry)]

    def whereabouts(self, entry: Entry, asked: Facet, today: date) -> list[AnswerLine]:
        """Who decides now, where that changed: said before what the source says of it."""
        if asked not in (Facet.OVERVIEW, Facet.WHERE):
            return []
        found = [w for w in entry.warnings if w.facet is Facet.WHERE and told(w, today)]
        return [AnswerLine(placed(w.text, w), Part.WARNING) for w in found]

    @staticmethod
    def _fees_may_be_cut(entry: Entry, asked: Facet) -> bool:
        """Fees are spoken of, and none of them says itself how long it holds."""
        if asked not in (Facet.FEE, Facet.OVERVIEW) or not entry.fees:
            return False
        return not any(f.from_ or f.until for f in entry.fees)

    def _trust(self, entry: Entry) -> Iterable[str]:
        if entry.confidence == "inferred":
            yield self.phrases("trust.inferred")
        if entry.low_reliability:
            yield self.phrases("trust.low")
        yield from self._trust_in(entry.sources.values())

    def _trust_in(self, sources: Iterable[Source]) -> Iterable[str]:
        kinds = {s.kind for s in sources if s.shown}
        if SourceKind.VENDOR_MIRROR in kinds:
            yield self.phrases("trust.mirror")
        elif kinds and not kinds & {SourceKind.OFFICIAL, SourceKind.LEGAL_DATABASE}:
            yield self.phrases("trust.unofficial")
        elif kinds and SourceKind.OFFICIAL not in kinds:
            yield self.phrases("trust.legal_database")

    def _is_elsewhere(self, source: Source) -> bool:
        """Whether it is the page of another place than this office's."""
        host = _host(source)
        own = urlsplit(self._website).hostname or ""
        return (
            source.kind is SourceKind.OFFICIAL and bool(host) and host not in self._national and host != own
        )

    def of_each(self, entry: Entry, told: Sequence[Fact]) -> list[AnswerLine]:
        """The source and date of some of the facts told, and how far their source is to be trusted."""
        trust = " ".join(self._trust_in(_named(entry, told)))
        lines = self.source_lines(entry, told)
        return [AnswerLine(f"{line.text} {trust}".rstrip(), line.part) for line in lines]

    def source_lines(self, entry: Entry, told: Sequence[Fact]) -> list[AnswerLine]:
        """The source and date of the facts told; those of the entry where a fact has none of its own."""
        named = _named(entry, told)
        names = [n for n in dict.fromkeys(self._source_name(s) for s in named) if n]
        if not names:
            return []
        joined = self.phrases("source.separator").join(names[:3])
        dates = dict.fromkeys([f.as_of or entry.as_of or "" for f in told] or [entry.as_of or ""])
        as_of = self.phrases("source.separator").join(d for d in dates if d) or self.phrases("source.undated")
        as_of = _ISO_DAY.sub(r"\3/\2/\1", as_of)
        text = self.phrases("source.line", sources=joined, as_of=as_of)
        if not entry.own and any(self._is_elsewhere(s) for s in named[:3]):
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

    def link(self, entry: Entry, told: Sequence[Fact]) -> str:
        """The official page, else one that may be shown whole, of the sources that are named with the facts
        told if it can be; else the national portal."""
        named = _named(entry, told)
        whole = [
            s
            for s in (*named, *entry.sources.values())
            if s.shown and s.url and not s.incomplete and not _IP_HOST.fullmatch(_host(s))
            if s.kind is not SourceKind.UNOFFICIAL
        ]
        official = [s for s in whole if s.kind is SourceKind.OFFICIAL]
        legal = [s for s in whole if s.kind is SourceKind.LEGAL_DATABASE]
        best = (official or [s for s in whole if s in named] or legal or whole)[:1]
        return best[0].url or self._portal_url if best else self._portal_url


def _named(entry: Entry, told: Sequence[Fact]) -> list[Source]:
    """The sources that are named with the facts told, the entry's first one first."""
    default = next(iter(entry.sources), "")
    keys = list(dict.fromkeys(f.source or default for f in told)) or list(entry.sources)[:2]
    sources = [entry.sources[k] for k in sorted(keys, key=lambda k: k != default) if k in entry.sources]
    return [s for s in sources if s.shown] or [s for s in entry.sources.values() if s.shown][:1]


def _host(source: Source) -> str:
    return (urlsplit(source.url).hostname or "") if source.url else ""
