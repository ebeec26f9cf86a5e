"""What lanes ask of a platform: take one message, and say honestly what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from office.deliveries import Act, Source
from office.messages import ChatAddress, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message to one chat. `reply` fits into one message of the channel.

    `act`: sent anew, or `target` (the `message_id` of its sending) is edited to `reply`, or deleted with its
    files. `source`, `source_id`, `what`: what it speaks of (its Occurrence's source, source_id, rung), for
    platforms that ration what may be sent.
    """

    id: int  # the delivery's, for the log
    to: ChatAddress
    reply: Reply
    act: Act = Act.SEND
    target: str = ""
    source: Source = Source.NOTICE
    source_id: int = 0
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform has taken it.

    `message_id`: with those of its files after it, parted by spaces, where they are messages of their own; ""
    when an answer could not be read.
    """

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """It has certainly not been sent and may be later.

    `network`: the platform can't be reached, which holds for every chat.
    """

    reason: str
    network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Too fast, says the platform; nothing was sent. `seconds` as it demands, for the chat or the account."""

    seconds: float
    account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The chat has another id now; nothing was sent."""

    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It never will be sent. `unreachable`: nor will anything else to this chat until somebody acts.

    `gone`: the message that was to be edited or deleted can't be; only a new one can put things right.
    """

    reason: str  # Vietnamese, with what to do
    unreachable: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """The connection broke after the request may have arrived."""

    reason: str


Outcome = Sent | Retry | Paused | Moved | Failed | Uncertain


class Courier(Protocol):
    """One account of a platform, as its lane sees it."""

    channel: str
    account: str

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try once. Never raises for what the platform refuses or breaks."""
        ...


class Gate(Protocol):
    """The pace that answers and deliveries of one account share."""

    async def enter(self, chat: str, *, group: bool) -> None:
        """Wait until an answer may go to this chat; counts it."""
        ...

    def flooded(self, chat: str, seconds: float, *, account: bool = False) -> None:
        """The platform said: too fast."""
        ...


class StoredFiles(Protocol):
    """What a courier needs of the files that messages carry by reference (office.files), for its account.

    The courier fetches them itself, since only it knows whether the platform has a file already: a content of
    many megabytes is then read once, for the first chat, and not held for the others.
    """

    async def handles(self, numbers: Collection[int]) -> Mapping[int, str]:
        """What the platform calls these files, "" for one it hasn't been given; only of those that exist.

        Raises DatabaseUnavailable.
        """
        ...

    async def content(self, number: int) -> bytes | None:
        """A file's content, None when it doesn't exist. Raises DatabaseUnavailable."""
        ...

    async def keep(self, number: int, handle: str) -> None:
        """Remember what the platform calls a file; "" forgets."""
        ...
