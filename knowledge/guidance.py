"""Which ways of filing an answer tells: online, by post. Counted for the indices of reform, so strictly."""

from __future__ import annotations

from datetime import date

from knowledge.answer import GONE, RENEWING, TOPIC_LINES, topic_facts
from knowledge.schema import Entry, Facet, Kind, Way

_BY_FACET = {Facet.ONLINE: Way.ONLINE, Facet.POSTAL: Way.POSTAL}


def ways_told(entry: Entry, facet: Facet | None, today: date) -> frozenset[Way]:
    """Of `Way.ONLINE` and `Way.POSTAL` those that the answer for this side of the entry tells.

    - A procedure tells them in its summary and under «where to file», where its filing names the way, and
      under «online» or «by post», where it has a fact on that. An answer that says that nothing is known of a
      way doesn't count, nor does e-mail, nor the address of the portal by itself.
    - A general subject tells a way when one of the facts that are shown is about it.
    - What no longer holds, lists to choose from, stubs and the office's own address tell none.
    """
    if entry.standing in GONE:
        return frozenset()
    if entry.kind in (Kind.TOPIC, Kind.REFORM):
        return _of_subject(entry, facet or Facet.OVERVIEW, today)
    if entry.kind in (Kind.PROCEDURE, Kind.GUIDANCE):
        return _of_procedure(entry, facet or Facet.OVERVIEW, today)
    return frozenset()


def _of_procedure(entry: Entry, asked: Facet, today: date) -> frozenset[Way]:
    if asked is Facet.RENEWAL and entry.action in RENEWING and not entry.renewal:
        asked = Facet.OVERVIEW
    named = frozenset(f.way for f in entry.filing if asked is Facet.OVERVIEW or f.holds(today))
    ways = named & frozenset(_BY_FACET.values())
    if asked in (Facet.OVERVIEW, Facet.WHERE):
        return ways
    if asked is Facet.ONLINE and any(level.holds(today) for level in entry.online_levels):
        return frozenset({Way.ONLINE})
    return ways & {_BY_FACET[asked]} if asked in _BY_FACET else frozenset()


def _of_subject(entry: Entry, asked: Facet, today: date) -> frozenset[Way]:
    told = topic_facts(entry, asked, today)[:TOPIC_LINES]
    return frozenset(_BY_FACET[f.facet] for f in told if not f.past and f.facet in _BY_FACET)
