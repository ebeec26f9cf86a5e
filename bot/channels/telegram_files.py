"""Files on their way to Telegram: a content is uploaded once, then sent by Telegram's name of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterable

from telegram import Bot, Message
from telegram.error import BadRequest

from bot.channels.telegram_wire import NotSent
from office.database import DatabaseUnavailable
from office.messages import File
from scheduler.courier import StoredFiles

_PATIENCE = 3.0  # seconds that a message waits for another's upload of the same file
_HANDLE_LIMIT = 300
_SLOWEST = 200_000  # bytes a second of an upload
_TIMEOUT = 20.0
_WRONG_HANDLE = (
    "wrong file identifier",
    "wrong remote file identifier",
    "wrong file_id",
    "can't use file of",
)
_PHOTO = "photo"


class FileGone(BadRequest):
    """The content of a file isn't kept any more. The message is its name."""


class FileUnread(NotSent):
    """The content of a file can't be read now; nothing was sent."""


class StillUploading(Exception):
    """Another message is just bringing the same file to Telegram."""


class Files:
    """Sends the files of one bot. `store`: where the contents are that messages name by number."""

    def __init__(self, store: StoredFiles | None = None, *, patience: float = _PATIENCE) -> None:
        self._store = store
        self._patience = patience
        self._uploads: dict[int, asyncio.Event] = {}  # number → set once its upload has ended

    async def reserve(self, files: Iterable[File]) -> list[int]:
        """Make sure, before a message goes, that its files can follow; returns what it has to upload itself.

        What somebody else uploads is waited for a little, so that a big file isn't uploaded by many at once.
        Raises FileGone, FileUnread, StillUploading. Call `release` in the end.
        """
        wanted = {file.stored: file for file in files if file.stored}
        ours: list[int] = []
        try:
            for number in sorted(wanted):
                if not await self._handle(wanted[number]) and not await self._is_brought(wanted[number]):
                    self._uploads[number] = asyncio.Event()
                    ours.append(number)
        except BaseException:
            self.release(ours)
            raise
        return ours

    def release(self, numbers: Collection[int]) -> None:
        """Whoever waits for these may go on."""
        for number in numbers:
            if (upload := self._uploads.pop(number, None)) is not None:
                upload.set()

    async def send(self, bot: Bot, file: File, *, chat: int, topic: int | None) -> Message:
        """Send a file, by its handle where Telegram knows it. Raises TelegramError."""
        if not file.stored:
            return await _upload(bot, file, file.content, chat=chat, topic=topic)
        handle = await self._handle(file)
        if handle:
            try:
                return await _send(bot, file, handle, chat=chat, topic=topic)
            except BadRequest as refused:
                if not any(words in refused.message.lower() for words in _WRONG_HANDLE):
                    raise
                await self._keep(file, "")
        message = await _upload(bot, file, await self._content(file), chat=chat, topic=topic)
        await self._keep(file, _handle_in(message, file))
        self.release([file.stored])
        return message

    async def _is_brought(self, file: File) -> bool:
        """Wait while others upload a file; whether Telegram has it then."""
        while (upload := self._uploads.get(file.stored)) is not None:
            try:
                async with asyncio.timeout(self._patience):
                    await upload.wait()
            except TimeoutError:
                raise StillUploading from None
            if await self._handle(file):
                return True
        return False

    async def _handle(self, file: File) -> str:
        """What Telegram calls it, "" when it hasn't got it. Raises FileGone, FileUnread."""
        try:
            known = await self._store.handles([file.stored]) if self._store else {}
        except DatabaseUnavailable as exc:
            raise FileUnread(exc.message) from None
        if file.stored not in known:
            raise FileGone(file.name)
        handle = known[file.stored]
        return handle if handle.partition(" ")[0] in _kinds(file) else ""

    async def _content(self, file: File) -> bytes:
        try:
            content = await self._store.content(file.stored) if self._store else None
        except DatabaseUnavailable as exc:
            raise FileUnread(exc.message) from None
        if content is None:
            raise FileGone(file.name)
        return content

    async def _keep(self, file: File, handle: str) -> None:
        if self._store is not None and len(handle) <= _HANDLE_LIMIT:
            await self._store.keep(file.stored, handle)


def _kinds(file: File) -> tuple[str, ...]:
    """The kinds of handle that will do. A document keeps the name it was uploaded with, so another name is
    another kind; a picture that Telegram has refused as such is a document too."""
    document = "document:" + hashlib.sha256(file.name.encode()).hexdigest()[:8]
    return (_PHOTO, document) if file.picture else (document,)


def _handle_in(message: Message, file: File) -> str:
    """What Telegram calls the file of this message, after its kind."""
    if file.picture:
        return f"{_PHOTO} {message.photo[-1].file_id}" if message.photo else ""
    return f"{_kinds(file)[0]} {message.document.file_id}" if message.document else ""


async def _send(bot: Bot, file: File, handle: str, *, chat: int, topic: int | None) -> Message:
    kind, _, file_id = handle.partition(" ")
    send = bot.send_photo if kind == _PHOTO else bot.send_document
    return await send(chat, file_id, message_thread_id=topic)


async def _upload(bot: Bot, file: File, content: bytes, *, chat: int, topic: int | None) -> Message:
    send = bot.send_photo if file.picture else bot.send_document
    timeout = _TIMEOUT + len(content) / _SLOWEST
    return await send(
        chat,
        content,
        filename=file.name,
        message_thread_id=topic,
        write_timeout=timeout,
        read_timeout=timeout,
    )
