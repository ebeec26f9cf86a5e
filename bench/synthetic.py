"""A knowledge base of any size, grown from the shipped one, to measure the search where it is far larger.

What makes a search slow is how words are spread over entries: a few are in a third of all titles, most are
rare. So new entries are made of the words of real ones: a matter (two real entries mixed), told apart by a
place, a number or an invented name. Invented syllables are valid Vietnamese and follow Zipf's law. The same
seed gives the same entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from knowledge.loader import Knowledge
from knowledge.schema import Entry, Kind
from knowledge.vietnamese import fold

SEED = 2025
PHRASES = 100_000
_MIN_PHRASES, _MAX_PHRASES = 8, 10  # of a new entry, title and label included
_LONGEST = 14  # words

_MIXED_KINDS = frozenset({Kind.PROCEDURE, Kind.GUIDANCE, Kind.STUB, Kind.TOPIC, Kind.REFORM})
_ONSETS = tuple(
    "b c ch d đ g h k kh l m n ng nh ph qu r s t th tr v x".split()  # noqa: SIM905 - a list of 50 reads worse
)
_RIMES = tuple(
    """a ác ai ạm án ang ảnh ao áp át âu ấy e én êm ệnh ết êu i ích iêm iến iệp iêu ín ình o oa oài oan óc ói
    om òn ong ô ôc ôi ôm ồn ông ơ ơi ơm ớp ú ua uân uất úc ui um ung ươi ướng ượt ưu""".split()  # noqa: SIM905 - a list of 50 reads worse
)
_PLACES = (
    "An Biên", "An Giang", "An Minh", "Bắc Ninh", "Bình Dương", "Cà Mau", "Cần Thơ", "Châu Thành",
    "Đà Nẵng", "Đồng Nai", "Giang Thành", "Giồng Riềng", "Gò Quao", "Hà Nội", "Hà Tiên", "Hải Phòng",
    "Hòn Đất", "Kiên Hải", "Kiên Lương", "Lâm Đồng", "Long An", "Nghệ An", "Phú Quốc", "Quảng Nam",
    "Rạch Giá", "Sóc Trăng", "Tân Hiệp", "Thổ Chu", "U Minh Thượng", "Vĩnh Long", "Vĩnh Thuận",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A made-up question and the entry one of whose phrases it was made of."""

    text: str
    entry: str


def phrases_of(entry: Entry) -> list[str]:
    """What of an entry is searched, its title first."""
    return [p for p in (entry.title, entry.label, *entry.aliases) if p]


def count(knowledge: Knowledge) -> int:
    """Phrases that are searched."""
    return sum(len(phrases_of(e)) for e in knowledge.entries.values() if e.kind is not Kind.STAFF)


def grow(knowledge: Knowledge, phrases: int = PHRASES, *, seed: int = SEED) -> Knowledge:
    """The shipped entries and as many new ones as make `phrases` searched phrases in all."""
    random = Random(seed)
    names = _names(random)
    sources = [e for e in knowledge.entries.values() if e.kind in _MIXED_KINDS]
    entries = dict(knowledge.entries)
    missing = phrases - count(knowledge)
    number = 0
    while missing > 0:
        size = min(missing, random.randint(_MIN_PHRASES, _MAX_PHRASES))
        if missing - size == 1:  # an entry has a title and a label at least
            size += 1 if size < _MAX_PHRASES else -1
        one, other = random.sample(sources, 2)
        said = _phrases(random, one, other, _sign(random, names), size)
        entry = _entry(f"tong_hop_{number}", one, said)
        entries[entry.id] = entry
        missing -= size
        number += 1
    return replace(knowledge, entries=entries, version=f"{knowledge.version}+{seed}")


def questions(knowledge: Knowledge, spoken: Sequence[str], size: int, *, seed: int = SEED) -> list[Asked]:
    """Questions about the grown entries: phrases with words dropped, real ones added, often without marks."""
    random = Random(seed)
    entries = [e for e in knowledge.entries.values() if e.id.startswith("tong_hop_")]
    found = []
    for entry in random.sample(entries, size):
        said = random.choice(phrases_of(entry)).split()
        kept = [w for w in said if random.random() > 0.15] or said
        if random.random() < 0.7:
            added = random.choice(spoken).split()
            at = random.randrange(len(added))
            added = added[at : at + random.randint(1, 5)]
            kept = [*kept, *added] if random.random() < 0.6 else [*added, *kept]
        text = " ".join(kept)
        found.append(Asked(fold(text) if random.random() < 0.45 else text, entry.id))
    return found


def _names(random: Random) -> list[str]:
    """Invented syllables, the commonest first."""
    found = [onset + rime for onset in _ONSETS for rime in _RIMES]
    random.shuffle(found)
    return found


def _name(random: Random, names: Sequence[str]) -> str:
    return names[min(len(names) - 1, int(random.paretovariate(0.5)) - 1)]


def _sign(random: Random, names: Sequence[str]) -> str:
    """What tells an entry from others about the same matter."""
    sign = f"{_name(random, names)} {_name(random, names)}"
    if random.random() < 0.5:
        sign += f" {random.choice(_PLACES)}"
    if random.random() < 0.3:
        sign += f" {random.randint(1, 999)}"
    return sign


def _phrases(random: Random, one: Entry, other: Entry, sign: str, size: int) -> list[str]:
    """`size` different phrases: wordings of one entry mixed with words of another, most with the sign."""
    ours, theirs = phrases_of(one), phrases_of(other)
    found: dict[str, None] = {}
    while len(found) < size:
        words = random.choice(ours).split()
        added = random.choice(theirs).split()
        at = random.randrange(len(added))
        added = added[at : at + random.randint(1, 3)]
        at = random.randint(0, len(words))
        mixed = [*words[:at], *added, *words[at:]][:_LONGEST]
        if not found or random.random() < 0.75:
            mixed += sign.split()
        found[" ".join(mixed)] = None
    return list(found)


def _entry(entry_id: str, like: Entry, phrases: Sequence[str]) -> Entry:
    title, label, *aliases = phrases
    return replace(
        like,
        id=entry_id,
        title=title,
        label=label,
        aliases=tuple(aliases),
        code_base=None,
        variant_of=None,
        children=(),
    )
