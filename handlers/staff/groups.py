"""Staff groups: the bot is silent in one until Văn phòng has said whose it is."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from handlers.staff import people_deeds
from handlers.staff.people_deeds import doing_of, held_group, whose
from handlers.staff.people_words import refuse, words
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from handlers.staff.words import one_department, split_reason
from office import groups, people
from office.groups import Group, GroupState
from office.messages import ChatAddress, Choice, ChoiceKind, Event, Incoming, Line, Reply, Style
from office.people import Department, plain
from office.rights import Action, demand
from scheduler import audience, trouble
from scheduler.trouble import ChatTrouble

_OFFERED = 6  # departments on buttons
_WHOLE_OFFICE = 0  # the department of a payload
_REFUSE = "tuchoi"
_TAP = "nhom"


def on_event(request: StaffRequest) -> Replies:
    """What the platform says of a chat: nothing is said there, Văn phòng is told where it matters."""
    incoming = request.incoming
    here = _address(incoming)
    chats = ChatTrouble(request.work.outbox)
    match incoming.event:
        case Event.ADDED if incoming.group:
            _meet(request, added_by=incoming.sender_name)
        case Event.REMOVED:
            chats.unreachable(request.session, here, trouble.removed(), request.now)
        case Event.BLOCKED:
            chats.unreachable(request.session, here, trouble.blocked(), request.now)
        case Event.UNBLOCKED:
            groups.in_reach_again(request.session, channel=here.channel, account=here.account, chat=here.chat)
        case Event.MIGRATED if incoming.moved_to:
            chats.moved(request.session, here, incoming.moved_to, request.now)
    return ()


def first_seen(request: StaffRequest) -> Replies:
    """A group writes whose event was missed: known from now on, silent all the same."""
    person = request.person
    _meet(request, added_by="", called_by=person.name if person else request.incoming.sender_name)
    return ()


def _address(incoming: Incoming) -> ChatAddress:
    return ChatAddress(
        channel=incoming.channel, account=incoming.account, chat=incoming.chat, group=incoming.group
    )


def _meet(request: StaffRequest, *, added_by: str, called_by: str = "") -> None:
    incoming = request.incoming
    group, asked = groups.met(
        request.session,
        channel=incoming.channel,
        account=incoming.account,
        chat=incoming.chat,
        title=incoming.title,
        added_by=added_by,
        now=request.now,
    )
    if asked:
        to = audience.van_phong(request.session, on=request.today)
        question = _question(request.session, group, called_by)
        request.work.outbox.announce(request.session, "group.new", group.id, to, question, now=request.now)


def _question(session: Session, group: Group, called_by: str = "") -> Reply:
    """Whose group is it? The likeliest departments on buttons."""
    by = words()("groups.added_by_unknown")
    if group.added_by:
        by = words()("groups.added_by", name=group.added_by)
    elif called_by:
        by = words()("groups.called_by", name=called_by)
    lines = (
        Line(words()("groups.new_title"), Style.TITLE),
        Line(words()("groups.new", id=group.id, title=groups.title_of(group))),
        Line(by),
        Line(words()("groups.silent"), Style.WARNING),
        Line(words()("groups.which")),
        Line(words()("groups.by_words", id=group.id), Style.SOURCE),
    )
    return Reply(lines=lines, choices=_choices(session, group))


def _choices(session: Session, group: Group) -> tuple[Choice, ...]:
    likeliest = sorted(people.departments(session), key=lambda row: -_likeness(group.title, row))
    return (
        *(
            Choice(kind=ChoiceKind.OPTION, label=row.name[:60], payload=f"s:{_TAP}:{group.id}:{row.id}")
            for row in likeliest[:_OFFERED]
        ),
        Choice(
            kind=ChoiceKind.MENU,
            label=words()("groups.whole_office"),
            payload=f"s:{_TAP}:{group.id}:{_WHOLE_OFFICE}",
        ),
        Choice(
            kind=ChoiceKind.MENU, label=words()("groups.refuse"), payload=f"s:{_TAP}:{group.id}:{_REFUSE}"
        ),
    )


def _likeness(title: str, department: Department) -> float:
    """How much a group's title speaks of a department, 0 to 100; its initials are as good as its name."""
    said, name = plain(title), plain(department.name).removeprefix("phong ")
    if "".join(word[0] for word in name.split()) in said.split():
        return 100.0
    return fuzz.token_set_ratio(said, name)


