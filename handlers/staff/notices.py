"""Notices in chat: written, approved, followed, corrected; and «Đã đọc» from everyone they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from handlers.staff import notice_drafting as drafting
from handlers.staff.notice_cards import card, leaves_at, listed
from handlers.staff.notice_drafting import demand_private, forwarded, takes_file, takes_forwarded
from handlers.staff.notice_words import refuse, title_and_body, words
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from handlers.staff.said import empty
from handlers.staff.waiting import besides_notice
from handlers.staff.words import demand_reason, split_reason
from office.channel_names import label
from office.messages import File, Line, Reply, Style
from office.notices import Notice, NoticeState
from office.people import plain
from office.refusal import Refused
from office.rights import Action, allowed, demand
from scheduler.notices import approval, corrections, drafts, reading, report, sending, trial, wording
from scheduler.notices.desk import get

__all__ = ["COMMANDS", "FLOWS", "TAPS", "forwarded", "takes_file", "takes_forwarded"]

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LIST = frozenset({"ds", "danh sach"})


def _command(request: StaffRequest, rest: str) -> Replies:
    """/thongbao, /thongbao ds, /thongbao 12, /thongbao and the text at once."""
    demand_private(request)
    said = plain(rest)
    if said in _LIST:
        return (listed(request),)
    if said.isdecimal():
        return drafting.back_to(request, number((said,), 0))
    demand(request.me.roles, Action.WRITE_NOTICES)
    if not said or said in ("moi", "soan"):
        return drafting.begin(request)
    return drafting.text_flow(request, rest)


# --- taps


def _tapped(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    """`s:tb:<verb>:<notice>`, some with one more word."""
    verb, notice_id = arguments[0] if arguments else "", number(arguments, 1)
    if verb == "doc":
        return _read(request, notice_id, max(1, number(arguments, 2)))
    if verb == "xem" and not allowed(request.me.roles, Action.LIST_NOTICES):
        return _show(request, notice_id)
    demand(request.me.roles, Action.LIST_NOTICES)
    if verb == "moi":
        return drafting.begin(request)
    if verb == "mau":
        return drafting.picked_template(request, notice_id)
    if verb == "toi":
        return drafting.picked_audience(request, notice_id, arguments[2] if len(arguments) > 2 else "")
    act = _ACTS.get(verb)
    if act is None:
        raise refuse("no_notice", "no_notice_mend", id=notice_id)
    return act(request, notice_id)


def _read(request: StaffRequest, notice_id: int, revision: int) -> Replies:
    """«Đã đọc»: said back to who tapped, and in a group to nobody else where the platform can."""
    here = request.incoming
    new = reading.confirm(
        request.session,
        notice_id,
        request.me,
        channel=here.channel,
        account=here.account,
        chat=here.chat,
        now=request.now,
        revision=revision,
    )
    said = words()("read" if new else "read_already", name=request.me.name, id=notice_id)
    return say(said, passing=True)


def _show(request: StaffRequest, notice_id: int) -> Replies:
    """A notice that has been sent, for who is reminded of it."""
    demand(request.me.roles, Action.CONFIRM_NOTICE)
    row = get(request.session, notice_id)
    if row.started_at is None or row.state is NoticeState.RETRACTED:
        raise refuse("no_notice", "ask_van_phong", id=notice_id)
    return (wording.message(request.session, request.notices, row),)


def _preview(request: StaffRequest, notice_id: int) -> Replies:
    """As each channel shows it."""
    row = get(request.session, notice_id)
    replies: list[Reply] = []
    for channel, parts in wording.previews(request.session, request.notices, row).items():
        replies.append(Reply(lines=(Line(words()("preview_head", channel=label(channel)), Style.SOURCE),)))
        replies += [replace(part, choices=()) for part in parts]
    return (*replies, *drafting.back_to(request, notice_id))


def _try(request: StaffRequest, notice_id: int) -> Replies:
    trial.try_out(request.session, request.notices, notice_id, actor=request.me, now=request.now)
    return drafting.back_to(request, notice_id, words()("tested"))


def _to(request: StaffRequest, notice_id: int) -> Replies:
    return drafting.ask_to(request, get(request.session, notice_id))


def _approve(request: StaffRequest, notice_id: int) -> Replies:
    mend = besides_notice(request, notice_id)
    try:
        row = approval.approve(request.session, request.notices, notice_id, actor=request.me, now=request.now)
    except Refused as refused:
        raise Refused(refused.message, mend or refused.mend) from None
    return _after(request, row, f"{words()('approved', id=row.id)} {leaves_at(request, row)}")


def _resume(request: StaffRequest, notice_id: int) -> Replies:
    row = sending.resume(request.session, request.notices, notice_id, actor=request.me, now=request.now)
    return _after(request, row, words()("resumed", id=row.id))


def _nudge(request: StaffRequest, notice_id: int) -> Replies:
    count = reading.nudge(request.session, request.notices, notice_id, actor=request.me, now=request.now)
    return say(words()("nudged", count=count) if count else words()("nudged_nobody"))


def _progress(request: StaffRequest, notice_id: int) -> Replies:
    return _after(request, get(request.session, notice_id), "")


def _workbook(request: StaffRequest, notice_id: int) -> Replies:
    found = report.report(request.session, notice_id)
    content = request.papers.notice(found)
    file = File(name=f"thong-bao-{notice_id}.xlsx", media_type=_XLSX, content=content)
    return (Reply(lines=(Line(words()("report_file", id=notice_id)),), files=(file,)),)


def _correct(request: StaffRequest, notice_id: int) -> Replies:
    """Ask for the new text, then for the reason."""
    demand(request.me.roles, Action.SEND_NOTICES)
    row = get(request.session, notice_id)
    request.state.update(flow="notice.correct", notice=row.id)
    return say(words()("ask_correction", id=row.id), words()("stop_hint"))


def _correct_flow(request: StaffRequest, text: str) -> Replies:
    title, body = title_and_body(text)
    if not title or (not body and empty(text)):
        raise refuse("ask_correction", "stop_hint", id=request.state.get("notice", 0))
    request.state.update(title=title, body=body)
    return _ask_reason(request, int(request.state.get("notice", 0)), "sua")


def _cancel(request: StaffRequest, notice_id: int) -> Replies:
    """A draft that nobody has seen needs no reason."""
    row = get(request.session, notice_id)
    if row.state is NoticeState.DRAFT:
        return _with_reason(request, row, "huy", words()("kept"))
    return _ask_reason(request, notice_id, "huy")


def _asking(verb: str) -> Callable[[StaffRequest, int], Replies]:
    def ask(request: StaffRequest, notice_id: int) -> Replies:
        return _ask_reason(request, notice_id, verb)

    return ask


def _ask_reason(request: StaffRequest, notice_id: int, verb: str) -> Replies:
    row = get(request.session, notice_id)
    request.state.update(flow="notice.reason", notice=row.id, verb=verb)
    return say(words()("ask_reason", what=words()(f"reasons.{verb}"), id=row.id), words()("stop_hint"))


def _reason_flow(request: StaffRequest, text: str) -> Replies:
    demand_reason(text)
    reason = (split_reason(text)[1] or text).strip()
    row = get(request.session, int(request.state.get("notice", 0)))
    return _with_reason(request, row, str(request.state.get("verb", "")), reason)


def _with_reason(request: StaffRequest, row: Notice, verb: str, reason: str) -> Replies:
    act, said = _REASONED[verb]
    state = dict(request.state)
    request.state.clear()
    changed = act(request, row, reason, state)
    return _after(request, changed, words()(said, id=row.id))


def _give_back(request: StaffRequest, row: Notice, reason: str, state: Mapping[str, object]) -> Notice:
    return approval.give_back(
        request.session, request.notices, row.id, actor=request.me, reason=reason, now=request.now
    )


def _call_off(request: StaffRequest, row: Notice, reason: str, state: Mapping[str, object]) -> Notice:
    return sending.cancel(
        request.session, request.notices, row.id, actor=request.me, reason=reason, now=request.now
    )


def _pause(request: StaffRequest, row: Notice, reason: str, state: Mapping[str, object]) -> Notice:
    return sending.pause(
        request.session, request.notices, row.id, actor=request.me, reason=reason, now=request.now
    )


def _retract(request: StaffRequest, row: Notice, reason: str, state: Mapping[str, object]) -> Notice:
    return corrections.retract(
        request.session, request.notices, row.id, actor=request.me, reason=reason, now=request.now
    )


def _put_right(request: StaffRequest, row: Notice, reason: str, state: Mapping[str, object]) -> Notice:
    draft = replace(
        drafts.draft_of(row), title=str(state.get("title", row.title)), body=str(state.get("body", ""))
    )
    return corrections.correct(
        request.session, request.notices, row.id, draft, actor=request.me, reason=reason, now=request.now
    )


def _after(request: StaffRequest, row: Notice, headline: str) -> Replies:
    return (card(request, row, headline),)


_REASONED: Mapping[str, tuple[Callable[[StaffRequest, Notice, str, Mapping[str, object]], Notice], str]] = {
    "tra": (_give_back, "given_back"),
    "huy": (_call_off, "cancelled"),
    "dung": (_pause, "paused"),
    "thuhoi": (_retract, "retracted"),
    "sua": (_put_right, "corrected"),
}
_ACTS: Mapping[str, Callable[[StaffRequest, int], Replies]] = {
    "xem": _preview,
    "thu": _try,
    "den": _to,
    "xn": drafting.toggle_confirm,
    "botep": drafting.drop_files,
    "trinh": drafting.hand_in,
    "gui": drafting.send_off,
    "duyet": _approve,
    "tra": _asking("tra"),
    "huy": _cancel,
    "dung": _asking("dung"),
    "tiep": _resume,
    "thuhoi": _asking("thuhoi"),
    "sua": _correct,
    "nhac": _nudge,
    "tiendo": _progress,
    "bc": _workbook,
}

COMMANDS: tuple[Command, ...] = (
    Command(
        words=("thongbao",),
        run=_command,
        help="/thongbao: soạn thông báo (hoặc chuyển tiếp một tin cho em); /thongbao ds: các thông báo; "
        "/thongbao 12: xem một thông báo",
        action=Action.LIST_NOTICES,
    ),
)
TAPS: Mapping[str, Tapped] = {"tb": _tapped}
FLOWS = {**drafting.FLOWS, "notice.correct": _correct_flow, "notice.reason": _reason_flow}
