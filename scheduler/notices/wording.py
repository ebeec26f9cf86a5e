"""A notice as people read it in a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from office.messages import File, Reply
from office.notices import Notice
from scheduler.notices.desk import Notices


def compose(notice: Notice, files: Sequence[File] = (), *, office: str = "") -> Reply:
    """The message as it is sent. `office`: who signs."""
    raise NotImplementedError


def preview(
    notice: Notice, files: Sequence[File] = (), *, limit: int, office: str = "", shows_files: bool = True
) -> tuple[Reply, ...]:
    """The messages that a channel with that many characters a message shows."""
    raise NotImplementedError


def message(session: Session, notices: Notices, notice: Notice) -> Reply:
    """The message as it is sent, with the notice's own files and the office's name."""
    raise NotImplementedError


def previews(session: Session, notices: Notices, notice: Notice) -> Mapping[str, tuple[Reply, ...]]:
    """The messages of each channel that carries notices, by its name."""
    raise NotImplementedError


def tap(verb: str, notice_id: int) -> str:
    """What a button of a notice sends: «s:tb:doc:12»."""
    return f"s:tb:{verb}:{notice_id}"
