"""Pages as messages of an Official Account, with buttons as long as the platform takes them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.channels.answering import Mouth
from bot.channels.plain_text import Page, pages
from bot.channels.zalo_calls import Refused
from bot.channels.zalo_oa_api import Button, OaApi
from bot.channels.zalo_oa_errors import OaError, is_readers, of_one_function
from bot.channels.zalo_oa_events import payload_on_wire
from bot.channels.zalo_oa_files import OaFiles
from bot.channels.zalo_oa_verdicts import Verdicts
from office.messages import Capabilities, ChoiceKind, File, Line, Reply, not_carried

CAPABILITIES = Capabilities(
    buttons=True, edit=False, links=False, max_text=2000, max_buttons=5, max_label=100, files=True
)
IN_GROUPS = replace(CAPABILITIES, buttons=False)

_AT = "Tệp {}: {}"
_NO_BUTTONS = (OaError.BAD_PARAMETER, OaError.BAD_TYPE)  # what it says of buttons where it has none

_log = logging.getLogger(__name__)


class OaMouth(Mouth):
    """Says pages. Raises what bot.channels.zalo_calls has."""

    def __init__(self, api: OaApi, files: OaFiles, verdicts: Verdicts, *, buttons: bool = True) -> None:
        self._api = api
        self._files = files
        self._verdicts = verdicts
        self._buttons = buttons  # until the platform refuses them; then never again in this life

    def capabilities(self, *, group: bool) -> Capabilities:
        """What a chat can show, as far as we know by now."""
        return CAPABILITIES if self._buttons and not group else IN_GROUPS

    async def say(self, chat: str, page: Page, *, group: bool, unasked: bool = False) -> str:
        """Say a page; the message's id. `unasked`: where buttons can't be, choices get words to type."""
        if group:
            return await self._say(chat, page, group=True, unasked=unasked)
        try:
            message = await self._say(chat, page, group=False, unasked=unasked)
        except Refused as refused:
            await self._verdicts.refused(chat, refused)
            raise
        self._verdicts.taken()
        return message

    async def knock(self) -> None:
        """See bot.channels.answering.Mouth."""
        await self._api.knock()

    # --- inside

    async def _say(self, chat: str, page: Page, *, group: bool, unasked: bool) -> str:
        if page.file is not None:
            return await self._show(chat, page.file, group=group, unasked=unasked)
        if not page.buttons:
            return await self._api.send_text(chat, page.text, group=group)
        if group or not self._buttons:
            return await self._plainly(chat, page, group=group, unasked=unasked)
        buttons = [Button(title=c.label, payload=payload_on_wire(c.payload)) for c in page.buttons]
        try:
            return await self._api.send_text(chat, page.text, buttons=buttons)
        except Refused as refused:
            code = refused.code
            if code not in _NO_BUTTONS and not of_one_function(code):
                raise
        message = await self._plainly(chat, page, group=group, unasked=unasked)
        if code in _NO_BUTTONS:
            self._buttons = False  # without them it went well
            _log.warning("Zalo không nhận nút bấm của OA này; từ nay gửi lựa chọn bằng chữ")
        return message

    async def _show(self, chat: str, file: File, *, group: bool, unasked: bool) -> str:
        """Send a file; where Zalo won't have it, say where it is. Who has asked hears of it in any case."""
        try:
            return await self._files.send(chat, file, group=group)
        except Refused as refused:
            if is_readers(refused.code):
                raise
            address = await self._files.address(file)
            if unasked and not address:
                raise
            _log.warning("Zalo không nhận tệp, gửi đường dẫn thay: %s", refused.reason)
        text = _AT.format(file.name, address) if address else not_carried([file]).text
        return await self._api.send_text(chat, text, group=group)

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
