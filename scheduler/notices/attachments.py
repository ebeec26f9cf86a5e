"""The files of a notice: PDF, Word, Excel and pictures, known by their content and not by their name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from office.messages import File
from office.notices import NoticeFile
from office.people import Person
from scheduler.notices.desk import Notices


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
    raise NotImplementedError


def detach(session: Session, notices: Notices, file_id: int, *, actor: Person, now: datetime) -> None:
    """Take a file (the number of its NoticeFile) off a notice that has not been approved. Raises Refused."""
    raise NotImplementedError


def rows_of(session: Session, notice_id: int) -> tuple[NoticeFile, ...]:
    """A notice's files in their order."""
    raise NotImplementedError


def files_of(session: Session, notice_id: int) -> tuple[File, ...]:
    """A notice's files as a message carries them: by reference."""
    raise NotImplementedError


def media_type_of(content: bytes) -> str | None:
    """PDF, DOCX, XLSX, PNG or JPEG by the content itself; None for anything else."""
    raise NotImplementedError
