"""Every action that is written into the journal has a Vietnamese name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.files.audit import action_label, subject_label
from office.improvements import GroupState

ROOT = Path(__file__).parents[4]
FLOORS = ("office", "scheduler", "handlers", "bot")
# audit.record and what calls it with an action of its caller: the place of that among the arguments
MAKERS = {"record": 1, "note": 1, "_record": 1, "_keep": 2}
PREFIXES = {  # files whose helper puts a prefix before the action
    "scheduler/notices": "notice.",
    "scheduler/notices/lists.py": "recipient_list.",
}
CONVERSATIONS = ("give.",)  # where a conversation stands, kept by another _keep
DYNAMIC = (
    *("member.out_of_reach", "group.out_of_reach"),  # f"{subject}.out_of_reach"
    *(f"questions.{state}" for state in GroupState),
)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
                    yield path, node


def assigned() -> Iterator[str]:
    """What is put into a variable named «action» first."""
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Assign) and [_name(target) for target in node.targets] == ["action"]:
                    yield from texts_in(node.value)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def texts_in(value: ast.expr) -> list[str]:
    if isinstance(value, ast.IfExp):
        return [*texts_in(value.body), *texts_in(value.orelse)]
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


def written() -> set[str]:
    found = {*DYNAMIC, *assigned()}
    for path, call in calls():
        inside = path.relative_to(ROOT).as_posix()
        prefix = PREFIXES.get(inside, PREFIXES.get(inside.rpartition("/")[0], ""))
        at = MAKERS[_name(call.func)]
        for argument in call.args[at : at + 1]:
            for action in texts_in(argument):
                found.add(action if "." in action else f"{prefix}{action}")
    return {action for action in found if "." in action and not action.startswith(CONVERSATIONS)}


def test_the_actions_are_found() -> None:
    found = written()
    assert {"notice.approve", "role.give", "switch.stop", "switch.go", "console.login"} <= found
    assert len(found) > 50


@pytest.mark.parametrize("action", sorted(written()))
def test_an_action_has_a_name_for_people(action: str) -> None:
    assert action_label(action) != action


def test_what_deeds_are_done_to_has_a_name_for_people() -> None:
    subjects = {
        keyword.value.value
        for _, call in calls()
        for keyword in call.keywords
        if keyword.arg == "subject" and isinstance(keyword.value, ast.Constant)
    }
    assert {"member", "notice", "switch"} <= subjects
    assert [name for name in subjects if subject_label(str(name)) == name] == []
