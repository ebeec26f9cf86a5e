"""What an Official Account decides without a network: windows, files, groups, templates, addresses."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.channels.plain_text import Page
from bot.channels.zalo_oa_api import OaGroup
from bot.channels.zalo_oa_files import takes
from bot.channels.zalo_oa_groups import Known, changes
from bot.channels.zalo_oa_sending import without_buttons
from bot.channels.zalo_oa_templates import filled
from bot.channels.zalo_oa_windows import Billed, Way, way, why_not
from office.contacts import Window
from office.groups import GroupState
from office.messages import Choice, ChoiceKind, Event
from scheduler.ration import Purpose

# --- windows


@pytest.mark.parametrize("billed", get_args(Billed))
@pytest.mark.parametrize("purpose", Purpose)
def test_within_two_days_everything_may_go_and_after_seven_nothing(billed: Billed, purpose: Purpose) -> None:
    assert way(Window.FREE, purpose, billed=billed, template=False) is Way.MESSAGE
    assert way(Window.CLOSED, purpose, billed=billed, template=False) is Way.NONE


@pytest.mark.parametrize(
    ("billed", "deadline", "other"),
    [
        ("none", Way.NONE, Way.NONE),
        ("deadlines", Way.MESSAGE, Way.NONE),
        ("all", Way.MESSAGE, Way.MESSAGE),
    ],
)
def test_what_costs_goes_as_far_as_the_office_pays(billed: Billed, deadline: Way, other: Way) -> None:
    assert way(Window.BILLED, Purpose.DEADLINE, billed=billed, template=False) is deadline
    assert way(Window.BILLED, Purpose.OTHER, billed=billed, template=False) is other


def test_only_a_deadline_goes_by_template_and_only_where_a_message_cannot() -> None:
    assert way(Window.CLOSED, Purpose.DEADLINE, billed="all", template=True) is Way.TEMPLATE
    assert way(Window.CLOSED, Purpose.OTHER, billed="all", template=True) is Way.NONE
    assert way(Window.BILLED, Purpose.DEADLINE, billed="none", template=True) is Way.TEMPLATE
    assert way(Window.BILLED, Purpose.DEADLINE, billed="deadlines", template=True) is Way.MESSAGE


def test_whoever_wanted_it_sent_is_told_why_not_and_what_to_do() -> None:
    for window in (Window.CLOSED, Window.BILLED):
        assert "Nhờ người ấy nhắn OA một tin" in why_not(window)


# --- files


@pytest.mark.parametrize(
    ("name", "size", "taken"),
    [
        ("a.PNG", 1_000_000, True),
        ("a.png", 1_000_001, False),
        ("a.jpeg", 5, True),
        ("a.pdf", 5_000_000, True),
        ("a.pdf", 5_000_001, False),
        ("a.docx", 5, True),
        ("a.csv", 5, True),
        ("a.csv", 0, False),
        ("a.xlsx", 5, False),
        ("a.ics", 5, False),
        ("pdf", 5, True),
        ("", 5, False),
    ],
)
def test_zalo_takes_few_kinds_of_files_and_small_ones(name: str, size: int, taken: bool) -> None:
    assert takes(name, size) is taken


# --- groups


def listed(*ids: str) -> list[OaGroup]:
    return [OaGroup(group_id=group, name=f"Nhóm {group}") for group in ids]


def told(known: dict[str, Known], now: list[OaGroup], missing: set[str]) -> list[tuple[str, Event]]:
    return [(c.group, c.event) for c in changes(known, now, missing=frozenset(missing))]


def test_a_group_that_is_not_known_has_come() -> None:
    assert told({"a": Known(GroupState.APPROVED)}, listed("a", "b"), set()) == [("b", Event.ADDED)]


@pytest.mark.parametrize("state", [GroupState.PENDING, GroupState.APPROVED, GroupState.REFUSED])
def test_a_group_that_is_known_is_no_news(state: GroupState) -> None:
    assert told({"a": Known(state)}, listed("a"), {"a"}) == []


def test_a_group_is_gone_when_it_is_missing_twice() -> None:
    known = {"a": Known(GroupState.APPROVED)}
    assert told(known, [], set()) == []
    assert told(known, [], {"a"}) == [("a", Event.REMOVED)]
    assert told({"a": Known(GroupState.DISABLED)}, [], {"a"}) == []


def test_a_group_that_comes_back_is_asked_about_again_but_not_one_whose_time_is_over() -> None:
    assert told({"a": Known(GroupState.DISABLED, left=True)}, listed("a"), set()) == [("a", Event.ADDED)]
    assert told({"a": Known(GroupState.DISABLED)}, listed("a"), {"a"}) == [("a", Event.ADDED)]
    assert told({"a": Known(GroupState.DISABLED)}, listed("a"), set()) == []


# --- templates and buttons


def test_a_template_is_filled_with_short_single_lines() -> None:
    values = {
        "title": "Báo cáo " * 40,
        "number": "12",
        "due": "05/12/2026",
        "office": "",
        "text": "Một.\nHai.",
    }
    data = filled({"ten": "title", "so": "number", "co_quan": "office", "noi_dung": "text"}, values)
    assert list(data) == ["ten", "so", "co_quan", "noi_dung"]
    assert len(data["ten"]) <= 100
    assert data["ten"].endswith("…")
    assert (data["so"], data["noi_dung"], data["co_quan"]) == ("12", "Một. Hai.", "…")


def choice(label: str, payload: str, kind: ChoiceKind = ChoiceKind.OPTION) -> Choice:
    return Choice(kind=kind, label=label, payload=payload)


def test_where_buttons_cannot_be_choices_are_numbered() -> None:
    page = Page(text="Chọn:", buttons=(choice("Hồ sơ", "e:a"), choice("☐ Đơn", "t:a:0:1", ChoiceKind.TICK)))
    [plain] = without_buttons(page, unasked=False)
    assert "1. Hồ sơ" in plain.text
    assert "2. ☐ Đơn" in plain.text
    assert plain.buttons == ()


def test_or_words_to_type_where_nobody_has_asked() -> None:
    [plain] = without_buttons(Page(text="Việc", buttons=(choice("Đã nhận", "s:nhan:12"),)), unasked=True)
    assert plain.text == "Việc\n\nĐã nhận: nhắn «nhan 12»"
