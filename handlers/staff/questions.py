"""Questions not answered, in chat: the groups, what to do with one, the second person's yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from sqlalchemy import func, select

from handlers.improving import changes, telling, triage
from handlers.improving.candidates import candidates_of
from handlers.improving.content import AliasContent, made
from handlers.improving.errands import Errands
from handlers.improving.measuring import unverified
from handlers.improving.telling import TAP, button, tap
from handlers.improving.words import words as change_words
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from handlers.staff.words import split_reason, take_number
from knowledge.phrases import Phrases
from knowledge.schema import Kind
from knowledge.vietnamese import clean
from office.improvements import ChangeKind, ChangeState, GroupState, KnowledgeChange, QuestionGroup
from office.messages import Choice, Line, Style
from office.questions import Question
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.wording import when

_TOP = 6
_LIKE = 3
_CANDIDATES = 3
_MAX_ALIAS = 200
_UNGROUPED = Question.trouble.is_not(None) & Question.group_id.is_(None)


@cache
def words() -> Phrases:
    """The texts of this file, read once."""
    return Phrases.read(Path(__file__).with_name("texts_questions.yaml"))


def show_groups(request: StaffRequest, rest: str = "") -> Replies:
    """`/chuatraloi`: the groups that were asked for most."""
    demand(request.me.roles, Action.QUESTIONS)
    wanted = (QuestionGroup.state == GroupState.OPEN) & (QuestionGroup.count > 0)
    session, text = request.session, words()
    total = session.scalar(select(func.count()).select_from(QuestionGroup).where(wanted)) or 0
    top = session.scalars(
        select(QuestionGroup).where(wanted).order_by(QuestionGroup.count.desc(), QuestionGroup.id).limit(_TOP)
    ).all()
    waiting = session.scalars(
        select(KnowledgeChange).where(KnowledgeChange.state == ChangeState.PROPOSED).limit(_TOP)
    ).all()
    lines = [Line(_item(at, group), Style.ITEM) for at, group in enumerate(top, 1)]
    fresh = session.scalar(select(func.count()).select_from(Question).where(_UNGROUPED)) or 0
    lines.append(Line(text("more") if top else text("none_grouped") if fresh else text("none")))
    lines.append(Line(text("fresh", count=fresh) if fresh else text("soon")))
    lines += [Line(text("waiting", count=len(waiting)))] if waiting else []
    picks = [
        button(text("open", number=at, text=group.text[:40]), tap("xem", group.id))
        for at, group in enumerate(top, 1)
    ]
    picks += [button(text("change_title", id=change.id), tap("denghi", change.id)) for change in waiting]
    return say(*lines, choices=tuple(picks), title=text("title", count=total))


def _item(at: int, group: QuestionGroup) -> str:
    return words()("item", number=at, text=group.text[:120], count=group.count, kinds=kinds_of(group))


def kinds_of(group: QuestionGroup) -> str:
    """What was wrong, with how often."""
    found = (
        (group.unanswered, "chưa trả lời được"),
        (group.disliked, "bị chấm 👎"),
        (group.mismatched, "trả lời nhầm mục"),
    )
    return ", ".join(f"{count} {what}" for count, what in found if count) or "chưa rõ"


def _show_group(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    demand(request.me.roles, Action.QUESTIONS)
    group = triage.group_of(request.session, number(arguments, 0))
    text = words()
    lines = [
        Line(text("group_text", text=group.text[:300])),
        Line(text("group_count", count=group.count, kinds=kinds_of(group), when=when(group.last_at))),
    ]
    others = select(Question.text).where(Question.group_id == group.id, Question.text != group.text)
    for other in request.session.scalars(others.distinct().limit(_LIKE)):
        lines.append(Line(text("like", text=other[:150]), Style.ITEM))
    if group.state is not GroupState.OPEN:
        lines.append(Line(text("group_state", state=group.state.label)))
    lines.append(Line(text("which")))
    found = candidates_of(request.session, _errands(request).improver.library(), group, most=_CANDIDATES)
    picks = [button(text("tie", label=c.entry.label), tap("gan", group.id, c.entry.id)) for c in found]
    picks += [
        button(text("outside"), tap("ngoai", group.id)),
        button(text("ignore"), tap("bo", group.id)),
        button(text("back"), tap("ds", 0)),
    ]
    return say(*lines, choices=tuple(picks), title=text("group_title", id=group.id))


def _tie(request: StaffRequest, arguments: tuple[str, ...], *, insist: bool = False) -> Replies:
    """The group's question becomes a wording of an entry, once somebody else agrees. `insist`: though nothing
    is verified there."""
    group = triage.group_of(request.session, number(arguments, 0))
    entry = arguments[1] if len(arguments) > 1 else ""
    asked = clean(group.text)[:_MAX_ALIAS]
    content = made(AliasContent, {"entry": entry, "alias": asked, "question": asked})
    found = _errands(request).improver.library().knowledge.get(entry)
    if found is not None and found.kind is Kind.STUB and not insist:
        anyway = button(words()("tie_anyway"), tap("vangan", group.id, entry))
        return say(Line(unverified(found), Style.WARNING), choices=(anyway, _back(group.id)))
    return _proposed(request, ChangeKind.ALIAS, content, group.id)


def _back(group_id: int) -> Choice:
    return button(words()("back_group"), tap("xem", group_id))


def _proposed(request: StaffRequest, kind: ChangeKind, content: AliasContent, group_id: int) -> Replies:
    errands, text = _errands(request), words()
    improver = errands.improver
    change = improver.propose(request.session, kind, content, group_id=group_id, actor=request.me)
    knowledge = improver.library().knowledge
    telling.ask_second(request.session, errands.outbox, change, knowledge, now=request.now)
    others = [p for p in changes.approvers(request.session) if p.id != request.me.id]
    following = text("proposed_next") if others else text("proposed_alone", id=change.id)
    lines = [Line(text("proposed", id=change.id, what=telling.summary(change, knowledge)))]
    lines += [Line(doubt, Style.WARNING) for doubt in telling.doubts(change, knowledge)]
    return say(*lines, following)


def _outside(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    group = triage.mark_outside(request.session, number(arguments, 0), actor=request.me, now=request.now)
    return say(words()("marked_outside", text=group.text[:200]))


def _ignore(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    group = triage.ignore(request.session, number(arguments, 0), actor=request.me, now=request.now)
    return say(words()("ignored", text=group.text[:200]))


def _show_change(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    demand(request.me.roles, Action.QUESTIONS)
    change = changes.change_of(request.session, number(arguments, 0))
    knowledge, text = _errands(request).improver.library().knowledge, words()
    lines = [*telling.about(request.session, change, knowledge)]
    lines.append(text("change_state", state=change.state.label))
    if change.report:
        lines += telling.outcome_lines(change.report)
    give_back = "button_withdraw" if change.proposed_by == request.me.id else "button_return"
    picks = {
        ChangeState.PROPOSED: ("duyet", "button_approve", "tra", give_back),
        ChangeState.APPLIED: ("hoan", "button_undo"),
    }.get(change.state, ())
    labels = change_words()
    buttons = [
        button(labels(label), tap(verb, change.id))
        for verb, label in zip(picks[::2], picks[1::2], strict=True)
    ]
    return say(*lines, choices=tuple(buttons), title=text("change_title", id=change.id))


def _approve(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _approved(request, number(arguments, 0), "")


def approve(request: StaffRequest, rest: str) -> Replies:
    """`/duyetkho 12 lý do …`: where a reason is needed."""
    said, reason = split_reason(rest)
    try:
        change_id, _ = take_number(said)
    except Refused as refused:
        raise Refused(words()("need_number"), words()("need_number_mend")) from refused
    return _approved(request, change_id, reason)


def _approved(request: StaffRequest, change_id: int, reason: str) -> Replies:
    changes.to_decide(request.session, change_id, actor=request.me, reason=reason)  # refuses at once
    _errands(request).approve(request.session, change_id, actor=request.me, reason=reason)
    return say(words()("working", id=change_id))


def _undo(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    change_id = number(arguments, 0)
    changes.to_undo(request.session, change_id, actor=request.me)
    _errands(request).undo(request.session, change_id, actor=request.me)
    return say(words()("undoing", id=change_id))


def _return(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    change = changes.change_of(request.session, number(arguments, 0))
    request.state.update(flow=TAP, change=change.id)
    mine = change.proposed_by == request.me.id
    return say(words()("withdraw_how" if mine else "return_how", id=change.id))


def _reason(request: StaffRequest, text: str) -> Replies:
    """The reason for giving a change back."""
    change_id = int(request.state.get("change", 0))
    change = changes.give_back(request.session, change_id, actor=request.me, now=request.now, reason=text)
    request.state.clear()
    errands = _errands(request)
    lines = (
        telling.summary(change, errands.improver.library().knowledge),
        change_words()("reason", reason=change.reason),
    )
    telling.tell_outcome(
        request.session,
        errands.outbox,
        change.id,
        "title_returned",
        lines,
        to=[change.proposed_by] if change.proposed_by != request.me.id else [],
        undo=False,
        now=request.now,
    )
    return say(words()("withdrawn" if change.proposed_by == request.me.id else "returned", id=change.id))


def _errands(request: StaffRequest) -> Errands:
    if request.errands is None:
        raise Refused(words()("not_running"))
    return request.errands


_VERBS: Mapping[str, Tapped] = {
    "ds": lambda request, arguments: show_groups(request),
    "xem": _show_group,
    "gan": _tie,
    "vangan": partial(_tie, insist=True),
    "ngoai": _outside,
    "bo": _ignore,
    "denghi": _show_change,
    "duyet": _approve,
    "tra": _return,
    "hoan": _undo,
}


def _tapped(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    verb = _VERBS.get(arguments[0]) if arguments else None
    return verb(request, arguments[1:]) if verb is not None else show_groups(request)


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("chuatraloi",),
        run=show_groups,
        help="/chuatraloi: câu hỏi chưa trả lời được, gắn vào mục đã có, duyệt đề nghị",
        action=Action.QUESTIONS,
    ),
    Command(
        words=("duyetkho",),
        run=approve,
        help="/duyetkho 12 lý do …: duyệt đề nghị sửa kho tri thức khi cần ghi lý do",
        action=Action.APPROVE_KNOWLEDGE,
    ),
)
TAPS: Mapping[str, Tapped] = {TAP: _tapped}
FLOWS = {TAP: _reason}
