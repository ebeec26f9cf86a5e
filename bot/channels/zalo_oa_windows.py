"""What may be said to a person now, by when they wrote last, what it is for and what the office pays for."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from office.contacts import Window
from scheduler.ration import Purpose

Billed = Literal["none", "deadlines", "all"]

_ASK_TO_WRITE = "Nhờ người ấy nhắn OA một tin, hoặc gửi qua kênh khác."
_WHY = {
    Window.CLOSED: f"Người nhận chưa nhắn OA trong 7 ngày nên Zalo không cho gửi. {_ASK_TO_WRITE}",
    Window.BILLED: (
        "Người nhận nhắn OA lần cuối đã hơn 48 giờ nên gửi lúc này mất phí, mà cơ quan không đặt chi phí cho "
        f"loại tin này. {_ASK_TO_WRITE}"
    ),
}


class Way(StrEnum):
    """How something reaches a person."""

    MESSAGE = "message"
    TEMPLATE = "template"  # a template message, which needs no window
    NONE = "none"  # Zalo would refuse it, or it would cost what it must not


def way(window: Window, purpose: Purpose, *, billed: Billed, template: bool) -> Way:
    """How a message for this may go. `template`: the office has one for deadlines."""
    if window is Window.FREE or (window is Window.BILLED and _paid_for(purpose, billed)):
        return Way.MESSAGE
    return Way.TEMPLATE if template and purpose is Purpose.DEADLINE else Way.NONE


def why_not(window: Window) -> str:
    """Why nothing may go, for whoever wanted it sent."""
    return _WHY[window]


def _paid_for(purpose: Purpose, billed: Billed) -> bool:
    return billed == "all" or (billed == "deadlines" and purpose is Purpose.DEADLINE)
