"""A notice is written step by step in a private chat: its text or a template, to whom, then anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select

from handlers.staff.notice_cards import card, leaves_at
from handlers.staff.notice_words import Said, read_audience, read_change, refuse, title_and_body, words
from handlers.staff.request import Replies, StaffRequest, number, say
from handlers.staff.said import empty
from handlers.staff.words import demand_reason, split_reason
from office import people
from office.assignments import Priority
from office.groups import Group, GroupState
from office.messages import Choice, ChoiceKind, Line, SentFile, Style
from office.notices import Notice, NoticeState, NoticeTemplate
from office.people import Person
from office.refusal import Refused
from office.rights import Action, allowed, demand
from scheduler.notices import approval, drafts, templates, wording
from scheduler.notices.attachments import rows_of
from scheduler.notices.audience import Audience
from scheduler.notices.desk import get
from scheduler.notices.drafts import Draft

_OFFERED = 6  # templates, departments, lists on buttons
_KINDS = (".pdf", ".docx", ".xlsx", ".png", ".jpg", ".jpeg")


def takes_file(who: Person, file: SentFile) -> bool:
    """Whether a notice of this person could carry it; its size is judged when it is attached."""
    return allowed(who.roles, Action.WRITE_NOTICES) and file.name.casefold().endswith(_KINDS)


def takes_forwarded(request: StaffRequest) -> bool:
    """Whether somebody hands on a message to be made a notice of."""
    incoming = request.incoming
    if not (incoming.forwarded and request.private and request.person is not None):
        return False
    worth = bool(incoming.text.strip()) or (
        incoming.file is not None and not incoming.file.name.casefold().endswith((".xlsx", ".csv", ".txt"))
    )
    return worth and allowed(request.person.roles, Action.WRITE_NOTICES)


def forwarded(request: StaffRequest) -> Replies:
    """A forwarded message becomes a draft, or the text of the one that is being written."""
    if request.state.get("flow") in ("notice.text", "notice.correct"):
        return FLOWS[str(request.state["flow"])](request, request.incoming.text)
    if request.state.get("flow") == "notice.edit" and not request.incoming.text.strip():
        return edit_flow(request, "")
    request.state.clear()
    return text_flow(request, request.incoming.text, headline=words()("forwarded"))


def begin(request: StaffRequest) -> Replies:
    """Ask for the text, or offer the templates."""
    demand(request.me.roles, Action.WRITE_NOTICES)
    demand_private(request)
    request.state.clear()
    request.state.update(flow="notice.text")
    found = templates.templates(request.session)[:_OFFERED]
    choices = tuple(
        Choice(kind=ChoiceKind.OPTION, label=row.name[:60], payload=wording.tap("mau", row.id))
        for row in found
    )
    lines = [words()("ask_text"), *([words()("ask_text_templates")] if found else [])]
    return say(*lines, words()("stop_hint"), choices=choices)


def demand_private(request: StaffRequest) -> None:
    """Raises Refused in a group."""
    if not request.private:
        raise refuse("only_private")


def text_flow(request: StaffRequest, text: str, *, headline: str = "") -> Replies:
    """The text has come (or a file alone): a draft, and to whom is it?"""
    file = request.incoming.file
    title, body = title_and_body(text)
    if not title and file is not None:
        title = file.name.rpartition(".")[0] or file.name
    if not title or (file is None and not body and empty(text)):
        raise refuse("ask_text", "stop_hint")
    row = drafts.create(
        request.session, request.notices, Draft(title=title, body=body), actor=request.me, now=request.now
    )
    if file is not None:
        attach(request, row.id, file)
    return ask_to(request, row, headline=headline)


def picked_template(request: StaffRequest, template_id: int) -> Replies:
    """A template: as it is, or with its blanks to be filled in."""
    demand(request.me.roles, Action.WRITE_NOTICES)
    row = request.session.get(NoticeTemplate, template_id)
    if row is None or not row.active:
        raise refuse("no_template", "no_template_mend", id=template_id)
    blanks = templates.blanks_of(row)
    if not blanks:
        return _from_template(request, row, {})
    request.state.update(flow="notice.blanks", template=row.id)
    examples = [Line(words()("blank_example", blank=blank), Style.ITEM) for blank in blanks]
    head = words()("from_template", name=row.name, blanks=", ".join(blanks))
    return say(head, *examples, words()("stop_hint"))


def blanks_flow(request: StaffRequest, text: str) -> Replies:
    """«Tên chỗ trống: nội dung», a line each; one blank alone needs no name."""
    row = request.session.get(NoticeTemplate, int(request.state.get("template", 0)))
    if row is None:
        raise refuse("no_template", "no_template_mend", id=request.state.get("template", 0))
    blanks = templates.blanks_of(row)
    values = dict(request.state.get("values", {}))
    known = {people.plain(blank.replace("_", " ")): blank for blank in blanks}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        blank = known.get(people.plain(name.replace("_", " "))) if colon else None
        if blank is not None and value.strip():
            values[blank] = value.strip()
    left = [blank for blank in blanks if not values.get(blank)]
    if len(left) == 1 and len(text.splitlines()) == 1 and not text.partition(":")[1]:
        values[left.pop()] = text.strip()
    request.state["values"] = values
    if left:
        examples = [Line(words()("blank_example", blank=blank), Style.ITEM) for blank in left]
        return say(words()("blank_missing", blanks=", ".join(left)), *examples)
    return _from_template(request, row, values)


def _from_template(request: StaffRequest, row: NoticeTemplate, values: dict[str, str]) -> Replies:
    notice = drafts.create(
        request.session,
        request.notices,
        templates.fill(row, values),
        actor=request.me,
        now=request.now,
        template_id=row.id,
    )
    return ask_to(request, notice)


def ask_to(request: StaffRequest, row: Notice, *, headline: str = "") -> Replies:
    """To whom? The usual answers on buttons."""
    request.state.clear()
    request.state.update(flow="notice.to", notice=row.id)
    groups = request.session.scalar(select(func.count()).where(Group.state == GroupState.APPROVED)) or 0
    options = [(words()("all_groups", count=groups), "tatca")]
    options += [(d.name, f"p{d.id}") for d in people.departments(request.session)[:_OFFERED]]
    options += [(found.name, f"d{found.id}") for found in templates.lists(request.session)[:_OFFERED]]
    choices = tuple(
        Choice(kind=ChoiceKind.OPTION, label=label[:60], payload=f"{wording.tap('toi', row.id)}:{what}")
        for label, what in options
    )
    lines = [words()("title", title=row.title), words()("ask_to"), words()("stop_hint")]
    return say(*lines, title=headline, choices=choices)


def to_flow(request: StaffRequest, text: str) -> Replies:
    """Recipients in words."""
    return _set_audience(request, _draft_in_hand(request).id, read_audience(request.session, text))


def picked_audience(request: StaffRequest, notice_id: int, what: str) -> Replies:
    """Recipients by a button: «tatca», a department «p3», a saved list «d2»."""
    digits = number((what[1:],), 0)
    if what == "tatca":
        chosen = Audience(all_groups=True)
    elif what.startswith("p") and digits > 0:
        chosen = Audience(departments=(digits,))
    elif what.startswith("d") and digits > 0:
        chosen = Audience(lists=(digits,))
    else:
        raise refuse("audience.unknown", "audience.how", words=what[:20])
    return _set_audience(request, notice_id, chosen)


def _set_audience(request: StaffRequest, notice_id: int, chosen: Audience) -> Replies:
    return _changed(request, notice_id, lambda draft: replace(draft, audience=chosen))


def edit_flow(request: StaffRequest, text: str) -> Replies:
    """Anything typed while a draft is in hand: a file, a change of one thing, or a new text."""
    row = _draft_in_hand(request)
    file = request.incoming.file
    if file is not None:
        attach(request, row.id, file)
        if not text.strip():
            return back_to(request, row.id, words()("attached", name=file.name))
    said = read_change(text, request.now)
    if not said.nothing:
        return _apply(request, row, said)
    parts = _named_parts(text)
    if not parts:
        title, body = title_and_body(text)
        if not body:  # one line may be meant for anybody; a whole new text has a title and more
            raise refuse("edit_unclear", "edit_unclear_mend")
        parts = {"title": title, "body": body}
    return _changed(
        request,
        row.id,
        lambda draft: replace(
            draft, title=parts.get("title", draft.title), body=parts.get("body", draft.body)
        ),
    )


def _named_parts(text: str) -> dict[str, str]:
    """«Tiêu đề: …», «Nội dung: …», or the one and below it the other; empty where none is named."""
    part, new = _part_and_text(text)
    first, _, below = new.partition("\n")
    if part == "title" and below:
        under, body = _part_and_text(below.strip())
        if under == "body":
            return {part: first.strip(), under: body}
    return {part: new} if part else {}


def _part_and_text(text: str) -> tuple[str, str]:
    """«Tiêu đề: …», «Nội dung: …»: the part that is named, and what it is to be; ("", "") for none."""
    name, colon, new = text.partition(":")
    words_ = people.plain(name).removeprefix("sua ").removeprefix("doi ")
    part = {"tieu de": "title", "noi dung": "body"}.get(words_, "") if colon else ""
    return (part, new.strip()) if part and new.strip() else ("", "")


def _apply(request: StaffRequest, row: Notice, said: Said) -> Replies:
    if said.priority is Priority.EXPRESS and not row.express_reason:
        demand(request.me.roles, Action.SEND_EXPRESS)
        request.state.update(flow="notice.express", notice=row.id)
        return say(words()("ask_express_reason", id=row.id))

    def changed(draft: Draft) -> Draft:
        if said.priority is not None:
            draft = replace(draft, priority=said.priority)
        if said.document is not None:
            draft = replace(draft, document=said.document, document_date=said.document_date)
        if said.confirm is not None:
            draft = replace(draft, confirm=said.confirm)
        if said.send_at is not None or said.at_once:
            draft = replace(draft, send_at=said.send_at)
        return draft

    return _changed(request, row.id, changed)


def express_flow(request: StaffRequest, text: str) -> Replies:
    """Why it is hoả tốc."""
    demand_reason(text)
    reason = (split_reason(text)[1] or text).strip()
    return _changed(
        request,
        _draft_in_hand(request).id,
        lambda draft: replace(draft, priority=Priority.EXPRESS, express_reason=reason),
    )


def toggle_confirm(request: StaffRequest, notice_id: int) -> Replies:
    """«Cần xác nhận» on or off."""
    return _changed(request, notice_id, lambda draft: replace(draft, confirm=not draft.confirm))


def drop_files(request: StaffRequest, notice_id: int) -> Replies:
    """Take all files off."""
    for file in rows_of(request.session, notice_id):
        drafts.detach(request.session, request.notices, file.id, actor=request.me, now=request.now)
    return back_to(request, notice_id, words()("detached"))


def hand_in(request: StaffRequest, notice_id: int) -> Replies:
    """To the second person."""
    row = approval.submit(request.session, request.notices, notice_id, actor=request.me, now=request.now)
    request.state.clear()
    return (card(request, row, words()("submitted", id=row.id)),)


def send_off(request: StaffRequest, notice_id: int) -> Replies:
    """Without a second person, where the office allows it."""
    row = approval.send(request.session, request.notices, notice_id, actor=request.me, now=request.now)
    request.state.clear()
    return (card(request, row, leaves_at(request, row)),)


def attach(request: StaffRequest, notice_id: int, file: SentFile) -> None:
    """A file that came with the message. Raises Refused."""
    if file.content is None:
        raise Refused("Chưa tải được tệp.", "Chỉ nhận PDF, DOCX, XLSX và ảnh; xin gửi lại sau ít phút.")
    drafts.attach(
        request.session,
        request.notices,
        notice_id,
        name=file.name,
        media_type=file.media_type,
        content=file.content,
        actor=request.me,
        now=request.now,
    )


def back_to(request: StaffRequest, notice_id: int, headline: str = "") -> Replies:
    """The card of a draft, which what is typed next goes on changing."""
    row = get(request.session, notice_id)
    request.state.clear()
    if row.state is NoticeState.DRAFT:
        request.state.update(flow="notice.edit", notice=row.id)
    return (card(request, row, headline),)


def _changed(request: StaffRequest, notice_id: int, change: Callable[[Draft], Draft]) -> Replies:
    row = get(request.session, notice_id)
    if row.state not in (NoticeState.DRAFT, NoticeState.WAITING):
        raise refuse("not_draft", "not_draft_mend", id=row.id, state=row.state.label)
    draft = change(drafts.draft_of(row))
    drafts.change(request.session, request.notices, row.id, draft, actor=request.me, now=request.now)
    return back_to(request, row.id)


def _draft_in_hand(request: StaffRequest) -> Notice:
    return get(request.session, int(request.state.get("notice", 0)))


FLOWS = {
    "notice.text": text_flow,
    "notice.blanks": blanks_flow,
    "notice.to": to_flow,
    "notice.edit": edit_flow,
    "notice.express": express_flow,
}
