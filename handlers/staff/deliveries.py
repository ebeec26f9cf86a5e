"""What became of the messages: the last day at a glance, and one tap for each that is in doubt or failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select

from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from office import groups
from office.deliveries import Delivery, Status
from office.messages import Choice, ChoiceKind, Line, Style
from office.people import name_of
from office.rights import Action
from office.wire import replies_from_json
from scheduler.settling import settle
from scheduler.wording import when

_SHOWN = 5


def _look(request: StaffRequest, rest: str) -> Replies:
    """/tin: counts of the last day, then what needs somebody."""
    since = request.now - timedelta(days=1)
    counts = request.session.execute(
        select(Delivery.status, func.count())
        .where(Delivery.created_at > since)
        .group_by(Delivery.status)
        .order_by(Delivery.status)
    ).all()
    lines = [Line(f"{status.label}: {count}", Style.ITEM) for status, count in counts]
    if not lines:
        lines = [Line("Một ngày qua chưa gửi tin nào.")]
    waiting = request.session.scalars(
        select(Delivery)
        .where(Delivery.status.in_((Status.UNCERTAIN, Status.FAILED)), Delivery.created_at > since)
        .order_by(Delivery.status.desc(), Delivery.id.desc())
        .limit(_SHOWN)
    ).all()
    choices: list[Choice] = []
    for row in waiting:
        lines += [Line(_brief(request, row)), Line(f"{row.reason} {row.status.next_action}", Style.SOURCE)]
        if row.status is Status.UNCERTAIN:
            choices.append(_choice(f"Số {row.id}: đã tới", f"s:tin:toi:{row.id}"))
        choices.append(_choice(f"Số {row.id}: gửi lại", f"s:tin:lai:{row.id}"))
    return say(*lines, title="Tin gửi trong một ngày qua", choices=tuple(choices))


def _choice(label: str, payload: str) -> Choice:
    return Choice(kind=ChoiceKind.FACET, label=label, payload=payload)


def _brief(request: StaffRequest, row: Delivery) -> str:
    group = groups.at(request.session, row.channel, row.account, row.chat) if row.group else None
    to = groups.title_of(group) if group else name_of(request.session, row.member_id) or row.chat
    first = replies_from_json(row.body)[0].text().splitlines()[:1]
    return f"Số {row.id}, {when(row.due_at)}, tới {to}: {''.join(first)[:80]} ({row.status.label})"


def _settle(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    delivery_id, arrived = number(arguments, 1), arguments[:1] == ("toi",)
    settle(
        request.session,
        request.work.outbox,
        delivery_id,
        arrived=arrived,
        actor=request.me,
        now=request.now,
    )
    return say(f"Tin số {delivery_id}: " + ("đã ghi là đã tới." if arrived else "sẽ được gửi lại."))


COMMANDS = (
    Command(
        words=("tin",),
        run=_look,
        help="/tin: tin gửi trong một ngày qua; tin chưa rõ hoặc không gửi được thì xử lý tại đây",
        action=Action.DELIVERIES,
    ),
)
TAPS: Mapping[str, Tapped] = {"tin": _settle}
