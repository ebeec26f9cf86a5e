"""What lanes send through a Zalo bot: one attempt, and an honest word on what became of it.

The platform neither edits nor takes back, and knows a message sent twice no more than we do: what may have
arrived is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.base import FileAddresses
from bot.channels.plain_text import Page
from bot.channels.zalo_bot_events import NAME
from bot.channels.zalo_bot_pages import pages_of
from bot.channels.zalo_bot_speaking import Speaker
from bot.channels.zalo_calls import CallEnded, NotSent, Refused, TooFast, WrongToken
from office.database import DatabaseUnavailable
from office.deliveries import Act
from scheduler.courier import Courier, Failed, Gate, Outcome, Parcel, Paused, Retry, Sent, Uncertain
from scheduler.ration import Purpose, Ration, purpose_of

_ID_LIMIT = 128  # characters of the ids of a message's parts

_UNCHANGEABLE = "Zalo Bot không sửa hay thu hồi được tin đã gửi. Gửi tin đính chính."
_NO_DATABASE = "Chưa đọc được hạn mức tin của tháng ({})."
_PART_LEFT = "Mới tới {} trong {} phần của tin, phần sau chưa gửi được. {} Gửi nốt phần còn lại."


class ZaloBotCourier(Courier):
    """One bot's way for what is unasked."""

    channel = NAME

    def __init__(
        self,
        speaker: Speaker,
        *,
        account: str,
        ration: Ration,
        gate: Gate,
        addresses: FileAddresses | None = None,
    ) -> None:
        """`gate` paces the parts of a message after its first, which the lane itself has counted."""
        self.account = account
        self._speaker = speaker
        self._ration = ration
        self._gate = gate
        self._addresses = addresses

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try once; see scheduler.courier.Courier."""
        if parcel.act is not Act.SEND:
            return Failed(reason=_UNCHANGEABLE, gone=True)
        purpose = purpose_of(parcel)
        try:
            refusal = await self._ration.refusal(purpose)
            pages = () if refusal else await self._pages(parcel)
        except DatabaseUnavailable as unavailable:
            return Retry(reason=_NO_DATABASE.format(unavailable.message))
        return Failed(reason=refusal) if refusal else await self._send(parcel, pages, purpose)

    async def _pages(self, parcel: Parcel) -> Sequence[Page]:
        return await pages_of(parcel.reply, self._addresses, unasked=True, group=parcel.to.group)

    async def _send(self, parcel: Parcel, pages: Sequence[Page], purpose: Purpose) -> Outcome:
        """The parts in order. Once the first has arrived, the message must not go again by itself."""
        chat, ids = parcel.to.chat, list[str]()
        for page in pages:
            if ids:
                await self._gate.enter(chat, group=parcel.to.group)
            try:
                ids.append(await self._speaker.say(chat, page, purpose))
            except CallEnded as ended:
                if not ids:
                    return _outcome(ended)
                if isinstance(ended, TooFast):
                    self._gate.flooded(chat, ended.seconds, account=ended.account)
                return Uncertain(reason=_PART_LEFT.format(len(ids), len(pages), _sentence(ended.reason)))
        together = " ".join(ids)
        return Sent(message_id=together if all(ids) and len(together) <= _ID_LIMIT else ids[0])


def _outcome(ended: CallEnded) -> Outcome:
    """What a lane makes of a call that brought no good answer."""
    match ended:
        case TooFast(seconds=seconds, account=account):
            return Paused(seconds=seconds, account=account)
        case WrongToken():  # the channel says so itself; what waits goes when that is mended
            return Retry(reason=ended.reason, network=True)
        case NotSent(network=network):
            return Retry(reason=ended.reason, network=network)
        case Refused(unreachable=unreachable):
            return Failed(reason=ended.reason, unreachable=unreachable)
    return Uncertain(reason=ended.reason)  # Lost


def _sentence(reason: str) -> str:
    return reason if reason.endswith(".") else f"{reason}."
