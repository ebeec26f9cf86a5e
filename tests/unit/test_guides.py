"""The guides say what the program does: commands, labels, rights, schedules, files and settings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from bot.cli import app
from bot.web.console.sections import SECTIONS
from handlers.staff.request import Command
from handlers.staff.router import _MODULES
from knowledge import strict_yaml
from office.assignments import AssignmentState, Priority
from office.deliveries import OccurrenceState, Status
from office.groups import GroupState
from office.improvements import ChangeState
from office.improvements import GroupState as QuestionState
from office.notices import NoticeState
from office.people import Role, plain
from office.rights import RIGHTS, Action
from office.settings import Settings, settings_from
from office.switches import Audience
from scheduler.calendar import WorkCalendar
from scheduler.calendar_overlay import read_overlay
from scheduler.reminder_files import read_rules
from scheduler.rules import DIGEST, LEADERS, MONTH, SELF_CHECK
from scheduler.schedule import Shift, fold, parse_schedule
from scheduler.wording import plan_texts

DOCS = Path(__file__).parents[2] / "docs"
STAFF, VAN_PHONG, REMINDERS, CALENDAR, IT, SERVER = (
    "can-bo.md", "van-phong.md", "nhac-viec.md", "lich-lam-viec.md", "cai-dat.md", "quan-tri.md",
)  # fmt: skip
COMMANDS: tuple[Command, ...] = tuple(c for module in _MODULES for c in module.COMMANDS)
ELSEWHERE = {
    "trogiup",
    "hoi",
    "newbot",
    "revoke",
    "healthz",
    "metrics",
}  # help, citizens, @BotFather, addresses

RIGHTS_IN_WORDS = {
    Action.LIST_OWN_WORK: "xem việc của mình",
    Action.LIST_DEPARTMENT_WORK: "xem việc của phòng, xuất Excel",
    Action.LIST_ALL_WORK: "xem mọi việc",
    Action.ACKNOWLEDGE: "xác nhận Đã nhận",
    Action.REPORT_DONE: "báo hoàn thành",
    Action.ASK_EXTENSION: "xin gia hạn",
    Action.GIVE_WORK: "giao việc, nhập từ bảng",
    Action.CHANGE_WORK: "sửa nhiệm vụ",
    Action.CANCEL_WORK: "huỷ nhiệm vụ",
    Action.CONFIRM_DONE: "xác nhận, trả lại báo cáo",
    Action.DECIDE_EXTENSION: "trả lời đề nghị gia hạn",
    Action.SEND_EXPRESS: "gửi hoả tốc",
    Action.HAND_OVER: "chuyển việc sang người khác (trưởng phòng: trong phòng)",
    Action.STATISTICS: "thống kê của mình (trưởng phòng: của phòng)",
    Action.STATISTICS_ALL: "thống kê toàn cơ quan",
    Action.OWN_ACCOUNTS: "nối, gỡ kênh của mình, chọn nơi nhận lời nhắc",
    Action.OWN_ABSENCE: "báo mình nghỉ",
    Action.ANY_ABSENCE: "ghi người khác nghỉ",
    Action.LIST_PEOPLE: "xem danh sách người, phòng",
    Action.ADD_PEOPLE: "thêm người, cấp mã, gỡ tài khoản, chuyển phòng",
    Action.REMOVE_PEOPLE: "cho người rời cơ quan",
    Action.GIVE_ROLES: "giao và thôi vai trò",
    Action.DEPARTMENTS: "thêm phòng",
    Action.DECIDE_GROUPS: "duyệt nhóm, chọn chủ đề",
    Action.LIST_REMINDERS: "xem quy tắc nhắc",
    Action.CHANGE_REMINDERS: "sửa quy tắc nhắc",
    Action.DELIVERIES: "xem tin đã gửi",
    Action.SETTLE_DELIVERIES: "xử lý tin chưa rõ, không gửi được",
    Action.CONFIRM_NOTICE: "xác nhận Đã đọc thông báo",
    Action.LIST_NOTICES: "xem thông báo",
    Action.WRITE_NOTICES: "soạn thông báo",
    Action.APPROVE_NOTICES: "duyệt thông báo của người khác",
    Action.SEND_NOTICES: "gửi, dừng, huỷ, thu hồi thông báo",
    Action.NOTICE_TEMPLATES: "mẫu thông báo, danh sách nhận",
    Action.QUESTIONS: "xem câu hỏi của người dân",
    Action.PROPOSE_KNOWLEDGE: "đề nghị sửa kho tri thức",
    Action.APPROVE_KNOWLEDGE: "duyệt sửa kho tri thức",
    Action.OFFICE_REPORT: "báo cáo gửi lãnh đạo",
    Action.CONSOLE: "vào trang Văn phòng",
    Action.AUDIT: "xem nhật ký việc làm",
    Action.TURN_SWITCHES: "bật, tắt công tắc dừng gửi",
}
COLUMNS = (Role.MEMBER, Role.HEAD, Role.LEADER, Role.VAN_PHONG, Role.ADMIN)


def guide(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def spans(text: str) -> list[str]:
    """What stands in backticks, and the lines of fenced blocks."""
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^ *```\w*\n.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [line.strip() for block in fenced for line in block.splitlines()] + re.findall(r"`([^`]+)`", rest)


def word_of(span: str) -> str:
    return fold(span.removeprefix("/").split()[0]) if span.split() else ""


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first heading is that, without its two heading lines."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def yaml_blocks(name: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", guide(name), re.DOTALL | re.MULTILINE)


def read(text: str) -> Any:
    return strict_yaml.loads(text, name="ví dụ").data


def settings_keys(model: type[BaseModel], at: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        kind: Any = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_keys(kind, f"{at}.{name}")
        else:
            yield f"{at}.{name}"


NEW_KEYS = [
    key
    for section in ("calendar", "reminders", "assignments", "delivery", "notices", "console")
    for key in settings_keys(type(getattr(Settings(), section)), section)
]


@pytest.mark.parametrize("word", [word for command in COMMANDS for word in command.words])
def test_every_command_is_shown_in_the_guide_of_staff_or_of_van_phong(word: str) -> None:
    bare = {w for command in COMMANDS if command.bare for w in command.words}
    shown = [
        s for name in (STAFF, VAN_PHONG) for s in spans(guide(name)) if s.startswith("/") or word in bare
    ]
    assert word in {word_of(span) for span in shown}


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.action in RIGHTS[Role.MEMBER]])
def test_what_every_member_may_do_is_in_the_guide_of_staff(command: Command) -> None:
    assert {word_of(span) for span in spans(guide(STAFF))} & set(command.words)


@pytest.mark.parametrize("name", [STAFF, VAN_PHONG, REMINDERS, CALENDAR, IT, SERVER])
def test_no_guide_shows_a_command_that_does_not_exist(name: str) -> None:
    known = ELSEWHERE | {word for command in COMMANDS for word in command.words}
    shown = {word_of(span) for span in spans(guide(name)) if re.match(r"/[a-z]+(?: |$)", span)}
    assert shown <= known


@pytest.mark.parametrize("status", Status)
def test_every_status_of_a_message_is_explained_with_what_to_do(status: Status) -> None:
    assert [status.label, status.next_action] in rows(guide(VAN_PHONG), "Tình trạng tin")


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Kết quả của lượt", OccurrenceState),
        ("Tình trạng nhóm", GroupState),
        ("Tình trạng", AssignmentState),
        ("Tình trạng thông báo", NoticeState),
        ("Tình trạng nhóm câu hỏi", QuestionState),
        ("Tình trạng đề nghị", ChangeState),
    ],
)
def test_every_state_stands_in_its_table_with_its_meaning_and_what_to_do(heading: str, kind: Any) -> None:
    table = {row[0]: row[1:] for row in rows(guide(VAN_PHONG), heading)}
    assert set(table) == {state.label for state in kind}
    assert all(meaning and to_do for meaning, to_do in table.values())


@pytest.mark.parametrize("state", NoticeState)
def test_what_to_do_about_a_notice_is_said_as_the_program_says_it(state: NoticeState) -> None:
    [to_do] = [row[2] for row in rows(guide(VAN_PHONG), "Tình trạng thông báo") if row[0] == state.label]
    assert to_do == state.next_action


def test_every_switch_is_in_the_guide() -> None:
    written = {row[0] for row in rows(guide(VAN_PHONG), "Công tắc")}
    assert {audience.label for audience in Audience} < written


def test_every_page_of_the_console_is_named_in_the_order_of_the_menu() -> None:
    written = [row[0] for row in rows(guide(VAN_PHONG), "Mục trên trang")]
    assert [label for label in written if label in {section.label for section in SECTIONS}] == [
        section.label for section in SECTIONS
    ]


def test_every_priority_can_be_found_where_work_is_given() -> None:
    [written] = [row[1] for row in rows(guide(VAN_PHONG), "Phần") if row[0] == "mức độ"]
    assert all(priority.label in written for priority in Priority)


def test_the_table_of_rights_says_what_the_program_allows() -> None:
    table = {
        row[0]: tuple(bool(cell) for cell in row[1:])
        for row in rows(guide(VAN_PHONG), "Việc | Công chức, viên chức")
    }
    allowed = {RIGHTS_IN_WORDS[a]: tuple(a in RIGHTS[role] for role in COLUMNS) for a in Action}
    assert table == allowed


def test_every_form_of_schedule_is_in_the_guide_and_can_be_read() -> None:
    forms = {row[0].strip("`") for row in rows(guide(REMINDERS), "Dạng")}
    assert all(parse_schedule(form).triggers for form in forms)
    assert set(re.findall(r"`([^`]+)`", parse_schedule.__doc__ or "")) <= forms


def test_every_way_with_days_off_is_explained() -> None:
    written = [re.findall(r"`(\w+)`", row[0])[0] for row in rows(guide(REMINDERS), "Trong tệp (`shift`)")]
    assert written == list(Shift)


def test_the_rules_that_are_there_from_the_start_are_named() -> None:
    named = {key for row in rows(guide(REMINDERS), "Khoá") for key in re.findall(r"`([^`]+)`", row[0])}
    assert named == {rule.key for rule in read_rules().rules} | {DIGEST, LEADERS, MONTH, SELF_CHECK}


@pytest.mark.parametrize("block", yaml_blocks(REMINDERS))
def test_the_examples_of_reminder_files_can_be_read(block: str, tmp_path: Path) -> None:
    (tmp_path / "vi-du.yaml").write_text(block, encoding="utf-8")
    found = read_rules(tmp_path)
    assert found.problems == ()
    written = {rule["key"]: rule["schedule"] for rule in read(block)["reminders"] if "schedule" in rule}
    assert written
    assert written.items() <= {rule.key: rule.schedule for rule in found.rules}.items()


@pytest.mark.parametrize("block", yaml_blocks(CALENDAR))
def test_the_examples_of_calendar_files_can_be_read(block: str, tmp_path: Path) -> None:
    (tmp_path / "vi-du.yaml").write_text(block, encoding="utf-8")
    calendar, data = WorkCalendar.shipped(tmp_path), read(block)
    assert data["days"]
    for day in data["days"]:
        on = date.fromisoformat(str(day["date"]))
        assert calendar.is_working(on) == (not day.get("off", False))
        assert calendar.day(on).name == day["name"]
    if "year" in data:
        assert calendar.confirmed(data["year"])
    assert set(data.get("departments", {})) == set(read_overlay(tmp_path).departments)


def test_reminder_and_calendar_guides_have_examples_of_files() -> None:
    assert len(yaml_blocks(REMINDERS)) >= 3
    assert len(yaml_blocks(CALENDAR)) >= 2


def shown_calls() -> set[str]:
    """The calls of `xinluon` that IT's guides show, by the words of the command."""
    found = set()
    for span in (
        spans(guide(IT)) + spans(guide(SERVER)) + spans((DOCS.parent / "README.md").read_text("utf-8"))
    ):
        for call in re.findall(r"xinluon ((?:[a-z]+ ?)+)", span):
            first, *rest = call.split()
            found |= {first, " ".join([first, *rest[:1]])}
    return found


