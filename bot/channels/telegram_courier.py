"""What lanes send, edit and delete through Telegram: one attempt, and an honest word on what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.channels.telegram_events import NAME
from bot.channels.telegram_files import FileGone, Files, FileUnread, StillUploading
from bot.channels.telegram_render import Draft, render
from bot.channels.telegram_sending import Floods, NoGate
from bot.channels.telegram_steps import Removal, Step, adapted, call, steps_of
from bot.channels.telegram_updates import Address
from bot.channels.telegram_wire import Flood, Garbled, Lost, NotSent, Unauthorized
from office.deliveries import Act
from office.messages import ChatAddress, File
from scheduler.courier import (
    Courier,
    Failed,
    Gate,
    Moved,
    Outcome,
    Parcel,
    Paused,
    Retry,
    Sent,
    Uncertain,
)

_log = logging.getLogger(__name__)

_ID_LIMIT = 128  # characters of the numbers of a message and its files

_NOT_OPEN = "Chưa kết nối được tới Telegram."
_UNREACHED = "Không kết nối được tới Telegram ({})."
_WRONG_TOKEN = "Telegram không nhận token của bot."  # noqa: S105 (says it, is none)
_LOST = "Mất kết nối với Telegram khi đang gửi ({})."
_UNKNOWN = "Lỗi lạ khi gửi qua Telegram ({})."
_TOO_LONG = "Nội dung dài hơn một tin nhắn Telegram. Báo bộ phận kỹ thuật."
_REFUSED = "Telegram từ chối tin này: {}"
_NO_ADDRESS = "Mã cuộc trò chuyện «{}» không phải của Telegram. Nối lại nhóm hoặc tài khoản này."
_FILE_GONE = "Tệp «{}» không còn được lưu nên chưa gửi. Đính kèm lại tệp rồi gửi lại."
_FILE_UNREAD = "Chưa đọc được tệp đính kèm ({})."
_FILE_BUSY = "Tệp đính kèm đang được tải lên Telegram, tin sẽ gửi ngay sau đó."
_FILE_LEFT = "Phần chữ đã tới nhưng tệp «{}» chưa gửi được ({}). Gửi lại tệp bằng cách khác."
_NOT_FOUND = "Không tìm thấy tin cũ trong cuộc trò chuyện. Gửi tin đính chính."
_TOO_OLD = "Telegram không cho sửa hay thu hồi tin này nữa. Gửi tin đính chính."
_EDIT_TOO_LONG = "Nội dung mới dài hơn một tin nhắn Telegram. Gửi tin đính chính."

_BLOCKED = "Người nhận đã chặn bot. Nhờ người ấy mở lại cuộc trò chuyện với bot rồi gửi lại."
_DEACTIVATED = "Tài khoản Telegram của người nhận không còn hoạt động. Nối tài khoản khác."
_NEVER_WROTE = "Người nhận chưa bắt đầu trò chuyện với bot. Nhờ người ấy mở bot và bấm Bắt đầu."
_KICKED = "Bot đã bị đưa ra khỏi nhóm. Thêm lại bot vào nhóm rồi gửi lại."
_MUTED = "Bot không được phép gửi tin trong nhóm. Nhờ quản trị nhóm cho bot gửi tin."
_NO_CHAT = "Telegram không tìm thấy cuộc trò chuyện này. Nối lại nhóm hoặc tài khoản rồi gửi lại."
_DELETED = "Nhóm đã bị xoá. Ngừng dùng nhóm này."
_FORBIDDEN = "Telegram không cho gửi tới cuộc trò chuyện này. Kiểm tra bot còn trong nhóm không."

# What Telegram says → what people read; the first that is found counts. All mean: nothing gets through.
_UNREACHABLE = (
    ("blocked by the user", _BLOCKED),
    ("user is deactivated", _DEACTIVATED),
    ("can't initiate conversation", _NEVER_WROTE),
    ("chat was deleted", _DELETED),
    ("kicked", _KICKED),
    ("not a member", _KICKED),
    ("not enough rights to send text", _MUTED),
    ("have no rights to send", _MUTED),
    ("need administrator rights", _MUTED),
    ("chat_write_forbidden", _MUTED),
    ("chat_restricted", _MUTED),
    ("chat not found", _NO_CHAT),
    ("peer_id_invalid", _NO_CHAT),
    ("user not found", _NO_CHAT),
    ("group is deactivated", _DELETED),
)
# The same of a message that was to be edited or deleted. In a chat it can't be, others can be sent.
_UNCHANGEABLE = (
    ("message to edit not found", _NOT_FOUND),
    ("message to delete not found", _NOT_FOUND),
    ("message_id_invalid", _NOT_FOUND),
    ("message can't be edited", _TOO_OLD),
    ("message can't be deleted", _TOO_OLD),
)


class TelegramCourier(Courier):
    """One bot's way for what is unasked. `bot` gives None while there is no connection."""

    channel = NAME

    def __init__(
        self,
        bot: Callable[[], Bot | None],
        *,
        account: str,
        gate: Gate | None = None,
        floods: Floods | None = None,
        files: Files | None = None,
    ) -> None:
        """`gate` paces what a delivery sends beside its first message, which the lane itself has counted."""
        self.account = account
        self._bot = bot
        self._gate = gate or NoGate()
        self._floods = floods or Floods()
        self._files = files or Files()
        self._doubted: set[int] = set()  # deliveries whose deletions may have been done

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try once: the message, then its files; or to edit or delete. See scheduler.courier.Courier."""
        bot = self._bot()
        if bot is None:
            return Retry(reason=_NOT_OPEN, network=True)
        address = _address(parcel.to)
        if address is None:
            return Failed(reason=_NO_ADDRESS.format(parcel.to.chat), unreachable=True)
        if parcel.act is not Act.SEND:
            return await self._change(bot, parcel, address)
        try:
            uploads = await self._files.reserve(parcel.reply.files)
        except FileGone as gone:
            return Failed(reason=_FILE_GONE.format(gone.message))
        except FileUnread as unread:
            return Retry(reason=_FILE_UNREAD.format(unread.message))
        except StillUploading:
            return Retry(reason=_FILE_BUSY)
        try:
            return await self._send(bot, parcel, address)
        finally:
            self._files.release(uploads)

    async def _send(self, bot: Bot, parcel: Parcel, address: Address) -> Outcome:
        message, *files = steps_of((parcel.reply,), address)
        if any(isinstance(step.content, Draft) for step in files):
            _log.error("Lượt gửi %d dài hơn một tin nhắn", parcel.id)
            return Failed(reason=_TOO_LONG)
        outcome = await self._try(bot, message)
        if isinstance(outcome, Sent):
            return await self._send_files(bot, files, outcome)
        return outcome

    async def _send_files(self, bot: Bot, files: list[Step], sent: Sent) -> Outcome:
        """The rest of a message that has arrived: where it fails, the message must not go again by itself."""
        numbers = [sent.message_id]
        for step in files:
            await self._enter(step.address)
            outcome = await self._try(bot, step)
            if isinstance(outcome, Sent):
                numbers.append(outcome.message_id)
                continue
            name = step.content.name if isinstance(step.content, File) else ""
            if isinstance(outcome, Failed):
                return Failed(reason=_FILE_LEFT.format(name, outcome.reason), unreachable=outcome.unreachable)
            if isinstance(outcome, Paused):
                self._gate.flooded(str(step.address.chat), outcome.seconds, account=outcome.account)
            return Uncertain(reason=_FILE_LEFT.format(name, getattr(outcome, "reason", _UNKNOWN.format(""))))
        together = " ".join(numbers)
        return Sent(message_id=together if all(numbers) and len(together) <= _ID_LIMIT else "")

    async def _enter(self, address: Address) -> None:
        await self._gate.enter(str(address.chat), group=address.chat < 0)

    async def _change(self, bot: Bot, parcel: Parcel, address: Address) -> Outcome:
        """Edit or delete a message. What may have been done is simply tried again: twice does no harm."""
        numbers = [int(number) for number in parcel.target.split() if number.isdecimal()]
        if not numbers:  # Telegram's answer to the sending could not be read
            return Failed(reason=_NOT_FOUND, gone=True)
        if parcel.act is Act.EDIT:
            outcome = await self._edit(bot, parcel, address, numbers[0])
        else:
            outcome = await self._delete(bot, parcel, address, numbers)
        if isinstance(outcome, Sent | Failed):
            self._doubted.discard(parcel.id)
        return outcome

    async def _edit(self, bot: Bot, parcel: Parcel, address: Address, number: int) -> Outcome:
        draft, *more = render(parcel.reply)
        if more:
            return Failed(reason=_EDIT_TOO_LONG, gone=True)
        step = Step(content=draft, address=address, edits=number, fixed=True)
        return self._changed(parcel, await self._try(bot, step))

    async def _delete(self, bot: Bot, parcel: Parcel, address: Address, numbers: Sequence[int]) -> Outcome:
        """A message and its files, as far as that goes; what is left of them asks for a correction."""
        left: Outcome | None = None
        for at, number in enumerate(numbers):
            if at:
                await self._enter(address)
            step = Step(content=Removal(number), address=address)
            outcome = self._changed(parcel, await self._try(bot, step))
            if isinstance(outcome, Failed) and outcome.gone:
                left = left or outcome
            elif not isinstance(outcome, Sent):
                if at:  # when the others are tried again, the first will not be found
                    self._doubted.add(parcel.id)
                return outcome
        return left or Sent(message_id=parcel.target)

    def _changed(self, parcel: Parcel, outcome: Outcome) -> Outcome:
        match outcome:
            case Sent():
                return Sent(message_id=parcel.target)
            case Uncertain(reason=reason):
                if parcel.act is Act.DELETE:
                    self._doubted.add(parcel.id)
                return Retry(reason=reason)
            case Failed(reason=reason) if reason == _NOT_FOUND and parcel.id in self._doubted:
                return Sent(message_id=parcel.target)
            case Failed(reason=reason, unreachable=False):
                return Failed(reason=reason, gone=True)
        return outcome

    async def _try(self, bot: Bot, step: Step) -> Outcome:
        """One call; again only without what Telegram has refused, of which nothing was sent."""
        while True:
            chat = step.address.chat
            try:
                message = await call(bot, step, chat, self._files)
            except ChatMigrated as moved:
                return Moved(chat=str(moved.new_chat_id))
            except FileGone as gone:
                return Failed(reason=_FILE_GONE.format(gone.message))
            except BadRequest as refused:
                if step.edits is not None and "message is not modified" in refused.message.lower():
                    return Sent(message_id="")
                simpler = adapted(step, refused.message)
                if simpler is None or _unreachable(refused.message):
                    return _refused(refused)
                step = simpler
            except TelegramError as error:
                return self._failed(error, chat)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                # Raised by what reads the answer: Telegram has taken the message.
                _log.warning("Không đọc được phản hồi của Telegram (%s)", type(error).__name__)
                return Sent(message_id="")
            else:
                return Sent(message_id=str(message.message_id) if not isinstance(message, bool) else "")

    def _failed(self, error: TelegramError, chat: int) -> Outcome:
        now = asyncio.get_running_loop().time()
        match error:
            case Flood(retry_after=seconds):
                return Paused(seconds=seconds, account=self._floods.account(chat, now=now))
            case Garbled():
                return Sent(message_id="")
            case Forbidden():
                return Failed(reason=_unreachable(error.message) or _FORBIDDEN, unreachable=True)
            case Unauthorized():
                return Retry(reason=_WRONG_TOKEN, network=True)
            case FileUnread():
                return Retry(reason=_FILE_UNREAD.format(error.message))
            case NotSent():
                return Retry(reason=_UNREACHED.format(error.message), network=True)
            case Lost():
                return Uncertain(reason=_LOST.format(error.message))
            case NetworkError():  # the library's own: whatever broke inside of it
                return Uncertain(reason=_UNKNOWN.format(type(error.__cause__ or error).__name__))
            case _:
                return Failed(reason=_REFUSED.format(error.message))


def _address(to: ChatAddress) -> Address | None:
    try:
        return Address(chat=int(to.chat), topic=int(to.topic) if to.topic else None)
    except ValueError:
        return None


def _refused(error: BadRequest) -> Failed:
    reason = _unreachable(error.message)
    other = _said(error.message, _UNCHANGEABLE) or _REFUSED.format(error.message)
    return Failed(reason=reason or other, unreachable=bool(reason))


def _unreachable(refusal: str) -> str:
    """Why nothing gets through to a chat, "" when that isn't what Telegram says."""
    return _said(refusal, _UNREACHABLE)


def _said(refusal: str, meanings: Sequence[tuple[str, str]]) -> str:
    refusal = refusal.lower()
    return next((reason for words, reason in meanings if words in refusal), "")