def tapped(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    """`s:nhom:5:2` ties group 5 to department 2, `…:0` to the whole office, `…:tuchoi` refuses it."""
    demand(request.me.roles, Action.DECIDE_GROUPS)
    group = held_group(request.session, number(arguments, 0))
    if group.state is not GroupState.PENDING:
        return say(
            words()(
                "groups.decided_already",
                id=group.id,
                title=groups.title_of(group),
                state=_state(request.session, group),
            ),
            *_decider(request.session, group),
            words()("groups.decided_change", id=group.id),
            replaces=True,
        )
    if arguments[1:2] == (_REFUSE,):
        return _decide(request, group, approve=False, department_id=None, reason="", replaces=True)
    chosen = number(arguments, 1)
    if chosen != _WHOLE_OFFICE and request.session.get(Department, chosen) is None:
        raise refuse("departments.unknown", "departments.how", words=str(chosen))
    return _decide(request, group, approve=True, department_id=chosen or None, reason="", replaces=True)


def approve(request: StaffRequest, rest: str) -> Replies:
    """`/duyetnhom 5 qltm`, `/duyetnhom 5 tatca`; with the number alone the departments are offered."""
    group, said = _numbered(request.session, rest)
    if not said:
        return (_question(request.session, group),)
    if plain(said).replace(" ", "") in ("tatca", "toancoquan"):
        department_id = None
    else:
        department_id = one_department(request.session, said).id
    return _decide(request, group, approve=True, department_id=department_id, reason="")


def reject(request: StaffRequest, rest: str) -> Replies:
    """`/tuchoinhom 5 lý do …`"""
    group, said = _numbered(request.session, rest)
    before, reason = split_reason(said)
    reason = reason or before
    if not reason:
        raise refuse("groups.need_reason", "groups.need_reason_mend", id=group.id)
    return _decide(request, group, approve=False, department_id=None, reason=reason)


def _decide(
    request: StaffRequest,
    group: Group,
    *,
    approve: bool,
    department_id: int | None,
    reason: str,
    replaces: bool = False,
) -> Replies:
    session = request.session
    people_deeds.decide_group(
        doing_of(request), group, approve=approve, department_id=department_id, reason=reason
    )
    said = words()(
        "groups.approved" if approve else "groups.refused",
        id=group.id,
        title=groups.title_of(group),
        department=whose(session, group),
    )
    return say(said, *_decider(session, group), replaces=replaces)


def listed(request: StaffRequest, rest: str) -> Replies:
    """`/nhom`: all groups with their states."""
    found = groups.every(request.session)
    if not found:
        return say(words()("groups.none"))
    waiting_first = sorted(found, key=lambda group: group.state is not GroupState.PENDING)
    items = [Line(_item(request.session, group), Style.ITEM) for group in waiting_first]
    how = Line(words()("groups.list_how"), Style.SOURCE)
    return say(*items, how, title=words()("groups.list_title", count=len(found)))


def _item(session: Session, group: Group) -> str:
    item = words()("groups.list_item", id=group.id, title=groups.title_of(group), state=group.state.label)
    if group.state is GroupState.APPROVED:
        item = words()("groups.list_department", item=item, department=whose(session, group))
        if group.topic:
            item = words()("groups.list_topic", item=item, topic=group.topic)
    elif group.reason:
        item = words()("groups.list_reason", item=item, reason=group.reason)
    return item


def choose_topic(request: StaffRequest, rest: str) -> Replies:
    """`/chude` in a forum's topic: the group's messages go there; outside of any: to none."""
    group = request.group
    if group is None or group.state is not GroupState.APPROVED:
        raise refuse("groups.topic_where")
    topic = request.incoming.topic
    if not groups.set_topic(request.session, group, topic, actor=request.me.id, now=request.now):
        return say(words()("groups.topic_same"))
    return say(words()("groups.topic_set" if topic else "groups.topic_cleared"))


def _numbered(session: Session, rest: str) -> tuple[Group, str]:
    first, _, said = rest.strip().partition(" ")
    found = number((first.lstrip("#"),), 0)
    if found < 0:
        raise refuse("groups.need_number", "groups.need_number_mend")
    return held_group(session, found), said.strip()


def _state(session: Session, group: Group) -> str:
    if group.state is not GroupState.APPROVED:
        return group.state.label
    return f"{group.state.label}, {whose(session, group)}"


def _decider(session: Session, group: Group) -> list[str]:
    name = people.name_of(session, group.decided_by)
    return [words()("groups.decided_by", name=name)] if name else []


COMMANDS: tuple[Command, ...] = (
    Command(words=("nhom",), action=Action.DECIDE_GROUPS, run=listed, help="/nhom: các nhóm và tình trạng"),
    Command(
        words=("duyetnhom",),
        action=Action.DECIDE_GROUPS,
        run=approve,
        help="/duyetnhom 5 qltm: duyệt nhóm cho một phòng (tatca: cho toàn cơ quan)",
    ),
    Command(
        words=("tuchoinhom",),
        action=Action.DECIDE_GROUPS,
        run=reject,
        help="/tuchoinhom 5 lý do …: không duyệt nhóm",
    ),
    Command(
        words=("chude",),
        action=Action.DECIDE_GROUPS,
        run=choose_topic,
        help="/chude: gõ trong chủ đề của nhóm để tin của nhóm gửi vào đó",
    ),
)
TAPS: Mapping[str, Tapped] = {_TAP: tapped}
