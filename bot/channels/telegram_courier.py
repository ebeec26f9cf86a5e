"""What lanes send through Telegram: one message, one attempt, and an honest word on what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.channels.telegram_events import NAME
from bot.channels.telegram_render import Draft
from bot.channels.telegram_sending import Floods, NoGate
from bot.channels.telegram_steps import Step, adapted, call, steps_of
from bot.channels.telegram_updates import Address
from bot.channels.telegram_wire import Flood, Garbled, Lost, NotSent, Unauthorized
from office.messages import ChatAddress
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

_NOT_OPEN = "Chưa kết nối được tới Telegram."
_UNREACHED = "Không kết nối được tới Telegram ({})."
_WRONG_TOKEN = "Telegram không nhận token của bot."  # noqa: S105 (says it, is none)
_LOST = "Mất kết nối với Telegram khi đang gửi ({})."
_UNKNOWN = "Lỗi lạ khi gửi qua Telegram ({})."
_TOO_LONG = "Nội dung dài hơn một tin nhắn Telegram. Báo bộ phận kỹ thuật."
_REFUSED = "Telegram từ chối tin này: {}"
_NO_ADDRESS = "Mã cuộc trò chuyện «{}» không phải của Telegram. Nối lại nhóm hoặc tài khoản này."
_FILE_LEFT = "Phần chữ đã tới nhưng tệp «{}» chưa gửi được ({}). Gửi lại tệp bằng cách khác."

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
    ) -> None:
        """`gate` paces what a delivery sends beside its first message, which the lane itself has counted."""
        self.account = account
        self._bot = bot
        self._gate = gate or NoGate()
        self._floods = floods or Floods()

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try once: the message, then its files. See scheduler.courier.Courier."""
        bot = self._bot()
        if bot is None:
            return Retry(reason=_NOT_OPEN, network=True)
        address = _address(parcel.to)
        if address is None:
            return Failed(reason=_NO_ADDRESS.format(parcel.to.chat), unreachable=True)
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
        for step in files:
            await self._gate.enter(str(step.address.chat), group=step.address.chat < 0)
            outcome = await self._try(bot, step)
            if isinstance(outcome, Sent):
                continue
            name = "" if isinstance(step.content, Draft) else step.content.name
            if isinstance(outcome, Failed):
                return Failed(reason=_FILE_LEFT.format(name, outcome.reason), unreachable=outcome.unreachable)
            if isinstance(outcome, Paused):
                self._gate.flooded(str(step.address.chat), outcome.seconds, account=outcome.account)
            return Uncertain(reason=_FILE_LEFT.format(name, getattr(outcome, "reason", _UNKNOWN.format(""))))
        return sent

    async def _try(self, bot: Bot, step: Step) -> Outcome:
        """One call; again only without what Telegram has refused, of which nothing was sent."""
        while True:
            chat = step.address.chat
            try:
                message = await call(bot, step, chat)
            except ChatMigrated as moved:
                return Moved(chat=str(moved.new_chat_id))
            except BadRequest as refused:
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
            case NotSent():
                return Retry(reason=_UNREACHED.format(error.message), network=True)
            case Lost():
                return Uncertain(reason=_LOST.format(error.message))
            case NetworkError():  # the library's own: whatever broke inside of it
                return Uncertain(reason=_UNKNOWN.format(type(error.__cause__ or error).__name__))
            case _:
                return Failed(reason=_REFUSED.format(error.message))


def account_of(token: str) -> str:
    """The bot's id, which every token begins with; "" when it isn't a token."""
    number, colon, _ = token.partition(":")
    return number if colon and number.isdecimal() else ""


def _address(to: ChatAddress) -> Address | None:
    try:
        return Address(chat=int(to.chat), topic=int(to.topic) if to.topic else None)
    except ValueError:
        return None


def _refused(error: BadRequest) -> Failed:
    reason = _unreachable(error.message)
    return Failed(reason=reason or _REFUSED.format(error.message), unreachable=bool(reason))


def _unreachable(refusal: str) -> str:
    """Why nothing gets through to a chat, "" when that isn't what Telegram says."""
    refusal = refusal.lower()
    return next((reason for words, reason in _UNREACHABLE if words in refusal), "")