def commands(command: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        path = f"{at} {name}".strip()
        if hasattr(inner, "commands"):
            yield from commands(inner, path)
        else:
            yield path, inner


CALLS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("call", CALLS)
def test_every_command_of_it_is_shown_in_a_guide(call: str) -> None:
    assert call in shown_calls()


@pytest.mark.parametrize(
    "option", ["without-key", "without-folders", "apply", "with-files", "expect", "since"]
)
def test_every_option_of_looking_after_the_program_is_explained(option: str) -> None:
    assert f"--{option}" in guide(SERVER)
    named = {o for command in CALLS.values() for p in command.params for o in p.opts}
    assert f"--{option}" in named


@pytest.mark.parametrize(
    "event",
    re.findall(r"`([a-z_]+\.[a-z_]+)`", guide(SERVER).partition("| `event` |")[2].partition("## ")[0]),
)
def test_every_event_of_the_guide_is_one_that_the_program_writes(event: str) -> None:
    sources = (
        path.read_text("utf-8")
        for floor in ("bot", "scheduler", "handlers")
        for path in (DOCS.parent / floor).rglob("*.py")
    )
    assert any(f'"{event}"' in source for source in sources)


@pytest.mark.parametrize("key", NEW_KEYS)
def test_every_setting_of_reminding_is_explained_with_its_true_default(key: str) -> None:
    written = {row[0].strip("`"): row[1].strip("`") for row in rows(guide(IT), "khoá | có sẵn")}
    assert key in written
    value = read(f"value: {written[key]}")["value"]
    data = reduce(lambda inner, name: {name: inner}, reversed(key.split(".")), value)
    assert settings_from(data, {}) == Settings()


@pytest.mark.parametrize(
    "name", ["ok", "problem", "unplanned", "rungs", "notices", "empty", "stuck", "failed_plan", "look"]
)
def test_what_the_self_check_may_say_is_explained(name: str) -> None:
    blanks = dict.fromkeys(("title", "problem", "when", "count", "number", "status"), "…")
    said = plain(plan_texts(f"audit.{name}", **blanks)).split()
    quoted = [plain(quote).split() for quote in re.findall(r"«([^»]+)»", guide(IT))]
    assert any(len(quote) >= 3 and stands_in(quote, said) for quote in quoted)


def stands_in(some: list[str], words: list[str]) -> bool:
    """Whether some words all stand among others, in that order."""
    rest = iter(words)
    return all(word in rest for word in some)


def as_read(label: str) -> str:
    """Without what comes of its place in a sentence."""
    return unicodedata.normalize("NFC", label).casefold().strip(" .,:()")


def labels_of_the_program() -> frozenset[str]:
    """What stands between marks in templates, texts and code: labels of buttons, headings, states."""
    root = DOCS.parent
    found: set[str] = set()
    for folder in ("bot", "handlers", "scheduler", "office"):
        for path in (root / folder).rglob("*"):
            if path.suffix in {".html", ".yaml", ".py"}:
                text = path.read_text("utf-8")
                found |= {as_read(part) for part in re.split(r"[<>\"«»{}\n|]|: ", text)}
    return frozenset(found)


LABELS = labels_of_the_program()
TYPED = {"có", "thôi", "chưa rõ", "……"}  # what people type or read, no labels


@pytest.mark.parametrize("name", [STAFF, VAN_PHONG])
def test_what_the_guides_call_a_button_is_one(name: str) -> None:
    text = re.sub(r"^ *```\w*\n.*?^ *```", "", guide(name), flags=re.DOTALL | re.MULTILINE)
    named = re.findall(r"\*\*([^*]+)\*\*", text) + re.findall(r"«([^»]+)»", text)
    wanted = {label.removesuffix(": …") for label in named if label.lower() not in TYPED}
    assert {label for label in wanted if as_read(label) not in LABELS} == set()


def test_the_pictures_are_there_small_and_told_in_words() -> None:
    shown = re.findall(r"!\[([^\]]+)\]\(hinh/([\w-]+\.png)\)", guide(VAN_PHONG))
    assert shown
    assert {path.name for path in (DOCS / "hinh").iterdir()} == {name for _, name in shown}
    assert all(len(words) > 30 for words, _ in shown)
    assert all((DOCS / "hinh" / name).stat().st_size < 120_000 for _, name in shown)


@pytest.mark.parametrize("name", [STAFF, VAN_PHONG, REMINDERS, CALENDAR, IT, SERVER])
def test_the_links_of_a_guide_lead_to_a_heading_that_is_there(name: str) -> None:
    for target, anchor in re.findall(r"\]\(([\w-]*(?:\.md)?)(?:#([^)]+))?\)", guide(name)):
        headings = re.findall(r"^#+ (.+)$", guide(target or name), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, f"{target}#{anchor}"


def test_the_guide_of_staff_is_one_page() -> None:
    assert len(guide(STAFF).splitlines()) <= 60
