"""Roles: given and taken by the admins, with a reason."""

from __future__ import annotations

from sqlalchemy.orm import Session

from handlers.staff import people_deeds
from handlers.staff.people_deeds import doing_of
from handlers.staff.people_words import person_named, refuse, words
from handlers.staff.request import Command, Replies, StaffRequest, say
from handlers.staff.words import split_reason
from office import membership
from office.messages import Line, Style
from office.people import Person, Role, plain
from office.rights import Action

_ROLES = {
    "truongphong": Role.HEAD,
    "truongdonvi": Role.HEAD,
    "vanphong": Role.VAN_PHONG,
    "lanhdao": Role.LEADER,
    "quantri": Role.ADMIN,
}
_LONGEST = 3  # words of a role's name
_ENOUGH_ADMINS = 2


def give(request: StaffRequest, rest: str) -> Replies:
    """`/quyen Nguyễn Văn A truongphong lý do …`"""
    who, role, reason = _read(request.session, rest, mend="roles.give_mend")
    given = people_deeds.give_role(doing_of(request), who, role, reason=reason)
    text = "roles.given" if given else "roles.had"
    return say(words()(text, name=who.name, role=role.label), *few_admins(request.session))


def take(request: StaffRequest, rest: str) -> Replies:
    """`/thoiquyen Nguyễn Văn A truongphong lý do …`"""
    who, role, reason = _read(request.session, rest, mend="roles.take_mend")
    taken = people_deeds.take_role(doing_of(request), who, role, reason=reason)
    text = "roles.taken" if taken else "roles.not_had"
    return say(words()(text, name=who.name, role=role.label), *few_admins(request.session))


def few_admins(session: Session) -> list[str | Line]:
    """A warning while the office hangs on one admin."""
    count = membership.admins(session)
    if count >= _ENOUGH_ADMINS:
        return []
    return [Line(words()("roles.few_admins", count=count), Style.WARNING)]


def _read(session: Session, rest: str, *, mend: str) -> tuple[Person, Role, str]:
    """The person, the role that ends the words, and the reason. Raises Refused."""
    said, reason = split_reason(rest)
    tokens = said.split()
    for count in range(min(_LONGEST, len(tokens) - 1), 0, -1):
        role = _ROLES.get(plain(" ".join(tokens[-count:])).replace(" ", ""))
        if role is not None:
            return person_named(session, " ".join(tokens[:-count]).strip(" ,;")), role, reason
    raise refuse("roles.how", mend)


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("quyen",),
        action=Action.GIVE_ROLES,
        run=give,
        help="/quyen Nguyễn Văn A truongphong lý do …: giao vai trò, cũng là vanphong, lanhdao, quantri",
    ),
    Command(
        words=("thoiquyen",),
        action=Action.GIVE_ROLES,
        run=take,
        help="/thoiquyen Nguyễn Văn A truongphong lý do …: thôi vai trò",
    ),
)
