"""Read YAML that strangers edit: safe, bounded, with a line number for every value.

Stricter than PyYAML's safe loader: no tags, no anchors (so no alias bombs), no duplicate keys, bounded size
and depth. Plain scalars are null, true/false, integers, decimals and ISO dates; everything else is text
(``no`` and ``on`` stay words).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

MAX_BYTES = 2_000_000
MAX_DEPTH = 12

Path_ = tuple[str | int, ...]

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file a person edits: where it is, what it is and what to do."""

    file: str
    line: int
    message: str
    mend: str = ""
    error: bool = True

    def __str__(self) -> str:
        mend = f" → {self.mend}" if self.mend else ""
        return f"{self.file}:{self.line}: {self.message}{mend}"


class BadYaml(Exception):
    """A YAML file could not be taken in; `problems` says what to mend, each with its line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


@dataclass(slots=True)
class Document:
    """The plain data of a YAML file and the line (from 1) on which each value starts."""

    file: str
    data: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """The line of the value at `path`, or of its nearest parent that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path_, message: str, mend: str = "", *, error: bool = True) -> Problem:
        return Problem(self.file, self.line(path), message, mend, error)


_CAUSES = {
    errno.ENOENT: "không có tệp này",
    errno.EACCES: "không có quyền đọc",
    errno.EPERM: "không có quyền đọc",
    errno.EISDIR: "đây là thư mục",
}
_A_GROUP = "một nhóm hoặc danh sách; nếu là chữ có dấu «:» thì đặt trong dấu nháy"


def cause_of(error: OSError) -> str:
    """Why a file can't be read, in Vietnamese where it is a usual reason."""
    return _CAUSES.get(error.errno or 0, error.strerror or type(error).__name__)


def read(path: Path, *, name: str | None = None) -> Document:
    """Read a file. Raises BadYaml (Vietnamese, with lines) when it can't be read whole."""
    name = name or str(path)
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise BadYaml(
            [Problem(name, 1, f"không đọc được tệp: {cause_of(exc)}", "kiểm tra tên và quyền đọc")]
        ) from exc
    return loads(raw, name=name)


def loads(raw: bytes | str, *, name: str) -> Document:
    """Parse YAML text; see `read`."""
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise BadYaml(
            [Problem(name, 1, f"tệp lớn quá {MAX_BYTES // 1_000_000} MB", "tách thành nhiều tệp nhỏ")]
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise BadYaml([Problem(name, line, "tệp không phải UTF-8", "lưu lại tệp với bảng mã UTF-8")]) from exc
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise BadYaml([Problem(name, line, *_NO_CONTROL)])
    doc = Document(name)
    loader = None
    try:
        loader = _Loader(text)
        doc.data = _Reader(loader, doc).document()
    except yaml.MarkedYAMLError as exc:
        raise BadYaml(
            [
                Problem(
                    name,
                    _line_of(exc, text),
                    "sai cú pháp YAML",
                    "xem lại thụt đầu dòng, dấu «:» và dấu nháy ở quanh dòng này",
                )
            ]
        ) from exc
    except yaml.YAMLError as exc:
        raise BadYaml([Problem(name, 1, *_NO_CONTROL)]) from exc
    finally:
        if loader is not None:
            loader.dispose()
    return doc


_NO_CONTROL = ("có ký tự không được phép trong tệp", "xoá ký tự điều khiển rồi lưu lại")


def _line_of(error: yaml.MarkedYAMLError, text: str) -> int:
    """Where an unclosed quote opens, else where reading stopped (never past the last line)."""
    unclosed = error.context == "while scanning a quoted scalar" and "end of stream" in (error.problem or "")
    mark = (error.context_mark if unclosed else error.problem_mark) or error.context_mark
    return min(mark.line + 1, max(1, len(text.splitlines()))) if mark else 1


class _Reader:
    """Builds plain data from PyYAML's event stream in one pass."""

    def __init__(self, loader: Any, doc: Document) -> None:
        self.events: Iterator[Any] = iter(loader.get_event, None)
        self.doc = doc

    def fail(self, event: Any, message: str, mend: str) -> BadYaml:
        return BadYaml([Problem(self.doc.file, event.start_mark.line + 1, message, mend)])

    def document(self) -> Any:
        data: Any = None
        seen = False
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    raise self.fail(event, "tệp có hơn một tài liệu YAML", "bỏ dòng «---» thứ hai")
                seen = True
                data = self.value(next(self.events), ())
        return data

    def value(self, event: Any, path: Path_) -> Any:
        self.doc.lines[path] = event.start_mark.line + 1
        self.plain(event)
        if len(path) > MAX_DEPTH:
            raise self.fail(event, f"lồng nhau quá {MAX_DEPTH} tầng", "làm phẳng cấu trúc")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        return _scalar(event) if event.implicit[0] else event.value

    def plain(self, event: Any) -> None:
        """Refuse what hides more than it shows: anchors, aliases, tags, escaped control characters."""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.fail(
                event, "không dùng neo «&» và bí danh «*» của YAML", "chép nội dung ra thay cho bí danh"
            )
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise self.fail(event, f"không dùng thẻ kiểu «{tag}»", "bỏ phần bắt đầu bằng «!»")
        if isinstance(event, yaml.ScalarEvent) and _CONTROL.search(event.value):
            raise self.fail(event, *_NO_CONTROL)

    def sequence(self, path: Path_) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.value(event, (*path, len(items))))
        return items

    def mapping(self, path: Path_) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line: int = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise self.fail(event, "tên khoá phải là chữ", "viết «khoá: giá trị»")
            self.plain(event)
            key = event.value
            if key in items:
                first = self.doc.lines[(*path, key)]
                raise self.fail(event, f"khoá «{key}» viết hai lần (lần đầu ở dòng {first})", "bỏ bớt một")
            items[key] = self.value(next(self.events), (*path, key))
            self.doc.lines[(*path, key)] = line
        return items


