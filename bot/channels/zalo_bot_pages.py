"""Replies as messages of the Zalo Bot Platform: plain text, pictures by address, links for other files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.base import FileAddresses, addresses_of
from bot.channels.plain_text import Page, pages
from bot.channels.zalo_bot_api import TEXT_LIMIT
from office.messages import Capabilities, Reply, utf16_length

CAPABILITIES = Capabilities(buttons=False, edit=False, links=False, max_text=TEXT_LIMIT, files=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(Page):
    """A picture with its caption. `address`: https, where the platform fetches it."""

    address: str

    @property
    def instead(self) -> str:
        """The text for a platform that won't show it."""
        name = self.file.name if self.file else ""
        return f"{self.text}\n\nTệp {name}: {self.address}".strip()


async def pages_of(
    reply: Reply, addresses: FileAddresses | None, *, unasked: bool = False, group: bool = False
) -> Sequence[Page]:
    """The messages that a reply becomes; in a group we hear only who mentions us. Raises
    DatabaseUnavailable."""
    found = await addresses_of(reply, addresses)
    shown = {
        at: address
        for at, address in found.items()
        if reply.files[at].picture and address.startswith("https://")
    }
    pictures = [(reply.files[at], address) for at, address in shown.items()]
    links = {at: address for at, address in found.items() if at not in shown}
    made = pages(
        reply,
        CAPABILITIES,
        addresses=links,
        unasked=unasked,
        carries=lambda file: any(file is picture for picture, _ in pictures),
        calling="nhắc tên bot, kèm" if group else "nhắn",
    )
    texts = [page for page in made if page.file is None]
    return _together(texts, [Picture(text="", file=file, address=address) for file, address in pictures])


def _together(texts: Sequence[Page], pictures: Sequence[Picture]) -> Sequence[Page]:
    """One text with one picture is one message, since the plan counts them."""
    if len(texts) == len(pictures) == 1:
        [text], [picture] = texts, pictures
        captioned = Picture(text=text.text, file=picture.file, address=picture.address)
        if utf16_length(captioned.instead) <= TEXT_LIMIT:
            return [captioned]
    return [*texts, *pictures]
