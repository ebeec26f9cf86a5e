"""Who may do what: one table, asked at the action and never at the menu."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from office.people import Role
from office.refusal import Refused


class Action(StrEnum):
    """What can be done about staff matters."""

    LIST_OWN_WORK = "work.list_own"
    LIST_DEPARTMENT_WORK = "work.list_department"
    LIST_ALL_WORK = "work.list_all"
    ACKNOWLEDGE = "work.acknowledge"
    REPORT_DONE = "work.report_done"
    ASK_EXTENSION = "work.ask_extension"
    GIVE_WORK = "work.give"
    CHANGE_WORK = "work.change"
    CANCEL_WORK = "work.cancel"
    CONFIRM_DONE = "work.confirm"
    DECIDE_EXTENSION = "work.decide_extension"
    SEND_EXPRESS = "work.express"
    HAND_OVER = "work.hand_over"
    STATISTICS = "work.statistics"
    STATISTICS_ALL = "work.statistics_all"
    OWN_ACCOUNTS = "people.own_accounts"
    OWN_ABSENCE = "people.own_absence"
    ANY_ABSENCE = "people.any_absence"
    LIST_PEOPLE = "people.list"
    ADD_PEOPLE = "people.add"
    REMOVE_PEOPLE = "people.remove"
    GIVE_ROLES = "people.roles"
    DEPARTMENTS = "people.departments"
    DECIDE_GROUPS = "groups.decide"
    LIST_REMINDERS = "reminders.list"
    CHANGE_REMINDERS = "reminders.change"
    DELIVERIES = "deliveries.look"
    SETTLE_DELIVERIES = "deliveries.settle"
    CONFIRM_NOTICE = "notices.confirm"
    LIST_NOTICES = "notices.list"
    WRITE_NOTICES = "notices.write"
    APPROVE_NOTICES = "notices.approve"
    SEND_NOTICES = "notices.send"
    NOTICE_TEMPLATES = "notices.templates"
    QUESTIONS = "questions.look"
    PROPOSE_KNOWLEDGE = "knowledge.propose"
    APPROVE_KNOWLEDGE = "knowledge.approve"
    OFFICE_REPORT = "reports.office"
    CONSOLE = "console.enter"
    AUDIT = "audit.look"
    TURN_SWITCHES = "switches.turn"


_MEMBER = frozenset(
    {
        Action.LIST_OWN_WORK,
        Action.ACKNOWLEDGE,
        Action.REPORT_DONE,
        Action.ASK_EXTENSION,
        Action.OWN_ACCOUNTS,
        Action.OWN_ABSENCE,
        Action.LIST_REMINDERS,
        Action.STATISTICS,
        Action.CONFIRM_NOTICE,
    }
)
_HEAD = _MEMBER | {Action.LIST_DEPARTMENT_WORK, Action.HAND_OVER, Action.LIST_PEOPLE}
_LEADER = _HEAD | {
    Action.LIST_ALL_WORK,
    Action.STATISTICS_ALL,
    Action.GIVE_WORK,
    Action.SEND_EXPRESS,
    Action.DECIDE_EXTENSION,
    Action.LIST_NOTICES,
    Action.APPROVE_NOTICES,
    Action.QUESTIONS,
    Action.OFFICE_REPORT,
    Action.CONSOLE,
    Action.AUDIT,
}
_VAN_PHONG = frozenset(Action) - {Action.GIVE_ROLES, Action.REMOVE_PEOPLE}

RIGHTS: dict[Role, frozenset[Action]] = {
    Role.CITIZEN: frozenset(),
    Role.MEMBER: _MEMBER,
    Role.HEAD: _HEAD,
    Role.LEADER: _LEADER,
    Role.VAN_PHONG: _VAN_PHONG,
    Role.ADMIN: frozenset(Action),
}


class NotAllowed(Refused):
    """Somebody asks for what their roles don't allow; the text is for them, in Vietnamese."""


def allowed(roles: Collection[Role], action: Action) -> bool:
    """Whether any of these roles allows it."""
    return any(action in RIGHTS[role] for role in roles)


def who_may(action: Action) -> str:
    """The roles that may, as people read it."""
    roles = [role for role in Role if action in RIGHTS[role]]
    return ", ".join(role.label for role in roles)


def demand(roles: Collection[Role], action: Action) -> None:
    """Raises NotAllowed unless one of these roles allows it."""
    if not allowed(roles, action):
        raise NotAllowed(f"Việc này dành cho: {who_may(action)}.")
