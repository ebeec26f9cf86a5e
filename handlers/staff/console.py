"""/vaoban: a single-use link to Văn phòng's pages, in a private chat."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from handlers.staff.request import Command, Replies, StaffRequest, Tapped, say
from knowledge.phrases import Phrases
from office import console_access
from office.messages import Choice, ChoiceKind, Line, Style
from office.refusal import Refused
from office.rights import Action


@cache
def words() -> Phrases:
    """The texts, read once."""
    return Phrases.read(Path(__file__).with_name("texts_console.yaml"))


def _enter(request: StaffRequest, rest: str) -> Replies:
    """`/vaoban`: the link, as a button; in the text where a button takes no address of the office's own
    network."""
    if not request.private:
        raise Refused(words()("in_group"), words()("in_group_mend"))
    address = request.console()
    if address is None:
        raise Refused(words()("off"), words()("off_mend"))
    token = console_access.make_link(request.session, request.me, now=request.now, hash_key=request.hash_key)
    link = f"{address.url}{token}"
    how = words()("how", minutes=console_access.LINK_MINUTES)
    if not address.public:
        where = Line(words()("local" if address.local else "inside"), Style.WARNING)
        return say(how, link, where, title=words()("title"))
    button = Choice(kind=ChoiceKind.LINK, label=words()("button"), url=link)
    return say(how, title=words()("title"), choices=(button,))


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("vaoban",),
        action=Action.CONSOLE,
        run=_enter,
        help="/vaoban: lấy liên kết vào trang Văn phòng trên trình duyệt",
    ),
)
TAPS: Mapping[str, Tapped] = {}
