"""What lanes send through an Official Account: one attempt, never one that Zalo would refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.channels.plain_text import Page
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast, WrongToken
from bot.channels.zalo_oa_api import OaApi
from bot.channels.zalo_oa_errors import shuts_window
from bot.channels.zalo_oa_files import OaFiles
from bot.channels.zalo_oa_people import OaPeople
from bot.channels.zalo_oa_sending import OaMouth
from bot.channels.zalo_oa_templates import Pings
from bot.channels.zalo_oa_windows import Billed, Way, way, why_not
from office.channel_names import ZALO_OA
from office.contacts import Window
from office.database import DatabaseUnavailable
from office.deliveries import Act
from scheduler.courier import Courier, Failed, Gate, Outcome, Parcel, Paused, Retry, Sent, Uncertain
from scheduler.ration import purpose_of

_ID_LIMIT = 128  # characters of the numbers of a message and its files

_NOT_OPEN = "Chưa kết nối được tới Zalo."
_FIXED = "Zalo không cho sửa hay thu hồi tin đã gửi. Gửi tin đính chính."
_NO_WORK = "Nhiệm vụ của tin này không còn trong hệ thống nên không điền được mẫu tin. Gửi qua kênh khác."
_REST_LEFT = "Phần đầu của tin đã tới, phần sau chưa gửi được ({}). Gửi lại phần còn thiếu bằng cách khác."


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What an open connection to Zalo consists of."""

    api: OaApi
    files: OaFiles
    mouth: OaMouth


class _Shut(Exception):
    """The window has closed; `reason` says so."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OaCourier(Courier):
    """One account's way for what is unasked. `line` gives None while there is no connection."""

    channel = ZALO_OA

    def __init__(
        self,
        line: Callable[[], Line | None],
        *,
        account: str,
        gate: Gate,
        people: OaPeople,
        pings: Pings,
        billed: Billed,
    ) -> None:
        """`gate` paces what a delivery sends beside its first message, which the lane itself has counted."""
        self.account = account
        self._line = line
        self._gate = gate
        self._people = people
        self._pings = pings
        self._billed: Billed = billed

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try once. See scheduler.courier.Courier."""
        if parcel.act is not Act.SEND:
            return Failed(reason=_FIXED, gone=True)
        line = self._line()
        if line is None:
            return Retry(reason=_NOT_OPEN, network=True)
        if parcel.to.group:
            return await self._send(line, parcel)
        try:
            window = await asyncio.to_thread(self._people.window, parcel.to.chat)
            return await self._to_person(line, parcel, window)
        except DatabaseUnavailable as exc:
            return Retry(reason=exc.message)

    async def _to_person(self, line: Line, parcel: Parcel, window: Window) -> Outcome:
        purpose, template = purpose_of(parcel), bool(self._pings.id)
        chosen = way(window, purpose, billed=self._billed, template=template)
        if chosen is Way.MESSAGE:
            try:
                return await self._send(line, parcel)
            except _Shut as shut:  # later than we thought
                chosen = way(Window.CLOSED, purpose, billed=self._billed, template=template)
                reason = shut.reason
        else:
            reason = why_not(window)
        if chosen is not Way.TEMPLATE:
            return Failed(reason=reason)
        data = await asyncio.to_thread(self._pings.data, parcel)
        if data is None:
            return Failed(reason=_NO_WORK)
        return await _ended(line.api.send_template(parcel.to.chat, self._pings.id, data))

    async def _send(self, line: Line, parcel: Parcel) -> Outcome:
        """Raises _Shut where Zalo takes nothing for this person, and nothing has arrived."""
        try:
            capabilities = line.mouth.capabilities(group=parcel.to.group)
            first, *rest = await line.files.pages(parcel.reply, capabilities, unasked=True)
            number = await self._say(line, parcel, first)
        except Refused as refused:
            if shuts_window(refused.code) and not parcel.to.group:
                raise _Shut(refused.reason) from None
            return outcome_of(refused)
        except CallEnded as ended:
            return outcome_of(ended)
        return await self._say_rest(line, parcel, rest, number)

    async def _say_rest(self, line: Line, parcel: Parcel, rest: Sequence[Page], first: str) -> Outcome:
        """What follows a message that has arrived; where it fails, that must not go again by itself."""
        numbers = [first]
        for page in rest:
            await self._gate.enter(parcel.to.chat, group=parcel.to.group)
            outcome = await _ended(self._say(line, parcel, page))
            match outcome:
                case Sent(message_id=number):
                    numbers.append(number)
                case Failed(reason=reason, unreachable=unreachable):
                    return Failed(reason=_REST_LEFT.format(reason.rstrip(".")), unreachable=unreachable)
                case Paused(seconds=seconds, account=account):
                    self._gate.flooded(parcel.to.chat, seconds, account=account)
                    return Uncertain(reason=_REST_LEFT.format("Zalo yêu cầu gửi chậm lại"))
                case _:
                    reason = getattr(outcome, "reason", "")
                    return Uncertain(reason=_REST_LEFT.format(reason.rstrip(".")))
        together = " ".join(numbers)
        return Sent(message_id=together if all(numbers) and len(together) <= _ID_LIMIT else "")

    async def _say(self, line: Line, parcel: Parcel, page: Page) -> str:
        return await line.mouth.say(parcel.to.chat, page, group=parcel.to.group, unasked=True)


async def _ended(call: Awaitable[str]) -> Outcome:
    """How a call has ended, for the lane."""
    try:
        return Sent(message_id=await call)
    except CallEnded as ended:
        return outcome_of(ended)


def outcome_of(ended: CallEnded) -> Outcome:
    """What a call that brought no good answer means for a delivery."""
    match ended:
        case TooFast(seconds=seconds, account=account):
            return Paused(seconds=seconds, account=account)
        case NotSent(reason=reason, network=network):
            return Retry(reason=reason, network=network)
        case WrongToken(reason=reason):
            return Retry(reason=reason, network=True)
        case Refused(reason=reason, unreachable=unreachable):
            return Failed(reason=reason, unreachable=unreachable)
        case Lost(reason=reason):
            return Uncertain(reason=reason)
    return Uncertain(reason=ended.reason)
