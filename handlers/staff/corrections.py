"""What is answered to work shown before it is given: yes, no, or a clear change of one part; nothing else
counts."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import date

from sqlalchemy.orm import Session

from office import people
from scheduler.draft_words import Piece, read_piece

_YES = frozenset(
    {
        "co", "dong y", "giao", "giao viec", "giao viec nay", "ok", "oke", "okay", "u", "uh", "um", "duoc",
        "vang", "xac nhan", "chot",
    }
)  # fmt: skip
_RIGHT = frozenset({"đúng", "chuẩn"})
_NO = frozenset({"khong", "khong giao", "bo", "bo di", "huy", "huy di"})
_POLITE = frozenset({"a", "nhe", "em", "di", "luon", "da", "roi", "thi"})
_CHANGING = frozenset({"sua", "doi", "thay", "chinh"})
_LINKING = frozenset({"lai", "thanh", "sang", "la"})
_TITLE, _DUE, _WHO, _DOCUMENT, _PRIORITY = "title", "due", "who", "document", "priority"
_LABELS = {
    ("noi", "dung"): _TITLE, ("ten", "viec"): _TITLE,
    ("thoi", "han"): _DUE, ("han", "chot"): _DUE, ("han",): _DUE,
    ("giao", "cho"): _WHO, ("nguoi", "nhan"): _WHO, ("nguoi", "thuc", "hien"): _WHO, ("don", "vi"): _WHO,
    ("so", "van", "ban"): _DOCUMENT, ("van", "ban"): _DOCUMENT,
    ("muc", "do"): _PRIORITY, ("do", "khan"): _PRIORITY,
}  # fmt: skip


def agreed(text: str) -> bool | None:
    """Whether a text says yes or no to what was shown; None when it says neither."""
    said = " ".join(word for word in people.plain(text).split() if word not in _POLITE)
    if said in _YES or right(text):
        return True
    return False if said in _NO else None


def right(text: str) -> bool:
    """Whether a text is «đúng», which without its mark is «dừng» as well."""
    written = unicodedata.normalize("NFC", text).casefold()
    words = ("".join(c for c in word if c.isalpha()) for word in written.split())
    return " ".join(word for word in words if people.plain(word) not in _POLITE) in _RIGHT


def print_of(shown: object) -> str:
    """What marks a «yes» as one to just this (plain JSON values), not to what it was changed into later."""
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:12]


def corrections(session: Session, text: str, today: date) -> tuple[Piece, ...]:
    """The parts that a text changes, one or several between semicolons; () when it isn't clear that it does.

    A whole line as it is typed to give work, with its new name among the parts, is clear too.
    """
    pieces = [piece for piece in (part.strip() for part in text.split(";")) if piece]
    read = [_correction(session, piece, today) for piece in pieces]
    unclear = [at for at, found in enumerate(read) if found is None]
    if len(unclear) == 1 and len(pieces) > 2:
        return tuple(found or Piece(text=pieces[at]) for at, found in enumerate(read))
    return () if unclear else tuple(found for found in read if found is not None)


def _correction(session: Session, text: str, today: date) -> Piece | None:
    words = text.split()
    keys = [people.plain(word) for word in words]
    at = 0
    while at < len(keys) and keys[at] in _CHANGING | {"lai"}:
        at += 1
    kind, length = next(
        ((kind, len(label)) for label, kind in _LABELS.items() if tuple(keys[at : at + len(label)]) == label),
        ("", 0),
    )
    end = at + length
    colon = end > at and words[end - 1].endswith(":")
    if end < len(words) and words[end] == ":":
        colon, end = True, end + 1
    while end < len(keys) and keys[end] in _LINKING:
        end += 1
    rest = " ".join(words[end:])
    if kind == _TITLE:
        return Piece(text=rest[:500]) if rest and (colon or at) else None
    piece = read_piece(session, rest if kind else " ".join(words[at:]), today)
    if piece.text or (kind and _kind_of(piece) != kind):
        piece = read_piece(session, text, today)  # «hạn trước 20/12», «giao bởi …» as they stand
        kind = ""
    vague = not kind and not at and _kind_of(piece) == _WHO and not _named(session, piece, text)
    return None if vague or piece in (Piece(), Piece(text=piece.text)) else piece


def _kind_of(piece: Piece) -> str:
    if piece.due_on or piece.working_days is not None:
        return _DUE
    if piece.department_id is not None or piece.member_ids:
        return _WHO
    if piece.document:
        return _DOCUMENT
    return _PRIORITY if piece.priority else ""


def _named(session: Session, piece: Piece, text: str) -> bool:
    """Whether a text is a whole name, not a word that occurs in one."""
    said = people.plain(text)
    if piece.department_id is not None:
        found = session.get_one(people.Department, piece.department_id)
        full = people.plain(found.name)
        return said in (full, full.removeprefix("phong ").strip()) or people.key_of(text) == found.key
    names = (people.plain(people.name_of(session, member_id)) for member_id in piece.member_ids)
    return [people.plain(name) for name in text.split(",") if name.strip()] == list(names)
