"""A notice as Văn phòng sees it in a chat: what it says, to whom, how far it has come, and its buttons."""

from __future__ import annotations

from collections.abc import Iterable

from handlers.staff.notice_words import shortened, words
from handlers.staff.request import StaffRequest
from office.assignments import Priority
from office.clock import ZONE
from office.deliveries import Status
from office.messages import Choice, ChoiceKind, Line, Reply, Style
from office.notices import Notice, NoticeState
from office.rights import Action, allowed
from scheduler.notices import approval, audience, report, wording
from scheduler.notices.attachments import rows_of
from scheduler.notices.closed import foreseen
from scheduler.notices.leaving import foretold, when_leaves

_NAMED = 6  # recipients named on a card
_BODY = 700  # characters of the body shown
_WAITING = (Status.QUEUED, Status.HELD, Status.SENDING, Status.RETRY, Status.PAUSED)
_GOING = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT, NoticeState.RETRACTED)


def card(request: StaffRequest, row: Notice, headline: str = "") -> Reply:
    """All about a notice, with what this person may do with it."""
    said = words()
    lines = [Line(headline, Style.TITLE)] if headline else []
    lines.append(Line(said("draft_title", id=row.id, state=row.state.label), Style.TITLE))
    lines.append(Line(said("title", title=row.title)))
    if row.body:
        lines.append(Line(shortened(row.body, _BODY)))
    lines += _details(request, row)
    if row.state in _GOING:
        lines += progress_lines(request, row.id)
    else:
        lines += _before(request, row)
    lines.append(Line(row.state.next_action, Style.SOURCE))
    return Reply(lines=tuple(lines), choices=buttons(request, row))


def _details(request: StaffRequest, row: Notice) -> Iterable[Line]:
    said = words()
    if row.document and row.document_date:
        dated = f"{row.document_date:%d/%m/%Y}"
        yield Line(said("document_dated", document=row.document, date=dated))
    elif row.document:
        yield Line(said("document", document=row.document))
    if row.priority is not Priority.ORDINARY:
        yield Line(said("priority", priority=row.priority.label), Style.WARNING)
    if row.express_reason:
        yield Line(said("express_reason", reason=row.express_reason))
    if row.confirm:
        yield Line(said("confirm"))
    files = rows_of(request.session, row.id)
    if files:
        yield Line(said("files", names=", ".join(file.name for file in files)))
    if row.remark:
        yield Line(said("remark", remark=row.remark), Style.WARNING)


def _before(request: StaffRequest, row: Notice) -> Iterable[Line]:
    """Whom it will reach, when, and what it lacks."""
    said = words()
    who = audience.Audience.from_dict(row.audience)
    reached = audience.reach(
        request.session, who, on=request.today, channels=request.notices.channels.keys() or None
    )
    now = foreseen(request.session, request.notices, who, reached, now=request.now)
    if now.targets:
        names = _named([target.name for target in now.targets])
        count = said("chats", count=len(now.targets))
        yield Line(said("to", count=count, names=names))
    elif who:
        yield Line(said("to_nobody"), Style.WARNING)
    if now.unreached:
        names = _named([f"{one.name} ({one.why})" for one in now.unreached])
        yield Line(said("unreached", names=names), Style.WARNING)
    if row.state in (NoticeState.DRAFT, NoticeState.WAITING, NoticeState.SCHEDULED):
        for sentence in foretold(request.notices, row, request.now):
            yield Line(sentence)
        alone = not request.notices.settings.approval
        lacking = approval.missing(row, reached, alone=alone)
        if lacking:
            yield Line(said("lacks", what=" ".join(lacking)), Style.WARNING)
    if row.state is NoticeState.DRAFT and request.private:
        yield Line(said("how_change"), Style.SOURCE)


def _named(names: list[str]) -> str:
    """Some names, and how many more."""
    listed = "; ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{listed} {words()('more', count=more)}" if more > 0 else listed


