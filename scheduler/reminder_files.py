"""Reminder rules in YAML: the shipped ones and the office's own, which win by key.

    reminders:
      - key: bon-xin-bon-luon
        title: …
        schedule: mỗi ngày làm việc 7:00
        audience: {groups: all}
        rotate: true
        texts: [{key: xin-chao, text: …, source: …}]

An office's rule with a shipped key may give only what it changes: `active: false`, its own `texts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from knowledge import strict_yaml
from knowledge.strict_yaml import BadYaml, Document, Problem
from office.assignments import Priority
from office.reminders import ReminderKind
from scheduler.schedule import BadSchedule, Shift, parse_schedule

SHIPPED = Path(__file__).with_name("data") / "reminders"
MAX_TEXT = 1500  # characters of one text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """One wording of a reminder and the document it comes from. `key` stays the same when words change."""

    key: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    source: str = ""


class Audience(_Strict):
    """Who is told: all staff groups or none, the groups of departments (keys), people by role, privately."""

    groups: Literal["all", "none"] = "none"
    departments: tuple[str, ...] = ()
    roles: tuple[Literal["member", "head", "van_phong", "leader", "admin"], ...] = ()


class AssignmentTemplate(_Strict):
    """What assignments a rule makes. `departments`: keys, or «*» for one each. The deadline is counted from
    the day of the occasion: in working days, or the day of that month."""

    title: str = Field(min_length=1, max_length=500)
    description: str = ""
    document: str = ""
    given_by: str = "Văn phòng Sở"
    departments: tuple[str, ...] = ("*",)
    due_working_days: int | None = Field(default=None, ge=1, le=250)
    due_day: int | None = Field(default=None, ge=1, le=31)
    priority: Priority = Priority.ORDINARY

    @model_validator(mode="after")
    def _one_deadline(self) -> AssignmentTemplate:
        if self.priority is Priority.EXPRESS:
            raise ValueError("việc định kỳ không thể là hoả tốc: chọn «ordinary» hoặc «urgent»")
        if (self.due_working_days is None) == (self.due_day is None):
            raise ValueError("cần đúng một thời hạn: «due_working_days» hoặc «due_day»")
        return self


class NoticeTemplate(_Strict):
    """What notices a rule makes; each waits for somebody to approve it."""

    title: str = Field(min_length=1, max_length=300)
    body: str = Field(min_length=1, max_length=10_000)
    document: str = Field(default="", max_length=200)
    confirm: bool = False
    priority: Literal[Priority.ORDINARY, Priority.URGENT] = Priority.ORDINARY
    audience: Audience

    @model_validator(mode="after")
    def _somebody(self) -> NoticeTemplate:
        if self.audience == Audience():
            raise ValueError("thông báo định kỳ cần nơi nhận trong «audience»")
        return self


class Rule(_Strict):
    """One reminder rule. `stale_minutes`: how long after its moment it still makes sense."""

    key: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    title: str = Field(min_length=1, max_length=300)
    schedule: str = Field(min_length=1, max_length=300)
    shift: Shift = Shift.SKIP
    kind: Literal[ReminderKind.MESSAGE, ReminderKind.ASSIGNMENT, ReminderKind.NOTICE] = ReminderKind.MESSAGE
    audience: Audience = Audience()
    texts: tuple[Text, ...] = ()
    rotate: bool = False
    assignment: AssignmentTemplate | None = None
    notice: NoticeTemplate | None = None
    stale_minutes: int | None = Field(default=None, ge=1, le=100_000)
    active: bool = True

    @field_validator("schedule")
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            parse_schedule(value)
        except BadSchedule as exc:
            raise ValueError(f"{exc.message}; {exc.mend}") from exc
        return value

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if self.kind is ReminderKind.MESSAGE and not self.texts:
            raise ValueError("quy tắc nhắc cần ít nhất một mục trong «texts»")
        if self.kind is ReminderKind.ASSIGNMENT and self.assignment is None:
            raise ValueError("quy tắc tạo nhiệm vụ cần phần «assignment»")
        if self.kind is ReminderKind.NOTICE and self.notice is None:
            raise ValueError("quy tắc soạn thông báo cần phần «notice»")
        keys = [text.key for text in self.texts]
        if len(set(keys)) < len(keys):
            raise ValueError("hai mục trong «texts» trùng «key»")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rules that can be used, in the order of their files, and what is wrong with the others. `places`:
    key of a rule → its file and its number there."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    places: Mapping[str, tuple[Document, int]] = field(default_factory=dict)


def read_rules(*folders: Path) -> Found:
    """The shipped rules and those of the folders; a bad one is left out and reported."""
    raw: dict[str, tuple[Mapping[str, Any], Document, int]] = {}
    problems: list[Problem] = []
    for folder in (SHIPPED, *folders):
        if not folder.is_dir():
            nothing = "không thấy thư mục quy tắc nhắc này"
            problems.append(Document(str(folder)).problem((), nothing, "kiểm tra «reminders.folders»"))
            continue
        seen: set[str] = set()
        for path in sorted(folder.glob("*.yaml")):
            _collect(path, raw, seen, problems)
    rules = []
    for data, document, number in raw.values():
        try:
            rules.append(Rule.model_validate(data))
        except ValidationError as exc:
            problems += strict_yaml.explain(exc, document, at=("reminders", number))
    places = {key: (document, number) for key, (_, document, number) in raw.items()}
    return Found(rules=tuple(rules), problems=tuple(problems), places=places)


def _collect(
    path: Path,
    raw: dict[str, tuple[Mapping[str, Any], Document, int]],
    seen: set[str],
    problems: list[Problem],
) -> None:
    try:
        document = strict_yaml.read(path)
    except BadYaml as exc:
        problems += exc.problems
        return
    data = document.data
    rules = data.get("reminders") if isinstance(data, Mapping) else None
    if not isinstance(rules, list) or set(data) != {"reminders"}:
        how = "bắt đầu bằng «reminders:» rồi mỗi quy tắc một mục «- key: …»"
        problems.append(document.problem((), "tệp quy tắc nhắc phải có danh sách «reminders»", how))
        return
    for number, rule in enumerate(rules):
        key = rule.get("key") if isinstance(rule, Mapping) else None
        if not isinstance(key, str):
            problems.append(
                document.problem(("reminders", number), "quy tắc thiếu «key»", "đặt một khoá riêng")
            )
        elif key in seen:
            said = f"khoá «{key}» đã có trong cùng thư mục"
            problems.append(document.problem(("reminders", number, "key"), said, "đặt khoá khác"))
        else:
            seen.add(key)
            earlier = raw[key][0] if key in raw else {}
            raw[key] = ({**earlier, **rule}, document, number)
