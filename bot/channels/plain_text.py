"""Replies as plain text, for platforms without markup: numbered choices, bare addresses, parts at sentence
ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from office.messages import Capabilities, Choice, File, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One message. `text`: NFC, within the channel's limit; "" for one that is only a file.

    `buttons`: where the channel has them; what they do stands in the text as well. `file`: sent as a file or
    picture by channels that can.
    """

    text: str
    buttons: tuple[Choice, ...] = ()
    file: File | None = None


def pages(
    reply: Reply,
    capabilities: Capabilities,
    *,
    addresses: Mapping[int, str] | None = None,
    unasked: bool = False,
) -> Sequence[Page]:
    """The messages that a reply becomes; at least one.

    `addresses`: place in `reply.files` → the address where it can be fetched, for what the channel doesn't
    carry itself. `unasked`: nobody has asked, so a number would mean nothing: choices get words to type.
    """
    raise NotImplementedError
