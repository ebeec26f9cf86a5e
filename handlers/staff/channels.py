"""Where somebody is written to: one's accounts in their order, one more tied by a code, one untied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from handlers.staff import account_deeds
from handlers.staff.account_deeds import Held, held
from handlers.staff.people_deeds import doing_of
from handlers.staff.people_words import demand_private, refuse, words
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from office.assignments import TAP_VERB
from office.channel_names import label
from office.messages import Choice, ChoiceKind, Line, Style
from office.people import plain
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
    """`/kenh`: one's accounts; `/kenh telegram` or `/kenh 2`: be written to there first."""
    demand_private(request)
    said = rest.strip()
    if not said:
        return _listed(request)
    mine = held(request.session, request.me.id, request.work.outbox)
    return _preferred(request, _meant(mine, said).id)


def _meant(mine: tuple[Held, ...], said: str) -> Held:
    """The account of that number or name. Raises Refused for none, and for several."""
    names, wanted = _names(mine), plain(said)
    at = number((said,), 0)
    found = [one for one in mine if one.number == at]
    found = found or [one for one in mine if plain(names[one.id]) == wanted]
    found = found or [one for one in mine if wanted and f" {wanted} " in f" {plain(names[one.id])} "]
    if not found or (wanted.isdecimal() and found[0].number != at):
        raise refuse("channels.unknown_own", "channels.unknown_mend")
    if len(found) > 1:
        raise refuse(
            "channels.several",
            "channels.several_mend",
            count=len(found),
            words=said[:40],
            names=", ".join(names[one.id] for one in found),
            name=names[found[-1].id].lower(),
        )
    return found[0]


def _names(mine: Iterable[Held]) -> dict[int, str]:
    """The accounts' channels; a second one of a channel has a number."""
    names: dict[int, str] = {}
    met: Counter[str] = Counter()
    for one in mine:
        met[one.label] += 1
        nth = met[one.label]
        names[one.id] = one.label if nth == 1 else words()("channels.again", channel=one.label, number=nth)
    return names


def _listed(request: StaffRequest, *above: str) -> Replies:
    mine = held(request.session, request.me.id, request.work.outbox)
    names = _names(mine)
    items = [Line(text, Style.ITEM) for text in _items(request, mine, names)]
    if len(mine) > 1:
        how = Line(words()("channels.how", other=names[mine[1].id].lower()), Style.SOURCE)
    else:
        how = Line(words()("channels.how_one"), Style.SOURCE)
    choices = tuple(_choices(mine, names))
    return say(*above, *items, how, title=words()("channels.title"), choices=choices)


def _items(request: StaffRequest, mine: Iterable[Held], names: Mapping[int, str]) -> Iterable[str]:
    """Each account: what it is for, and whether one writes from it. No numbers: those are the choices'."""
    came, text = request.incoming, "channels.item_first"
    for one in mine:
        item = words()("channels.item", channel=names[one.id], state=one.state)
        if one.reached:
            item, text = words()(text, channel=names[one.id]), "channels.item_spare"
        here = (one.channel, one.account, one.sender) == (came.channel, came.account, came.sender)
        yield words()("channels.here", item=item) if here else item


def _choices(mine: tuple[Held, ...], names: Mapping[int, str]) -> Iterable[Choice]:
    if len(mine) < 2:
        return
    for one in mine[1:]:
        yield _button("first_button", f"dau:{one.id}", names[one.id])
    for one in mine:
        if any(other.reached for other in mine if other.id != one.id):
            yield _button("untie_button", f"bo:{one.id}", names[one.id])


def _button(name: str, payload: str, channel: str) -> Choice:
    text = words()(f"channels.{name}", channel=channel)
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
        help="/kenh: nhận lời nhắc ở đâu; /kenh telegram: nhận ở Telegram trước",
    ),
    Command(
        words=("noikenh",),
        action=Action.OWN_ACCOUNTS,
        run=connect,
        help="/noikenh: lấy mã để nối thêm một kênh của mình",
    ),
)
TAPS: Mapping[str, Tapped] = {TAP: _tap}
