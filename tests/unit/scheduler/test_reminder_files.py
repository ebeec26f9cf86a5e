"""Reminder rules in YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.reminder_files import Rule, read_rules

DIRECTIVE = "375/SCT-VP"
EIGHT = (
    "XIN CHÀO", "XIN LỖI", "XIN CẢM ƠN", "XIN PHÉP",
    "LUÔN MỈM CƯỜI", "LUÔN NHẸ NHÀNG", "LUÔN LẮNG NGHE", "LUÔN GIÚP ĐỠ",
)  # fmt: skip


def rule(key: str, *folders: Path) -> Rule:
    found = read_rules(*folders)
    assert found.problems == ()
    return next(r for r in found.rules if r.key == key)


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rieng.yaml").write_text(text, encoding="utf-8")
    return folder


def test_four_xin_four_luon_ships_on_with_the_directives_wording() -> None:
    shipped = rule("bon-xin-bon-luon")
    assert shipped.active
    assert shipped.rotate
    assert shipped.schedule == "mỗi ngày làm việc 7:00"
    assert all(part in shipped.texts[n].text for n, part in enumerate(EIGHT))
    assert all(DIRECTIVE in text.source for text in shipped.texts)
    assert len(shipped.texts) == 15
    disciplines = " ".join(text.text for text in shipped.texts[8:])
    for word in (
        "thẻ",
        "đi muộn",
        "rượu bia",
        "nghỉ trưa",
        "ngày trực",
        "đánh bạc",
        "mua bán",
        "đùn đẩy",
        "nhũng nhiễu",
    ):
        assert word in disciplines


def test_periodic_reports_make_assignments_and_wait_for_the_offices_own_day() -> None:
    reports = [r for r in read_rules().rules if r.assignment]
    assert len(reports) == 4
    assert not any(r.active for r in reports)
    yearly = rule("bao-cao-cchc-nam")
    assert yearly.assignment
    assert yearly.assignment.due_day == 20
    assert "581/BNV-CCHC" in yearly.assignment.document


def test_the_office_changes_only_what_it_names(tmp_path: Path) -> None:
    folder = write(tmp_path, "reminders:\n  - {key: bon-xin-bon-luon, schedule: mỗi ngày làm việc 7:15}\n")
    changed = rule("bon-xin-bon-luon", folder)
    assert changed.schedule == "mỗi ngày làm việc 7:15"
    assert len(changed.texts) == 15
    off = write(tmp_path, "reminders:\n  - {key: bon-xin-bon-luon, active: false}\n")
    assert not rule("bon-xin-bon-luon", off).active


def test_the_office_adds_a_rule(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        "reminders:\n  - key: hop-giao-ban\n    title: Họp giao ban\n    schedule: thứ Hai 7:30\n"
        "    shift: after\n    audience: {departments: [van-phong], roles: [head, leader]}\n"
        "    texts: [{key: a, text: Mời họp giao ban lúc 8:00.}]\n",
    )
    assert rule("hop-giao-ban", folder).audience.roles == ("head", "leader")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("reminders:\n  - key: a\n    title: x\n    schedule: bao giờ\n    texts: []\n", 4, "giờ"),
        ("reminders:\n  - key: a\n    title: x\n    schedule: mỗi ngày 7:00\n", 2, "texts"),
        ("reminders:\n  - title: x\n", 2, "key"),
        ("reminders:\n  - {key: a, title: x, schedule: mỗi ngày 7:00, kind: assignment}\n", 2, "assignment"),
        ("reminders:\n  - {key: a, title: x, schedule: mỗi ngày 7:00, kind: notice}\n", 2, "notice"),
        ("reminders:\n  - key: a\n    title: x\n    schedule: mỗi ngày 7:00\n    kind: notice\n"
         "    notice: {title: a, body: b, audience: {}}\n", 6, "audience"),
        ("reminders:\n  - {key: a, title: x, schedule: mỗi ngày 7:00, gio: 8}\n", 2, "gio"),
        ("nhac: []\n", 1, "reminders"),
        ("reminders: [\n", 1, "cú pháp"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_left_out_and_said_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    found = read_rules(write(tmp_path, text))
    assert found.rules == read_rules().rules
    assert found.problems
    assert found.problems[0].line == line
    assert said in str(found.problems[0])


def test_a_key_twice_in_one_folder_is_said(tmp_path: Path) -> None:
    one = "  - {key: a, title: x, schedule: mỗi ngày 7:00, texts: [{key: a, text: b}]}\n"
    found = read_rules(write(tmp_path, "reminders:\n" + one + one))
    assert [p.line for p in found.problems] == [3]
    assert len(found.rules) == len(read_rules().rules) + 1


def test_monthly_campaigns_quote_the_directives_and_go_to_every_group() -> None:
    campaigns = [r for r in read_rules().rules if r.notice]
    assert [r.key for r in campaigns] == ["tuyen-truyen-truc-tuyen", "tuyen-truyen-buu-chinh"]
    for one in campaigns:
        assert one.notice
        assert "hằng tháng" in one.schedule
        assert DIRECTIVE in one.notice.document
        assert one.notice.audience.groups == "all"
    online, postal = (r.notice.body for r in campaigns if r.notice)
    assert "dịch vụ công trực tuyến" in online
    assert "bưu chính công ích" in postal
