"""A Reply as Telegram shows it: HTML text in parts, and buttons."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from office.messages import Choice, ChoiceKind, Line, Reply, Style, split_units, utf16_length

TEXT_LIMIT = 3800  # UTF-16 units of one message; Telegram allows 4096
LABEL_LIMIT = 60
BUTTON_LIMIT = 100

_PREFIX = {Style.ITEM: "• ", Style.WARNING: "⚠️ "}
_TAG = {Style.TITLE: "b", Style.SOURCE: "i"}
_PER_ROW = {ChoiceKind.FACET: 2, ChoiceKind.MENU: 2, ChoiceKind.VOTE: 8}  # others stand alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One message to be sent; `plain` is what goes when Telegram refuses the markup."""

    html: str
    plain: str
    keyboard: InlineKeyboardMarkup | None = None
    as_html: bool = True

    @property
    def text(self) -> str:
        return self.html if self.as_html else self.plain


def render(reply: Reply) -> tuple[Draft, ...]:
    """The messages that a reply becomes, in order; the buttons are under the last one."""
    *first, last = [_draft(page) for page in _pages(reply.lines)]
    return (*first, replace(last, keyboard=_keyboard(reply)))


def simpler(draft: Draft, refusal: str) -> Draft | None:
    """The draft without what Telegram refused, or None if there is nothing to leave out."""
    refusal = refusal.lower()
    if draft.as_html and "can't parse entities" in refusal:
        return replace(draft, as_html=False)
    if draft.keyboard is not None and any(word in refusal for word in ("button", "markup", "keyboard")):
        kept = _without_links(draft.keyboard)
        return replace(draft, keyboard=kept if kept != draft.keyboard else None)
    return None


def _without_links(keyboard: InlineKeyboardMarkup) -> InlineKeyboardMarkup | None:
    rows = [[button for button in row if button.url is None] for row in keyboard.inline_keyboard]
    return InlineKeyboardMarkup([row for row in rows if row]) if any(rows) else None


def _draft(page: list[Line]) -> Draft:
    gaps = ["", *(_gap(before.style.shown, after.style.shown) for before, after in pairwise(page))]
    return Draft(
        html="".join(gap + _markup(line) for gap, line in zip(gaps, page, strict=True)),
        plain="".join(gap + line.text for gap, line in zip(gaps, page, strict=True)),
    )


def _gap(before: Style, after: Style) -> str:
    return "\n" if before is after or after is Style.ITEM or before is Style.TITLE else "\n\n"


def _markup(line: Line) -> str:
    text = html.escape(line.text, quote=False)
    tag = _TAG.get(line.style.shown)
    return f"<{tag}>{text}</{tag}>" if tag else text


def _pages(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines with their prefixes, each page within the limit; never empty."""
    pages: list[list[Line]] = [[]]
    room = TEXT_LIMIT
    for line in _pieces(lines):
        need = utf16_length(line.text) + 2  # the gap
        if need > room and pages[-1]:
            pages.append([])
            room = TEXT_LIMIT
        pages[-1].append(line)
        room -= need
    return pages if pages[0] else [[Line("…")]]  # Telegram takes no message without text


def _pieces(lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        text = _PREFIX.get(line.style, "") + line.text.strip()
        if line.text.strip():
            yield from (replace(line, text=part) for part in split_units(text, TEXT_LIMIT))


def _keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    numbers = {id(choice): number for number, choice in enumerate(reply.numbered(), start=1)}
    rows: list[list[InlineKeyboardButton]] = []
    for kind, choices in groupby(reply.choices[:BUTTON_LIMIT], key=lambda c: c.kind):
        buttons = [_button(choice, numbers.get(id(choice), 0)) for choice in choices]
        width = _PER_ROW.get(kind, 1)
        rows += [buttons[at : at + width] for at in range(0, len(buttons), width)]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(choice: Choice, number: int) -> InlineKeyboardButton:
    label = _label(choice, number)
    if choice.kind is ChoiceKind.LINK:
        return InlineKeyboardButton(label, url=choice.url)
    return InlineKeyboardButton(label, callback_data=choice.payload)


def _label(choice: Choice, number: int) -> str:
    label = " ".join(choice.label.split()) or "…"
    if choice.kind is ChoiceKind.OPTION:
        label = f"{number}. {label}"
    elif choice.kind is ChoiceKind.TICK:
        label = ("☑ " if choice.ticked else "☐ ") + label
    return label if len(label) <= LABEL_LIMIT else label[: LABEL_LIMIT - 1].rstrip() + "…"
