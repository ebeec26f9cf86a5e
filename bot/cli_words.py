"""What typer itself says, in Vietnamese: the headings of help texts and what is wrong with a call."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

UsageError: Any = typer.BadParameter.__mro__[1]  # typer shows its own classes for wrong use only by this one

_HEADINGS = (
    ("Usage: ", "Cách dùng: "),
    ("[OPTIONS]", "[tuỳ chọn]"),
    ("COMMAND [ARGS]...", "lệnh [tham số]…"),
    ("\nOptions:", "\nTuỳ chọn:"),
    ("\nCommands:", "\nCác lệnh:"),
    ("\nArguments:", "\nTham số:"),
    ("Show this message and exit.", "In hướng dẫn này rồi thoát."),
    ("  [required]", "  [bắt buộc]"),
    ("; required]", "; bắt buộc]"),
)
_COMPLAINTS = {
    "NoSuchOption": "không có tuỳ chọn «{name}»",
    "MissingParameter": "thiếu «{name}»",
    "BadOptionUsage": "tuỳ chọn «{name}» dùng chưa đúng",
    "BadParameter": "giá trị của «{name}» không dùng được",
    "BadArgumentUsage": "tham số chưa đúng",
}


def _in_vietnamese(text: str) -> str:
    for english, vietnamese in _HEADINGS:
        text = text.replace(english, vietnamese)
    return text


class Command(TyperCommand):
    """A command whose help is in Vietnamese."""

    def get_help(self, ctx: Any) -> str:
        return _in_vietnamese(super().get_help(ctx))


class Group(TyperGroup):
    """A group of commands whose help is in Vietnamese."""

    def get_help(self, ctx: Any) -> str:
        return _in_vietnamese(super().get_help(ctx))


def complaint(error: Any) -> str:
    """One line on a wrong call: what is wrong and where the help is."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "xinluon"
    return f"{_what(error)} → xem cách dùng: {command} --help"


def _name(param: Any) -> str:
    """As people type it: «--days» of an option, «SỐ-NGÀY» of an argument."""
    if param.param_type_name == "option":
        return str(param.opts[0])
    return str(param.metavar or param.name)


def _what(error: Any) -> str:
    param = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or (_name(param) if param else "") or ""
    known = _COMPLAINTS.get(type(error).__name__)
    if known and name:
        return known.format(name=name)
    said = str(getattr(error, "message", error))
    if said.startswith("No such command"):
        named = said.split("'")[1] if said.count("'") > 1 else ""
        return f"không có lệnh «{named}»"
    if "unexpected extra argument" in said:
        return "thừa tham số"
    return said
