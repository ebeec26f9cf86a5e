"""A notice as people read it in a chat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from office.assignments import Priority
from office.messages import Choice, ChoiceKind, File, Line, Reply, Style, split_reply, without_files
from office.notices import Notice
from scheduler.notices.attachments import files_of
from scheduler.notices.desk import Notices, words

DOC = "doc"  # the tap «Đã đọc»
_BULLET = re.compile(r"\s*(?:[-–—•*+])\s+")


def compose(notice: Notice, files: Sequence[File] = (), *, office: str = "") -> Reply:
    """The message as it is sent. `office`: who signs."""
    lines = [Line(_title(notice), Style.TITLE)]
    if said := document_line(notice.document, notice.document_date):
        lines.append(Line(said))
    lines += body_lines(notice.body)
    if office:
        lines.append(Line(words()("message.signed", office=office), Style.SOURCE))
    choices = (read_button(notice),) if notice.confirm else ()
    if notice.confirm:
        lines.append(Line(words()("message.confirm"), Style.SOURCE))
    return Reply(lines=tuple(lines), choices=choices, files=tuple(files))


def preview(
    notice: Notice, files: Sequence[File] = (), *, limit: int, office: str = "", shows_files: bool = True
) -> tuple[Reply, ...]:
    """The messages that a channel with that many characters a message shows."""
    reply = compose(notice, files, office=office)
    return split_reply(reply if shows_files else without_files(reply), limit)


def message(session: Session, notices: Notices, notice: Notice) -> Reply:
    """The message as it is sent, with the notice's own files and the office's name."""
    return compose(notice, files_of(session, notice.id), office=notices.office)


def previews(session: Session, notices: Notices, notice: Notice) -> Mapping[str, tuple[Reply, ...]]:
    """The messages of each channel that carries notices, by its name."""
    files = files_of(session, notice.id)
    return {
        channel: preview(notice, files, limit=limit, office=notices.office)
        for channel, limit in notices.channels.items()
    }


def trial(reply: Reply) -> Reply:
    """A message marked as a trial; what would be confirmed by a button can't be."""
    lines = [Line(words()("message.trial"), Style.WARNING), *reply.lines]
    if reply.choices:
        lines.append(Line(words()("message.trial_button"), Style.SOURCE))
    return replace(reply, lines=tuple(lines), choices=())


def correction(reply: Reply, *, title: str, reason: str) -> Reply:
    """The new words as a message of their own, marked. `title`: what the notice was called before."""
    lines = (
        Line(words()("message.correction", title=title), Style.TITLE),
        Line(words()("message.correction_reason", reason=reason), Style.WARNING),
        Line(words()("message.correction_whole")),
        *reply.lines,
    )
    return replace(reply, lines=lines)


def retraction(*, title: str, reason: str) -> Reply:
    """What calls a notice off where it can't be deleted."""
    lines = (
        Line(words()("message.retraction", title=title), Style.TITLE),
        Line(words()("message.retraction_reason", reason=reason), Style.WARNING),
        Line(words()("message.retraction_ask")),
    )
    return Reply(lines=lines)


def document_line(document: str, dated: date | None) -> str:
    """«Văn bản số 12/TB-SCT ngày 20/11/2026»; "" where neither is known."""
    if not document:
        return words()("message.dated", date=f"{dated:%d/%m/%Y}") if dated else ""
    name = "document" if document[0].isdigit() else "document_named"
    if dated is None:
        return words()(f"message.{name}", document=document)
    return words()(f"message.{name}_dated", document=document, date=f"{dated:%d/%m/%Y}")


def body_lines(body: str) -> list[Line]:
    """Its paragraphs; those that begin with a bullet are items."""
    lines = []
    for paragraph in body.splitlines():
        text = paragraph.strip()
        bullet = _BULLET.match(text)
        if bullet:
            lines.append(Line(text[bullet.end() :], Style.ITEM))
        elif text:
            lines.append(Line(text))
    return lines


def tap(verb: str, notice_id: int) -> str:
    """What a button of a notice sends: «s:tb:doc:12»."""
    return f"s:tb:{verb}:{notice_id}"


def button(verb: str, notice_id: int) -> Choice:
    """A button of a notice, by its verb."""
    label = words()(f"buttons.{verb}")
    return Choice(kind=ChoiceKind.FACET, label=label, payload=tap(verb, notice_id))


def read_button(notice: Notice) -> Choice:
    """«Đã đọc», of the words as they are now: «s:tb:doc:12», after a correction «s:tb:doc:12:2»."""
    choice = button(DOC, notice.id)
    if notice.revision == 1:
        return choice
    return replace(choice, payload=f"{choice.payload}:{notice.revision}")


def _title(notice: Notice) -> str:
    if notice.priority is Priority.ORDINARY:
        return words()("message.title", title=notice.title)
    mark = words()(f"message.marks.{notice.priority}")
    return words()("message.title_marked", mark=mark, title=notice.title)
