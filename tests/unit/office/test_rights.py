"""Who may do what."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import handlers.staff
from handlers.staff.request import Command
from office.people import Role
from office.refusal import Refused
from office.rights import RIGHTS, Action, NotAllowed, allowed, demand, who_may

# One column a role: citizen, member, head, Văn phòng, leader, admin; in the order of Role.
TABLE = {
    Action.LIST_OWN_WORK: "-xxxxx",
    Action.LIST_DEPARTMENT_WORK: "--xxxx",
    Action.LIST_ALL_WORK: "---xxx",
    Action.ACKNOWLEDGE: "-xxxxx",
    Action.REPORT_DONE: "-xxxxx",
    Action.ASK_EXTENSION: "-xxxxx",
    Action.GIVE_WORK: "---xxx",
    Action.CHANGE_WORK: "---x-x",
    Action.CANCEL_WORK: "---x-x",
    Action.CONFIRM_DONE: "---x-x",
    Action.DECIDE_EXTENSION: "---xxx",
    Action.SEND_EXPRESS: "---xxx",
    Action.HAND_OVER: "--xxxx",
    Action.STATISTICS: "-xxxxx",
    Action.STATISTICS_ALL: "---xxx",
    Action.OWN_ACCOUNTS: "-xxxxx",
    Action.OWN_ABSENCE: "-xxxxx",
    Action.ANY_ABSENCE: "---x-x",
    Action.LIST_PEOPLE: "--xxxx",
    Action.ADD_PEOPLE: "---x-x",
    Action.REMOVE_PEOPLE: "-----x",
    Action.GIVE_ROLES: "-----x",
    Action.DEPARTMENTS: "---x-x",
    Action.DECIDE_GROUPS: "---x-x",
    Action.LIST_REMINDERS: "-xxxxx",
    Action.CHANGE_REMINDERS: "---x-x",
    Action.DELIVERIES: "---x-x",
    Action.SETTLE_DELIVERIES: "---x-x",
    Action.CONFIRM_NOTICE: "-xxxxx",
    Action.LIST_NOTICES: "---xxx",
    Action.WRITE_NOTICES: "---x-x",
    Action.APPROVE_NOTICES: "---xxx",
    Action.SEND_NOTICES: "---x-x",
    Action.NOTICE_TEMPLATES: "---x-x",
    Action.QUESTIONS: "---xxx",
    Action.PROPOSE_KNOWLEDGE: "---x-x",
    Action.APPROVE_KNOWLEDGE: "---x-x",
    Action.OFFICE_REPORT: "---xxx",
    Action.CONSOLE: "---xxx",
    Action.AUDIT: "---xxx",
    Action.TURN_SWITCHES: "---x-x",
}


def commands() -> Iterator[Command]:
    """Every command of every module of the staff's handlers."""
    for module in pkgutil.iter_modules(handlers.staff.__path__):
        loaded = importlib.import_module(f"handlers.staff.{module.name}")
        yield from getattr(loaded, "COMMANDS", ())


def test_the_table_says_of_every_action_who_may() -> None:
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize(
    ("action", "role", "expected"),
    [(a, role, mark == "x") for a, row in TABLE.items() for role, mark in zip(Role, row, strict=True)],
)
def test_a_role_may_what_the_table_says_and_no_more(action: Action, role: Role, expected: bool) -> None:
    assert allowed([role], action) is expected
    if expected:
        demand([role], action)
    else:
        with pytest.raises(NotAllowed):
            demand([role], action)


def test_every_role_is_in_the_table() -> None:
    assert set(RIGHTS) == set(Role)


def test_the_roles_of_one_person_add_up() -> None:
    assert allowed([Role.MEMBER, Role.LEADER], Action.GIVE_WORK)
    assert not allowed([Role.MEMBER, Role.HEAD], Action.GIVE_WORK)
    assert not allowed([], Action.LIST_OWN_WORK)


def test_who_is_not_allowed_hears_who_is() -> None:
    with pytest.raises(Refused, match="Văn phòng, quản trị"):
        demand([Role.MEMBER], Action.ADD_PEOPLE)
    assert who_may(Action.GIVE_ROLES) == "quản trị"


def test_every_command_asks_for_a_right_of_the_table() -> None:
    found = list(commands())
    assert len(found) > 10
    assert {c.action for c in found if c.action is not None} <= set(TABLE)


def test_only_what_anyone_may_type_asks_for_no_right() -> None:
    free = {word for c in commands() if c.action is None for word in c.words}
    assert {"ma", "nhanquyen", "toi"} <= free
    changing = {"themnguoi", "capma", "quyen", "thoiquyen", "roi", "nghi", "duyetnhom", "tuchoinhom", "chude"}
    assert not changing & free


def test_every_command_says_how_it_is_used() -> None:
    assert [c.words for c in commands() if not c.help.removeprefix("/").startswith(c.words[0])] == []