def _scalar(event: Any) -> Any:
    text: str = event.value
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.match(text):
        return int(text) if len(text) < 19 else text
    if _FLOAT.match(text):
        return float(text)
    if _DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


_MESSAGES: Mapping[str, tuple[str, str]] = {
    "missing": ("thiếu «{key}»", "thêm khoá này"),
    "extra_forbidden": ("không có khoá nào tên «{key}» ở đây", "xem lại chính tả hoặc bỏ đi"),
    "unexpected_keyword_argument": ("không có khoá nào tên «{key}» ở đây", "xem lại chính tả hoặc bỏ đi"),
    "string_type": ("«{key}» phải là chữ, đang là «{input}»", "đặt giá trị trong dấu nháy nếu cần"),
    "string_too_short": ("«{key}» đang để trống", "điền nội dung hoặc bỏ khoá này"),
    "string_too_long": ("«{key}» dài quá {max_length} ký tự", "viết ngắn lại"),
    "string_pattern_mismatch": (
        "«{key}» viết không đúng dạng: «{input}»",
        "mã mục: chữ không dấu, số và «_», bắt đầu bằng chữ; địa chỉ: viết cả «https://» ở đầu",
    ),
    "int_type": ("«{key}» phải là số nguyên, đang là «{input}»", "viết số, không dấu chấm, không đơn vị"),
    "int_parsing": ("«{key}» phải là số nguyên, đang là «{input}»", "viết số, không dấu chấm, không đơn vị"),
    "float_type": ("«{key}» phải là số, đang là «{input}»", "viết số"),
    "float_parsing": ("«{key}» phải là số, đang là «{input}»", "viết số"),
    "bool_type": ("«{key}» phải là true hoặc false, đang là «{input}»", "viết true hoặc false"),
    "bool_parsing": ("«{key}» phải là true hoặc false, đang là «{input}»", "viết true hoặc false"),
    "date_type": ("«{key}» phải là ngày, đang là «{input}»", "viết dạng 2026-12-31"),
    "date_from_datetime_parsing": ("«{key}» phải là ngày, đang là «{input}»", "viết dạng 2026-12-31"),
    "date_parsing": ("«{key}» phải là ngày, đang là «{input}»", "viết dạng 2026-12-31"),
    "enum": ("«{key}» có giá trị lạ «{input}»", "chọn một trong: {expected}"),
    "literal_error": ("«{key}» có giá trị lạ «{input}»", "chọn một trong: {expected}"),
    "dict_type": ("«{key}» phải là một nhóm «khoá: giá trị»", "xem lại thụt đầu dòng"),
    "dataclass_type": ("«{key}» phải là một nhóm «khoá: giá trị»", "xem lại thụt đầu dòng"),
    "model_type": ("«{key}» phải là một nhóm «khoá: giá trị»", "xem lại thụt đầu dòng"),
    "tuple_type": ("«{key}» phải là danh sách", "mỗi mục một dòng, bắt đầu bằng «- »"),
    "list_type": ("«{key}» phải là danh sách", "mỗi mục một dòng, bắt đầu bằng «- »"),
    "too_short": ("«{key}» cần ít nhất {min_length} mục", "thêm mục"),
    "greater_than_equal": ("«{key}» phải từ {ge} trở lên, đang là {input}", "sửa số"),
    "less_than_equal": ("«{key}» phải từ {le} trở xuống, đang là {input}", "sửa số"),
    "greater_than": ("«{key}» phải lớn hơn {gt}, đang là {input}", "sửa số"),
}


def explain(error: ValidationError, doc: Document, *, at: Path_ = ()) -> list[Problem]:
    """Turn pydantic's complaints into Vietnamese ones with the file's line. Input values of secrets are
    never shown."""
    problems = []
    for item in error.errors(include_url=False):
        path = at + tuple(item["loc"])
        key = next((str(p) for p in reversed(path) if isinstance(p, str)), "tệp")
        given = item.get("input")
        shown = _A_GROUP if isinstance(given, dict | list) else str(given)[:60]
        context = {k: v for k, v in (item.get("ctx") or {}).items() if k != "error"}
        if item["type"] in ("value_error", "assertion_error"):
            cause = (item.get("ctx") or {}).get("error")
            message, mend = str(cause) if cause else item["msg"], ""
        else:
            template, advice = _MESSAGES.get(
                item["type"], ("«{key}» không hợp lệ: «{input}»", "xem tài liệu mẫu")
            )
            if "expected" in context:
                context["expected"] = str(context["expected"]).replace(" or ", " hoặc ").replace("'", "")
            if 0 < context.get("le", 1) < 1:
                advice = "sửa số; 0.2 là một phần năm"
            values = {"key": key, "input": shown, **context}
            message, mend = template.format_map(_Blank(values)), advice.format_map(_Blank(values))
        problems.append(doc.problem(path, message, mend))
    return problems


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
