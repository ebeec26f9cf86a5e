"""Messages that know no platform: what comes in, what goes out, and what a channel can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Base64Encoder, EncodedBytes

_LINE_EXTRA = 6  # a mark before a line and the gap after it
PAYLOAD_BYTES = 64  # Telegram's callback_data, the smallest of the platforms


class Style(StrEnum):
    """What a line is; each channel decides how that looks."""

    TITLE = "title"
    TEXT = "text"
    ITEM = "item"  # one of a list
    WARNING = "warning"  # a caveat the reader must not miss
    SOURCE = "source"  # small print: source and date
    HINT = "hint"  # small print: what to type instead of tapping; needless where each choice says it

    @property
    def shown(self) -> Style:
        """The style for channels that make no difference between small print and small print."""
        return Style.SOURCE if self is Style.HINT else self


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of plain text (no markup; channels escape it)."""

    text: str
    style: Style = Style.TEXT


class ChoiceKind(StrEnum):
    """What a choice is for; each channel decides where it stands."""

    OPTION = "option"  # an answer to a question of ours: "which of these?"
    FACET = "facet"  # another side of the same entry
    TICK = "tick"  # an item of a checklist
    VOTE = "vote"  # 👍 👎
    MENU = "menu"  # elsewhere: other question, contact …
    LINK = "link"  # opens `url`, sends nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to tap. Sends `payload` (at most 64 bytes of UTF-8) or, for a link, opens `url`."""

    kind: ChoiceKind
    label: str
    payload: str = ""
    url: str = ""
    ticked: bool = False

    def __post_init__(self) -> None:
        if self.kind is ChoiceKind.LINK:
            if not self.url.startswith(("https://", "http://")):
                raise ValueError(f"a link needs an http address, not {self.url!r}")
        elif not 0 < len(self.payload.encode()) <= PAYLOAD_BYTES:
            raise ValueError(f"payload must have 1 to {PAYLOAD_BYTES} bytes: {self.payload!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something to be sent as a file, or as a picture where `picture` is set and the channel shows them.

    `stored`: its number in office.files, whose content is fetched when it is sent; `content` is then empty.
    """

    name: str
    media_type: str
    content: Annotated[bytes, EncodedBytes(Base64Encoder)] = b""
    picture: bool = False
    stored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One message to the chat it answers.

    `replaces`: show it in place of the message whose choice was tapped, where the platform can edit; else
    send it anew. Choices that are not links are numbered from 1 in their order on channels without buttons,
    and a number typed on any channel picks that choice.
    """

    lines: tuple[Line, ...]
    choices: tuple[Choice, ...] = ()
    replaces: bool = False
    files: tuple[File, ...] = ()  # after the text; a channel without files leaves them out and says so
    passing: bool = False  # a short word to who tapped in a group: to them alone where the platform can

    def text(self) -> str:
        """The lines as plain text, as the terminal and the log of `ask --jsonl` show them."""
        return "\n".join(("• " if line.style is Style.ITEM else "") + line.text for line in self.lines)

    def numbered(self) -> tuple[Choice, ...]:
        """The choices that a typed number picks, in order."""
        return tuple(c for c in self.choices if c.kind is not ChoiceKind.LINK)


class Event(StrEnum):
    """What a platform says of a chat, beside messages."""

    ADDED = "added"  # the bot was put into a group
    REMOVED = "removed"  # taken out of a group, or not allowed to write there any more
    BLOCKED = "blocked"  # by a person
    UNBLOCKED = "unblocked"
    MIGRATED = "migrated"  # the group has a new id: `moved_to`


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file that a person sent: the platform's id of it, fetched only when it is wanted."""

    id: str
    name: str = ""
    media_type: str = ""
    size: int = 0  # bytes; 0: not told
    content: bytes | None = None  # once it has been fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message, a tap or an event, as a channel received it.

    `key` is the platform's own identity of the message (update_id, message_id): the same key on the same
    channel and account is the same message, however often it arrives. `payload` is set when a choice was
    tapped, `text` otherwise.
    """

    channel: str
    account: str  # which bot of ours
    key: str
    chat: str
    sender: str
    at: datetime  # aware, UTC
    text: str = ""
    payload: str = ""
    group: bool = False
    addressed: bool = True  # in a group: a command, a mention or a reply to us
    event: Event | None = None
    title: str = ""  # the group's
    sender_name: str = ""
    topic: str = ""  # of a forum, "" for none
    moved_to: str = ""  # new id of a group that became a supergroup
    file: SentFile | None = None
    forwarded: bool = False  # somebody else's words, handed on

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("Incoming.at must be aware")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAddress:
    """Where something unasked goes: a chat of one account of ours, in a forum's topic where it has one."""

    channel: str
    account: str
    chat: str
    topic: str = ""
    group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can do; handlers never ask, channels render a Reply within it."""

    buttons: bool
    edit: bool
    links: bool  # a button or markup may open an address
    max_text: int  # characters of one message
    max_buttons: int = 100
    max_label: int = 60
    files: bool = False
    delete: bool = False


@dataclass(slots=True)
class ChannelState:
    """How a channel is doing, as /healthz and the console show it."""

    name: str
    up: bool = False
    detail: str = ""  # why it is down, in plain words, without secrets
    since: datetime | None = None
    facts: dict[str, str | int] = field(default_factory=dict)


def without_files(reply: Reply) -> Reply:
    """The reply for a channel that shows no files: it names them and says so."""
    return with_links(reply, {})


def with_links(reply: Reply, addresses: Mapping[int, str]) -> Reply:
    """The reply for a channel that shows links but no files. `addresses`: place in `reply.files` → address;
    what has none is named."""
    if not reply.files:
        return reply
    lost = [file for at, file in enumerate(reply.files) if at not in addresses]
    links = [
        Choice(kind=ChoiceKind.LINK, label=f"Tệp {file.name}", url=addresses[at])
        for at, file in enumerate(reply.files)
        if at in addresses
    ]
    return Reply(
        lines=(*reply.lines, *([not_carried(lost)] if lost else [])),
        choices=(*reply.choices, *links),
        replaces=reply.replaces,
    )


def not_carried(files: Iterable[File]) -> Line:
    """What is said of files that a channel can't show."""
    names = ", ".join(file.name for file in files)
    said = f"Kênh này không gửi được tệp ({names}). Xin nhận ở bàn làm việc của Văn phòng hoặc ở kênh khác."
    return Line(said, Style.WARNING)


def split_text(text: str, limit: int) -> list[str]:
    """Cut text into parts of at most `limit` characters, at paragraph, sentence or word ends where there are
    any."""
    parts = []
    text = text.strip()
    while len(text) > limit:
        cut = _cut_before(text, limit)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text] if text else parts


