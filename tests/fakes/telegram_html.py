"""Telegram's HTML, as strict as Telegram reads it."""

from __future__ import annotations

import html
import re

_TAGS = frozenset(
    (
        *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a"),
        *("code", "pre", "tg-emoji", "blockquote", "tg-time"),
    )
)
_TOKEN = re.compile(r"<(/?)([^<>\s/]*)([^<>]*)>|([<])|([^<]+)")
_ENTITY = re.compile(r"&(#x?[0-9A-Fa-f]+|[A-Za-z]+);")
_NAMED = frozenset(("lt", "gt", "amp", "quot"))


class BadMarkup(Exception):
    """What Telegram says of it."""


def shown(markup: str) -> str:
    """The text that people see. Raises BadMarkup."""
    out: list[str] = []
    opened: list[str] = []
    for match in _TOKEN.finditer(markup):
        at = len(markup[: match.start()].encode())
        closing, tag, _, stray, text = match.groups()
        if text is not None:
            out.append(_ENTITY.sub(_entity, text))
        elif stray:
            raise BadMarkup(f'Unsupported start tag "" at byte offset {at}')
        elif closing:
            _close(opened, tag.lower(), at)
        else:
            _open(opened, tag.lower(), at)
    if opened:
        raise BadMarkup(f'Can\'t find end tag corresponding to start tag "{opened[-1]}"')
    return "".join(out)


def _open(opened: list[str], tag: str, at: int) -> None:
    if tag not in _TAGS:
        raise BadMarkup(f'Unsupported start tag "{tag}" at byte offset {at}')
    opened.append(tag)


def _close(opened: list[str], tag: str, at: int) -> None:
    if not opened:
        raise BadMarkup(f"Unexpected end tag at byte offset {at}")
    if opened[-1] != tag:
        raise BadMarkup(
            f'Unmatched end tag at byte offset {at}, expected "</{opened[-1]}>", found "</{tag}>"'
        )
    opened.pop()


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    return html.unescape(match[0]) if name.startswith("#") or name in _NAMED else match[0]