def progress_lines(request: StaffRequest, notice_id: int) -> list[Line]:
    """How far it has come and who has confirmed."""
    found = report.progress(request.session, notice_id)
    said = words()
    if not found.queued and not found.planned:
        return [Line(said("preparing"))]
    lines = [
        Line(
            said(
                "progress",
                sent=found.count(Status.SENT, Status.MERGED),
                total=found.planned,
                waiting=found.count(*_WAITING),
                failed=found.count(Status.FAILED),
                uncertain=found.count(Status.UNCERTAIN),
            )
        )
    ]
    if found.expected:
        missing = report.report(request.session, notice_id).missing
        lines.append(
            Line(
                said(
                    "confirmed_of",
                    count=found.confirmed,
                    expected=found.expected,
                    missing=_named(list(missing)) or "không còn ai",
                )
            )
        )
    elif found.confirmed:
        lines.append(Line(said("confirmed", count=found.confirmed)))
    return lines


def buttons(request: StaffRequest, row: Notice) -> tuple[Choice, ...]:
    """What this person may do with it as it is."""
    return tuple(
        Choice(kind=ChoiceKind.FACET, label=words()(f"buttons.{label}"), payload=wording.tap(verb, row.id))
        for verb, label in _verbs(request, row)
    )


def _verbs(request: StaffRequest, row: Notice) -> Iterable[tuple[str, str]]:
    """Verbs of payloads and names of labels."""
    roles = request.me.roles
    writes, sends = allowed(roles, Action.WRITE_NOTICES), allowed(roles, Action.SEND_NOTICES)
    state = row.state
    if state is NoticeState.DRAFT and writes:
        yield from (("xem", "xem"), ("thu", "thu"), ("den", "den"))
        yield ("xn", "thoixn" if row.confirm else "xn")
        if rows_of(request.session, row.id):
            yield ("botep", "botep")
        yield ("trinh", "trinh") if request.notices.settings.approval else ("gui", "gui")
    if state is NoticeState.WAITING:
        yield ("xem", "xem")
        if approval.may_approve(request.session, row, request.me):
            yield from (("duyet", "duyet"), ("tra", "tra"))
    if state is NoticeState.SENDING and sends:
        yield from (("tiendo", "tiendo"), ("dung", "dung"), ("huy", "huytiep"))
    if state is NoticeState.PAUSED and sends:
        yield from (("tiep", "tiep"), ("huy", "huytiep"))
    if state in (NoticeState.DRAFT, NoticeState.WAITING, NoticeState.SCHEDULED) and writes:
        yield ("huy", "huy")
    if state in (NoticeState.SENT, NoticeState.PAUSED, NoticeState.SENDING) and sends:
        if row.confirm:
            yield ("nhac", "nhac")
        yield from (("sua", "sua"), ("thuhoi", "thuhoi"))
    if state in _GOING or (state is NoticeState.CANCELLED and row.started_at is not None):
        yield ("bc", "bc")


def listed(request: StaffRequest) -> Reply:
    """The latest notices, one line each."""
    said = words()
    page = report.listing(request.session, limit=10)
    lines = [Line(said("list_title"), Style.TITLE)]
    for item in page.items:
        sent = ""
        if item.started_at is not None:
            found = report.progress(request.session, item.id)
            sent = said("list_sent", sent=found.count(Status.SENT, Status.MERGED), total=found.planned)
        text = said("list_item", id=item.id, title=item.title, state=item.state.label, sent=sent)
        lines.append(Line(text, Style.ITEM))
    if not page.items:
        lines.append(Line(said("list_none")))
    lines.append(Line(said("list_how"), Style.SOURCE))
    new = Choice(kind=ChoiceKind.FACET, label=said("buttons.moi"), payload=wording.tap("moi", 0))
    return Reply(
        lines=tuple(lines), choices=(new,) if allowed(request.me.roles, Action.WRITE_NOTICES) else ()
    )


def leaves_at(request: StaffRequest, row: Notice) -> str:
    """What to say of a notice that has just been let go."""
    leaving = when_leaves(request.notices, row, request.now)
    if leaving.now or row.state is NoticeState.SENDING:
        return words()("sent_off", id=row.id)
    return words()("will_leave", id=row.id, moment=f"{leaving.at.astimezone(ZONE):%H:%M %d/%m/%Y}")
