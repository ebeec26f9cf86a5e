"""Pages as messages of an Official Account, with buttons as long as the platform takes them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.channels.answering import Mouth
from bot.channels.plain_text import Page, pages
from bot.channels.zalo_calls import Refused
from bot.channels.zalo_oa_api import Button, OaApi
from bot.channels.zalo_oa_errors import OaError
from bot.channels.zalo_oa_events import payload_on_wire
from bot.channels.zalo_oa_files import OaFiles
from office.messages import Capabilities, ChoiceKind, Line, Reply

CAPABILITIES = Capabilities(
    buttons=True, edit=False, links=False, max_text=2000, max_buttons=5, max_label=100, files=True
)
IN_GROUPS = replace(CAPABILITIES, buttons=False)

_NO_BUTTONS = (OaError.BAD_PARAMETER, OaError.BAD_TYPE)  # what it says of buttons where it has none

_log = logging.getLogger(__name__)


class OaMouth(Mouth):
    """Says pages. Raises what bot.channels.zalo_calls has."""

    def __init__(self, api: OaApi, files: OaFiles) -> None:
        self._api = api
        self._files = files
        self._buttons = True  # until the platform refuses them; then never again in this life

    async def say(self, chat: str, page: Page, *, group: bool, unasked: bool = False) -> str:
        """Say a page; the message's id. `unasked`: where buttons can't be, choices get words to type."""
        if page.file is not None:
            return await self._files.send(chat, page.file, group=group)
        if not page.buttons:
            return await self._api.send_text(chat, page.text, group=group)
        if group or not self._buttons:
            return await self._plainly(chat, page, group=group, unasked=unasked)
        buttons = [Button(title=c.label, payload=payload_on_wire(c.payload)) for c in page.buttons]
        try:
            return await self._api.send_text(chat, page.text, buttons=buttons)
        except Refused as refused:
            if refused.code not in _NO_BUTTONS:
                raise
        message = await self._plainly(chat, page, group=group, unasked=unasked)
        self._buttons = False  # without them it went well
        _log.warning("Zalo không nhận nút bấm của OA này; từ nay gửi lựa chọn bằng chữ")
        return message

    async def knock(self) -> None:
        """See bot.channels.answering.Mouth."""
        await self._api.identity()

    async def _plainly(self, chat: str, page: Page, *, group: bool, unasked: bool) -> str:
        first = ""
        for part in without_buttons(page, unasked=unasked):
            message = await self._api.send_text(chat, part.text, group=group)
            first = first or message
        return first


def without_buttons(page: Page, *, unasked: bool) -> Sequence[Page]:
    """A page's choices as text: numbers to answer with, or words to type."""
    # The label of a tick has its box already.
    choices = tuple(
        replace(choice, kind=ChoiceKind.OPTION) if choice.kind is ChoiceKind.TICK else choice
        for choice in page.buttons
    )
    reply = Reply(lines=(Line(page.text),), choices=choices)
    return pages(reply, IN_GROUPS, unasked=unasked)
