"""How members put it in their own words: «đã đọc», «em nhận việc số 2 ạ», «xin gia hạn việc 2 đến 05/12»."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scheduler.schedule import fold

READ = "doc"
_VERBS = {
    ("nhan",): "nhan", ("xong",): "xong", ("hoan", "thanh"): "xong",
    ("giahan",): "giahan", ("gia", "han"): "giahan", ("doc",): READ,
}  # fmt: skip
_FILLERS = frozenset(
    {
        "viec", "so", "nhiem", "vu", "cong", "thong", "bao", "tb", "tin", "em", "toi", "minh",
        "xin", "da", "den", "duoc", "roi", "vang", "ok", "a", "nhe",
    }
)  # fmt: skip
_ASSENT = frozenset(
    {"u", "uh", "um", "vang", "oke", "okay", "anh", "chi", "cam", "on", "chao", "alo", "co", "khong", "dung"}
)
_SAY_NOTHING = _FILLERS | _ASSENT
_CLAIMS = frozenset(
    {
        "lam", "xong", "hoan", "thanh", "tat", "thuc", "hien", "het", "ca", "la", "thi", "day", "do", "nop",
        "gui", "r", "rui", "dc", "ah", "nha", "nhen", "sep", "bac", "cac", "cung", "moi", "vua", "nay", "qua",
    }
)  # fmt: skip
_ASKING = (" la gi", " the nao", " o dau", " bao nhieu", " bao gio", " khi nao", " lam sao", " duoc khong")
_LEAD_INS = frozenset({"den", "toi", "han", "het", "xin", "gia", "em", "cho"})
_NUMBER = re.compile(r"#?(\d{1,9})", re.ASCII)
DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?", re.ASCII)
"""A day as it is typed: day, month and perhaps the year."""
_PUNCTUATION = ".,!:;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """What is meant: a command's word or READ, of which number (None: unsaid), and what follows, as typed."""

    word: str
    number: int | None = None
    rest: str = ""


def phrase_of(text: str) -> Phrase | None:
    """What a whole text says when it is one of those phrases; None for all else, questions first of all."""
    written = text.split()
    words = [_plain(one) for one in written]
    at = _after_fillers(words, 0)
    verb, length = next(
        ((verb, len(said)) for said, verb in _VERBS.items() if tuple(words[at : at + len(said)]) == said),
        ("", 0),
    )
    if not verb:
        return None
    start = at + length
    at = _after_fillers(words, start)
    of_notice = {"tb", "tin", "bao"} & set(words[start:at])
    number = number_in(written[at]) if at < len(written) else None
    end = at if number is None else at + 1
    rest = " ".join(written[end:])
    if verb == "nhan" and of_notice:
        verb = READ
    if idle(rest):
        return Phrase(word=verb, number=number)
    if number is None and verb == "giahan" and names_day(" ".join(words[start:])):
        return Phrase(word=verb, rest=" ".join(written[start:]))
    if number is None or not _continues(verb, words[end:], named=at > start or words[start - 1] == "xong"):
        return None
    return Phrase(word=verb, number=number, rest=rest)


def _continues(verb: str, words: list[str], *, named: bool) -> bool:
    """Whether what follows the number belongs to it: a proof, or a day or a reason."""
    if verb == "xong":
        return named
    if verb != "giahan":
        return False
    return words[0] in _LEAD_INS or DAY.match(words[0]) is not None or words[:2] == ["ly", "do"]


def names_day(text: str) -> bool:
    """«đến (ngày) 20/12 …»: a day after nothing but what leads to one; not the number of some work."""
    words = [_plain(word) for word in text.split()]
    while words and (words[0] in _LEAD_INS or words[0] == "ngay"):
        words = words[1:]
    return bool(words) and is_day(words[0])


def names_document(text: str) -> bool:
    """«412/SCT-QLTM», «https://…»: a proof alone, without the number of the work it is of."""
    return re.fullmatch(r"https?://\S+|\d+\w*/[^\W\d][^\s]*(?: ng[àa]y \S+)?", text.strip()) is not None


def number_in(word: str) -> int | None:
    """The number that a word is: «2», «#2», «2,»."""
    found = _NUMBER.fullmatch(word.rstrip(_PUNCTUATION))
    return int(found[1]) if found else None


def idle(text: str) -> bool:
    """Whether a text has nothing but words that mean nothing here."""
    return all(_plain(word) in _FILLERS for word in text.split())


def empty(text: str) -> bool:
    """Whether a text can't be the proof or the reason that was asked for: a word of assent, a mark, a number
    of one or two digits (more likely of a list above), a question."""
    if text.rstrip().endswith("?") or " ".join(_bare_words(text)).endswith(_ASKING):
        return True
    words = [word for word in _bare_words(text) if word not in _SAY_NOTHING]
    return not words or (len(words) == 1 and words[0].isdecimal() and len(words[0]) < 3)


def no_proof(text: str) -> bool:
    """Whether a text can't be a proof: one that is `empty`, or says no more than that it is done: «em làm
    xong rồi nhé», «em xin báo cáo đã hoàn thành»."""
    told = [word for word in _bare_words(text) if word not in _SAY_NOTHING]
    told = told[1:] if told[:1] == ["cao"] else told  # of «báo cáo» in front
    return empty(text) or all(word in _CLAIMS for word in told)


def leading(text: str) -> int:
    """How many such words stand in front."""
    return _after_fillers([_plain(word) for word in text.split()], 0)


def is_day(word: str) -> bool:
    """«05/12», «5-12-2026,»."""
    return DAY.fullmatch(word.rstrip(",;")) is not None


def day_in(text: str) -> str:
    """«xin gia hạn đến ngày 05/12» → «05/12»."""
    words = text.split()
    while len(words) > 1 and (
        _plain(words[0]) in _LEAD_INS or (_plain(words[0]) == "ngay" and DAY.match(words[1]))
    ):
        del words[0]
    return " ".join(words)


def _after_fillers(words: list[str], at: int) -> int:
    while at < len(words) and words[at] in _FILLERS:
        at += 1
    return at


def _bare_words(text: str) -> list[str]:
    """The words without marks; a mark that stands alone is none: «xong rồi !»."""
    return [word for word in (_plain(one).strip("?!") for one in text.split()) if word]


def _plain(word: str) -> str:
    return fold(word).strip(_PUNCTUATION)
