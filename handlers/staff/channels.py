"""Where somebody is written to: one's accounts in their order, one more tied by a code, one untied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from handlers.staff import account_deeds
from handlers.staff.account_deeds import Held, held
from handlers.staff.people_deeds import doing_of
from handlers.staff.people_words import demand_private, refuse, words
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from office.assignments import TAP_VERB
from office.channel_names import label
from office.messages import Choice, ChoiceKind, Line, Style
from office.rights import Action
from scheduler.wording import when

TAP = "kenh"


def connect(request: StaffRequest, rest: str) -> Replies:
    """`/noikenh`: a code to tie another channel to oneself."""
    demand_private(request)
    others = [label(name) for name in request.notices.channels if name != request.incoming.channel]
    if not others:
        raise refuse("channels.no_other", "channels.no_other_mend")
    code = account_deeds.own_code(doing_of(request), hash_key=request.hash_key)
    names = words()("channels.or").join(others)
    until = when(request.now + account_deeds.CODE_LIFE)
    return (
        *say(
            words()("channels.connect", channels=names, code=code),
            words()("channels.code_life", when=until),
            Line(words()("channels.connected_how"), Style.SOURCE),
            title=words()("channels.connect_title"),
        ),
        *say(words()("accounts.code_line", code=code)),
    )


def look(request: StaffRequest, rest: str) -> Replies:
    """`/kenh`: one's accounts in their order; `/kenh 2`: be written to in the second one first."""
    demand_private(request)
    said = rest.strip()
    if not said:
        return _listed(request)
    at = number((said,), 0)
    mine = {one.number: one.id for one in held(request.session, request.me.id, request.work.outbox)}
    if at not in mine:
        raise refuse("channels.unknown", "channels.unknown_mend")
    return _preferred(request, mine[at])


def _listed(request: StaffRequest, *above: str) -> Replies:
    mine = held(request.session, request.me.id, request.work.outbox)
    items = [Line(_marked(request, one), Style.ITEM) for one in mine]
    how = Line(words()("channels.how" if len(mine) > 1 else "channels.how_one"), Style.SOURCE)
    choices = tuple(_choices(mine))
    return say(*above, *items, how, title=words()("channels.title"), choices=choices)


def _marked(request: StaffRequest, one: Held) -> str:
    """An account, and whether one writes from it."""
    came = request.incoming
    here = (one.channel, one.account, one.sender) == (came.channel, came.account, came.sender)
    return words()("channels.here", item=one) if here else str(one)


def _choices(mine: Iterable[Held]) -> Iterable[Choice]:
    mine = tuple(mine)
    if len(mine) < 2:
        return
    for one in mine[1:]:
        yield _button("first_button", f"dau:{one.id}", one)
    for one in mine:
        if any(other.reached for other in mine if other.id != one.id):
            yield _button("untie_button", f"bo:{one.id}", one)


def _button(name: str, payload: str, one: Held) -> Choice:
    text = words()(f"channels.{name}", number=one.number, channel=one.label)
    return Choice(kind=ChoiceKind.FACET, label=text, payload=f"{TAP_VERB}:{TAP}:{payload}")


def _preferred(request: StaffRequest, account_id: int) -> Replies:
    row, changed = account_deeds.prefer(doing_of(request), account_id)
    text = "channels.preferred" if changed else "channels.preferred_before"
    return _listed(request, words()(text, channel=label(row.channel)))


def _tap(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    """s:kenh:dau:3, s:kenh:bo:3 (asks once more), s:kenh:boluon:3, s:kenh:xem."""
    demand_private(request)
    what, account_id = arguments[:1], number(arguments, 1)
    if what == ("dau",):
        return _preferred(request, account_id)
    if what == ("bo",):
        return _ask(request, account_id)
    if what == ("boluon",):
        channel = account_deeds.untie_own(doing_of(request), account_id)
        return _untied(request, channel)
    doing_of(request)  # for members alone
    return _listed(request)


def _ask(request: StaffRequest, account_id: int) -> Replies:
    row = account_deeds.own(doing_of(request), account_id)
    yes = Choice(
        kind=ChoiceKind.FACET,
        label=words()("channels.untie_yes"),
        payload=f"{TAP_VERB}:{TAP}:boluon:{row.id}",
    )
    no = Choice(kind=ChoiceKind.FACET, label=words()("channels.untie_no"), payload=f"{TAP_VERB}:{TAP}:xem")
    return say(words()("channels.ask_untie", channel=label(row.channel)), choices=(yes, no))


def _untied(request: StaffRequest, channel: str) -> Replies:
    said = words()("channels.untied", channel=channel)
    left = held(request.session, request.me.id, request.work.outbox)
    return say(said, *(Line(str(one), Style.ITEM) for one in left))


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("kenh",),
        action=Action.OWN_ACCOUNTS,
        run=look,
        help="/kenh: nhận lời nhắc ở đâu; /kenh 2: nhận ở kênh số 2 trước",
    ),
    Command(
        words=("noikenh",),
        action=Action.OWN_ACCOUNTS,
        run=connect,
        help="/noikenh: lấy mã để nối thêm một kênh của mình",
    ),
)
TAPS: Mapping[str, Tapped] = {TAP: _tap}
