"""Fetches a file that a person sent to the bot from Telegram."""

from __future__ import annotations

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.channels.base import FileUnavailable

_FILE_NOT_OPEN = "Chưa kết nối được tới Telegram nên chưa tải được tệp. Xin gửi lại sau."
_FILE_TOO_BIG = "Tệp lớn hơn 20 MB nên Telegram không cho bot tải. Xin gửi tệp nhỏ hơn."
_FILE_GONE = "Telegram không còn giữ tệp này. Xin gửi lại tệp."
_FILE_NOT_FETCHED = "Chưa tải được tệp từ Telegram. Xin gửi lại sau ít phút."


async def fetch_file(bot: Bot | None, file_id: str) -> bytes:
    """The content, of 20 MB at most; `bot` is None before it is open. Raises FileUnavailable."""
    reason = _FILE_NOT_OPEN
    if bot is not None:
        try:
            file = await bot.get_file(file_id)
            return bytes(await file.download_as_bytearray())
        except BadRequest as error:
            reason = _FILE_TOO_BIG if "too big" in error.message.lower() else _FILE_GONE
        except (TelegramError, KeyError, TypeError, ValueError, RuntimeError):
            reason = _FILE_NOT_FETCHED
    # Outside of the clause: the error's text may have the address with the token.
    raise FileUnavailable(reason)
