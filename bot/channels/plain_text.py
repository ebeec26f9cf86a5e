"""Replies as plain text, for platforms without markup: numbered choices, bare addresses, parts at sentence
ends."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from handlers.staff.typed import code_of
from office.messages import (
    Capabilities,
    Choice,
    ChoiceKind,
    File,
    Reply,
    Style,
    not_carried,
    split_units,
    utf16_length,
)

_PREFIX = {Style.ITEM: "• ", Style.WARNING: "⚠ "}
_LINKS, _FILES, _CHOICES = "links", "files", "choices"  # the groups of blocks after the lines
_COUNT = len("\n(99/99)")  # room for the page's number
_SMALLEST_COUNTED = 200  # pages that are smaller go without a number
_NARROW = 34  # characters of a phone's line: short choices share one
_CALLING = "nhắn"
_SHARING = frozenset({ChoiceKind.FACET, ChoiceKind.VOTE, ChoiceKind.MENU})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One message. `text`: NFC, within the channel's limit; "" for one that is only a file.

    `buttons`: where the channel has them; the text then doesn't list them. `file`: sent as a file or picture
    by channels that can.
    """

    text: str
    buttons: tuple[Choice, ...] = ()
    file: File | None = None


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph. Those of one group follow each other without a blank line."""

    text: str
    group: str
    whole: bool = False  # not to be parted while it fits a page


def pages(
    reply: Reply,
    capabilities: Capabilities,
    *,
    addresses: Mapping[int, str] | None = None,
    unasked: bool = False,
    carries: Callable[[File], bool] | None = None,
    calling: str = _CALLING,
) -> Sequence[Page]:
    """The messages that a reply becomes; at least one.

    `addresses`: place in `reply.files` → the address where it can be fetched, for what the channel doesn't
    carry itself. `unasked`: nobody has asked, so a number would mean nothing: choices get words to type.
    `carries`: which files the channel carries itself; all or none by its capabilities where it isn't given.
    `calling`: how words reach us there.
    """
    found = addresses or {}
    carried = carries or (lambda file: capabilities.files)
    others = [file for at, file in enumerate(reply.files) if at not in found]
    sent = [file for file in others if carried(file)]
    buttons = _buttons(reply, capabilities)
    typed = [*_typed(reply, calling)] if unasked and not buttons else []
    lost = [file for file in others if not carried(file)]
    blocks = [*_blocks(reply, found, lost=lost, hints=not typed), *typed]
    if not buttons and not unasked:
        blocks += _numbered(reply, calling)
    texts = _laid_out(blocks, capabilities.max_text)
    if not texts and (buttons or not sent):
        texts = ["…"]  # no platform takes a message without text
    made = [Page(text=text) for text in texts]
    if buttons:
        made[-1] = replace(made[-1], buttons=buttons)
    return (*made, *(Page(text="", file=file) for file in sent))


# --- what is said


def _blocks(
    reply: Reply, addresses: Mapping[int, str], *, lost: Sequence[File], hints: bool
) -> Iterator[_Block]:
    """The lines, then links and files. `lost`: what there is no way to; `hints`: the choices below don't say
    themselves what to type."""
    for line in (*reply.lines, *([not_carried(lost)] if lost else [])):
        if line.text.strip() and (hints or line.style is not Style.HINT):
            yield _Block(_nfc(_PREFIX.get(line.style, "") + line.text.strip()), line.style.shown)
    for choice in reply.choices:
        if choice.kind is ChoiceKind.LINK:
            yield _Block(_nfc(f"{_one_line(choice.label)}: {choice.url}"), _LINKS)
    for at, file in enumerate(reply.files):
        if at in addresses:
            yield _Block(_nfc(f"Tệp {_one_line(file.name)}: {addresses[at]}"), _FILES)


def _numbered(reply: Reply, calling: str) -> Iterator[_Block]:
    """«1. Hồ sơ», and how to answer. Short ones of a kind share a line."""
    choices = list(enumerate(reply.numbered(), start=1))
    if not choices:
        return
    lines: list[str] = []
    for kind, some in groupby(choices, key=lambda pair: pair[1].kind):
        items = [f"{number}. {_tick(choice)}{_one_line(choice.label)}" for number, choice in some]
        lines += _shared(items) if kind in _SHARING else items
    lines.append(_how_to_answer(len(choices), calling))
    yield _Block(_nfc("\n".join(lines)), _CHOICES, whole=True)


def _typed(reply: Reply, calling: str) -> Iterator[_Block]:
    """«Đã nhận: nhắn «nhan 12»» of each choice that can be typed at any time."""
    codes = [(choice, code_of(choice.payload)) for choice in reply.numbered()]
    lines = [f"{_one_line(choice.label)}: {calling} «{code}»" for choice, code in codes if code]
    if lines:
        yield _Block(_nfc("\n".join(lines)), _CHOICES, whole=True)


def _shared(items: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 3 <= _NARROW:
            lines[-1] += " · " + item
        else:
            lines.append(item)
    return lines


def _how_to_answer(count: int, calling: str) -> str:
    answer = "Trả lời" if calling == _CALLING else calling.capitalize()
    if count == 1:
        return f"{answer} 1 để chọn."
    if count <= 3:
        return f"{answer} {', '.join(map(str, range(1, count)))} hoặc {count}."
    return f"{answer} một số từ 1 đến {count}."


def _buttons(reply: Reply, capabilities: Capabilities) -> tuple[Choice, ...]:
    """The choices as the channel's buttons; none unless all can be."""
    choices = reply.numbered()
    if not capabilities.buttons or len(choices) > capabilities.max_buttons:
        return ()
    return tuple(
        replace(choice, label=_cut(_nfc(_tick(choice) + _one_line(choice.label)), capabilities.max_label))
        for choice in choices
    )