def split_units(text: str, limit: int) -> list[str]:
    """The same with parts of at most `limit` UTF-16 units."""
    cut = limit
    while True:
        parts = split_text(text, cut)
        excess = max(map(utf16_length, parts), default=0) - limit
        if excess <= 0:
            return parts
        cut -= (excess + 1) // 2  # characters of two units; ends at half the limit at the latest


def split_reply(reply: Reply, limit: int) -> tuple[Reply, ...]:
    """The messages that a reply becomes where one may have at most `limit` characters.

    Counted in UTF-16 units with room for each line's mark and gap, so that every channel's own rendering
    fits. Choices and files go with the last one; `replaces` holds for the first.
    """
    pages: list[list[Line]] = [[]]
    room = limit
    for line in reply.lines:
        for text in split_units(line.text, limit - _LINE_EXTRA):
            need = utf16_length(text) + _LINE_EXTRA
            if need > room and pages[-1]:
                pages.append([])
                room = limit
            pages[-1].append(Line(text, line.style))
            room -= need
    first, *others = [Reply(lines=tuple(page)) for page in pages]
    parts = [Reply(lines=first.lines, replaces=reply.replaces), *others]
    last = parts[-1]
    parts[-1] = Reply(lines=last.lines, choices=reply.choices, replaces=last.replaces, files=reply.files)
    return tuple(parts)


def utf16_length(text: str) -> int:
    """Length in UTF-16 units: never less than in characters, so it holds however a platform counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut_before(text: str, limit: int) -> int:
    floor = limit // 2
    for end in ("\n", ". ", "; ", " "):
        at = text.rfind(end, floor, limit)
        if at >= 0:
            return at + len(end.rstrip(" ")) if end != " " else at
    return limit
