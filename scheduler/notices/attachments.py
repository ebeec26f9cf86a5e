"""The files of a notice: PDF, Word, Excel and pictures, known by their content and not by their name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from office import files
from office.messages import File
from office.notices import Notice, NoticeFile, NoticeState
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.notices.desk import Notices, hold, note, words

_MOST_NAME = 120
_PICTURE_BYTES = 10 * 1024 * 1024  # larger ones go as files: Telegram shows none above
_OFFICE_XML = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    extensions: tuple[str, ...]
    picture: bool = False


_KINDS: Mapping[str, _Kind] = {
    "application/pdf": _Kind(extensions=(".pdf",)),
    _OFFICE_XML + "wordprocessingml.document": _Kind(extensions=(".docx",)),
    _OFFICE_XML + "spreadsheetml.sheet": _Kind(extensions=(".xlsx",)),
    "image/png": _Kind(extensions=(".png",), picture=True),
    "image/jpeg": _Kind(extensions=(".jpg", ".jpeg"), picture=True),
}
_STARTS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_PARTS = {
    "word/document.xml": _OFFICE_XML + "wordprocessingml.document",
    "xl/workbook.xml": _OFFICE_XML + "spreadsheetml.sheet",
}
_MACROS = ("word/vbaProject.bin", "xl/vbaProject.bin")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def attach(
    session: Session,
    notices: Notices,
    notice_id: int,
    *,
    name: str,
    media_type: str = "",
    content: bytes,
    actor: Person,
    now: datetime,
) -> NoticeFile:
    """Add a file to a notice that has not been approved. What it is, its content says. Raises Refused."""
    demand(actor.roles, Action.WRITE_NOTICES)
    row = hold(session, notice_id, NoticeState.DRAFT, NoticeState.WAITING)
    added = add(session, notices, row, name=name, content=content, now=now)
    back_to_draft(row, now)
    note(session, "attach", row, actor, now, after={"name": added.name, "file": added.file_id})
    return added


def detach(session: Session, notices: Notices, file_id: int, *, actor: Person, now: datetime) -> None:
    """Take a file (the number of its NoticeFile) off a notice that has not been approved. Raises Refused."""
    demand(actor.roles, Action.WRITE_NOTICES)
    found = session.get(NoticeFile, file_id) if 0 < file_id < 2**62 else None
    if found is None:
        raise Refused(words()("refused.unknown_file"))
    row = hold(session, found.notice_id, NoticeState.DRAFT, NoticeState.WAITING)
    take_off(session, row, file_id)
    back_to_draft(row, now)
    note(session, "detach", row, actor, now, before={"name": found.name, "file": found.file_id})


def add(
    session: Session, notices: Notices, row: Notice, *, name: str, content: bytes, now: datetime
) -> NoticeFile:
    """Store a file as the notice's last. Raises Refused for one that can't be sent."""
    kind = _checked(notices, name, content)
    known = rows_of(session, row.id)
    if len(known) >= notices.settings.max_files:
        said = words()("refused.many_files", most=notices.settings.max_files)
        raise Refused(said, words()("refused.many_files_mend"))
    stored = files.store(session, content, now=now)
    if any(one.file_id == stored for one in known):
        raise Refused(words()("refused.same_file", name=name))
    last = session.scalar(select(func.max(NoticeFile.position)).where(NoticeFile.notice_id == row.id))
    added = NoticeFile(
        notice_id=row.id,
        file_id=stored,
        position=(last or 0) + 1,
        name=_named(name, _KINDS[kind]),
        media_type=kind,
        picture=_KINDS[kind].picture and len(content) <= _PICTURE_BYTES,
    )
    session.add(added)
    session.flush()
    return added


def take_off(session: Session, row: Notice, file_id: int) -> None:
    """Remove a file of this notice. Raises Refused where it isn't one."""
    found = session.get(NoticeFile, file_id) if 0 < file_id < 2**62 else None
    if found is None or found.notice_id != row.id:
        raise Refused(words()("refused.unknown_file"))
    session.delete(found)
    session.flush()


def back_to_draft(row: Notice, now: datetime) -> None:
    """A notice that was changed waits for nobody's approval any more."""
    row.changed_at = now
    if row.state is NoticeState.WAITING:
        row.state, row.submitted_by, row.submitted_at = NoticeState.DRAFT, None, None


def rows_of(session: Session, notice_id: int) -> tuple[NoticeFile, ...]:
    """A notice's files in their order."""
    query = select(NoticeFile).where(NoticeFile.notice_id == notice_id)
    return tuple(session.scalars(query.order_by(NoticeFile.position, NoticeFile.id)))


def files_of(session: Session, notice_id: int) -> tuple[File, ...]:
    """A notice's files as a message carries them: by reference."""
    return tuple(
        File(name=row.name, media_type=row.media_type, picture=row.picture, stored=row.file_id)
        for row in rows_of(session, notice_id)
    )


def media_type_of(content: bytes) -> str | None:
    """PDF, DOCX, XLSX, PNG or JPEG by the content itself; None for anything else."""
    for start, kind in _STARTS.items():
        if content.startswith(start):
            return kind
    parts = _parts(content)
    return next((kind for part, kind in _PARTS.items() if part in parts), None)


def _checked(notices: Notices, name: str, content: bytes) -> str:
    """What kind of file it is. Raises Refused."""
    most = notices.settings.max_file_mb
    if not content:
        raise Refused(words()("refused.empty_file", name=name))
    if len(content) > most * 1024 * 1024:
        raise Refused(words()("refused.large_file", name=name, most=most), words()("refused.large_file_mend"))
    kind = media_type_of(content)
    if kind is None:
        raise Refused(words()("refused.file_kind", name=name), words()("refused.file_kind_mend"))
    if _parts(content) & set(_MACROS):
        raise Refused(words()("refused.file_macro", name=name), words()("refused.file_macro_mend"))
    return kind


def _parts(content: bytes) -> frozenset[str]:
    """The names inside of a zip archive; none for anything else."""
    if not content.startswith(b"PK\x03\x04"):
        return frozenset()
    try:
        with ZipFile(BytesIO(content)) as archive:
            return frozenset(archive.namelist())
    except (BadZipFile, NotImplementedError, ValueError):
        return frozenset()


def _named(name: str, kind: _Kind) -> str:
    """A name that every system takes, with the ending of what the file is."""
    clean = " ".join(_UNSAFE.sub(" ", unicodedata.normalize("NFC", name)).split()).strip(". ")
    stem, dot, ending = clean.rpartition(".")
    if dot and f".{ending.lower()}" in kind.extensions:
        return f"{stem[:_MOST_NAME]}.{ending}"
    return f"{clean[:_MOST_NAME] or 'tep'}{kind.extensions[0]}"