def _tick(choice: Choice) -> str:
    if choice.kind is not ChoiceKind.TICK:
        return ""
    return "☑ " if choice.ticked else "☐ "


def _cut(label: str, limit: int) -> str:
    if utf16_length(label) <= limit:
        return label
    while utf16_length(label) > limit - 1:
        label = label[:-1]
    return label.rstrip() + "…"


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "…"


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# --- on pages


def _laid_out(blocks: Sequence[_Block], limit: int) -> list[str]:
    """The texts of the pages, numbered where there are more than one."""
    texts = _flowed(blocks, limit)
    if len(texts) < 2 or limit < _SMALLEST_COUNTED:
        return texts
    texts = _flowed(blocks, limit - _COUNT)
    if len(texts) > 99:
        return texts
    return [f"{text}\n({at}/{len(texts)})" for at, text in enumerate(texts, start=1)]


def _flowed(blocks: Iterable[_Block], limit: int) -> list[str]:
    texts: list[str] = []
    before = ""
    for block in blocks:
        rest = block.text
        if texts and (part := _fits(texts[-1], rest, _gap(before, block.group), limit, whole=block.whole)):
            texts[-1] += _gap(before, block.group) + part
            rest = rest[len(part) :].strip()
        texts += _parts(rest, limit, at_lines=block.whole)
        before = block.group
    return texts


def _fits(text: str, more: str, gap: str, limit: int, *, whole: bool) -> str:
    """What of a block goes on the page that has been begun: all of it, a part where much room is left."""
    room = limit - utf16_length(text) - utf16_length(gap)
    if utf16_length(more) <= room:
        return more
    if whole or room <= limit // 2 or utf16_length(more) <= limit // 2:
        return ""
    return _parts(more, room)[0]


def _parts(text: str, limit: int, *, at_lines: bool = False) -> list[str]:
    """A text in parts of at most so many UTF-16 units; `at_lines`: cut at line ends where there are any."""
    if not text:
        return []
    if utf16_length(text) <= limit:
        return [text]
    if at_lines and "\n" in text:
        return _by_lines(text.split("\n"), limit)
    return split_units(text, limit)


def _by_lines(lines: Iterable[str], limit: int) -> list[str]:
    texts: list[str] = []
    for line in lines:
        if texts and utf16_length(texts[-1]) + 1 + utf16_length(line) <= limit:
            texts[-1] += "\n" + line
        else:
            texts += _parts(line, limit)
    return texts


def _gap(before: str, after: str) -> str:
    return "\n" if before == after or after == Style.ITEM or before == Style.TITLE else "\n\n"
