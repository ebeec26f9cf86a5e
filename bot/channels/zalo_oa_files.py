"""Files on their way to an Official Account: what Zalo takes, uploaded once; the rest as an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.channels.base import FileAddresses, addresses_of
from bot.channels.plain_text import Page, pages
from bot.channels.zalo_calls import NotSent, Refused
from bot.channels.zalo_oa_api import OaApi
from bot.channels.zalo_oa_wire import Upload
from office.clock import Clock
from office.database import DatabaseUnavailable
from office.messages import Capabilities, File, Reply
from scheduler.courier import StoredFiles

PICTURE_LIMIT, FILE_LIMIT = 1_000_000, 5_000_000  # bytes
_PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_FILES = frozenset({"pdf", "doc", "docx", "csv"})
_KEPT = timedelta(days=6)  # Zalo keeps an upload for seven
_MOST_KEPT = 500
_GONE = "Tệp «{}» không còn được lưu nên chưa gửi. Đính kèm lại tệp rồi gửi lại."
_UNREAD = "Chưa đọc được tệp đính kèm ({})."


class Kind(StrEnum):
    """How Zalo takes a file."""

    PICTURE = "picture"
    FILE = "file"


def kind_of(name: str) -> Kind | None:
    """How Zalo takes a file of this name; None when it doesn't."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in _PICTURES:
        return Kind.PICTURE
    return Kind.FILE if suffix in _FILES else None


def takes(name: str, size: int) -> bool:
    """Whether Zalo takes a file of this name and size."""
    kind = kind_of(name)
    limit = PICTURE_LIMIT if kind is Kind.PICTURE else FILE_LIMIT
    return kind is not None and 0 < size <= limit


class OaFiles:
    """Brings the files of one account to Zalo. `store`: where those are that messages carry by number."""

    def __init__(
        self,
        api: OaApi,
        *,
        clock: Clock,
        store: StoredFiles | None = None,
        addresses: FileAddresses | None = None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._store = store
        self._addresses = addresses
        self._sizes: dict[int, int] = {}  # number → bytes
        self._tokens: dict[tuple[int, Kind], tuple[str, datetime]] = {}  # what Zalo has, until when

    async def pages(
        self, reply: Reply, capabilities: Capabilities, *, unasked: bool = False
    ) -> Sequence[Page]:
        """The pages of a reply, with the files that Zalo takes and addresses of the others.

        Raises Refused for a file that isn't kept any more, NotSent for one that can't be read now.
        """
        carried = {id(file) for file in reply.files if await self._is_carried(file)}

        def carries(file: File) -> bool:
            return id(file) in carried

        try:
            found = await addresses_of(reply, self._addresses, carries)
        except DatabaseUnavailable as exc:
            raise NotSent(_UNREAD.format(exc.message), network=False) from None
        return pages(reply, capabilities, addresses=found, unasked=unasked, carries=carries)

    async def address(self, file: File) -> str:
        """Where a file can be fetched that Zalo wouldn't take after all, "" for nowhere. Raises NotSent."""
        try:
            return (await self._addresses.address(file) if self._addresses else None) or ""
        except DatabaseUnavailable as exc:
            raise NotSent(_UNREAD.format(exc.message), network=False) from None

    async def send(self, chat: str, file: File, *, group: bool) -> str:
        """Send a file that `pages` has found to be carried; the message's id. Raises CallEnded."""
        token = await self._brought(file)
        if kind_of(file.name) is Kind.PICTURE:
            return await self._api.send_picture(chat, token, group=group)
        return await self._api.send_file(chat, token, group=group)

    async def _is_carried(self, file: File) -> bool:
        if kind_of(file.name) is None:
            return False
        if file.stored and file.stored not in self._sizes:
            self._sizes[file.stored] = len(await self._content(file))
        return takes(file.name, self._sizes[file.stored] if file.stored else len(file.content))

    async def _brought(self, file: File) -> str:
        """What Zalo calls a file, uploaded unless it was some days ago."""
        kind = kind_of(file.name) or Kind.FILE
        key, now = (file.stored, kind), self._clock.now()
        known, until = self._tokens.get(key, ("", now))
        if file.stored and known and now < until:
            return known
        upload = Upload(name=file.name, media_type=_media_type(file), content=await self._content(file))
        if kind is Kind.PICTURE:
            token = await self._api.upload_picture(upload)
        else:
            token = await self._api.upload_file(upload)
        if file.stored:
            if len(self._tokens) >= _MOST_KEPT:
                self._tokens.clear()
            self._tokens[key] = token, now + _KEPT
        return token

    async def _content(self, file: File) -> bytes:
        if not file.stored:
            return file.content
        try:
            content = await self._store.content(file.stored) if self._store else None
        except DatabaseUnavailable as exc:
            raise NotSent(_UNREAD.format(exc.message), network=False) from None
        if content is None:
            raise Refused(_GONE.format(file.name))
        return content


def _media_type(file: File) -> str:
    return _PICTURES.get(file.name.rpartition(".")[2].lower(), file.media_type)
