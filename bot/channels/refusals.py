"""Events that were refused because their signature or secret was wrong: counted, logged now and then, said as
long as none was accepted since. Otherwise a wrong key would go unnoticed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from office.clock import Clock
from office.messages import ChannelState

EVERY = timedelta(minutes=10)  # between lines in the log

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an event proves with that it comes from the platform. `variable`: the setting that it is checked
    by; `mend`: what to do when it is wrong, a sentence."""

    name: str
    variable: str
    mend: str


OA_SIGNATURE = Proof(
    name="Chữ ký webhook Zalo OA",
    variable="XINLUON_ZALO_OA_WEBHOOK_SECRET",
    mend="Chép lại OA Secret Key ở trang Webhook của ứng dụng vào XINLUON_ZALO_OA_WEBHOOK_SECRET rồi khởi "
    "động lại chương trình; vẫn vậy thì xem lại app_id và khoá bí mật của ứng dụng (docs/zalo.md, «Thử "
    "trước», số 2).",
)
BOT_SECRET = Proof(
    name="Chuỗi bí mật webhook Zalo Bot",
    variable="XINLUON_ZALO_BOT_WEBHOOK_SECRET",
    mend="Khởi động lại chương trình để Zalo nhận chuỗi trong XINLUON_ZALO_BOT_WEBHOOK_SECRET; vẫn vậy thì "
    "một chương trình khác đang dùng token này.",
)


class Refusals:
    """Of one account's webhook; `changed` is called when `trouble` has."""

    def __init__(
        self, state: ChannelState, clock: Clock, proof: Proof, *, changed: Callable[[], None]
    ) -> None:
        self._facts = state.facts
        self._clock = clock
        self._proof = proof
        self._changed = changed
        self._refused = 0  # since one was accepted
        self._logged_at: datetime | None = None

    @property
    def trouble(self) -> str:
        """What is wrong and what to do, for people; "" while events are accepted."""
        return (
            f"{self._told()} và chưa nhận được sự kiện nào từ đó. {self._proof.mend}" if self._refused else ""
        )

    def refused(self) -> None:
        """An event came that can't be trusted."""
        now = self._clock.now()
        self._refused += 1
        self._facts["bad_signatures"] = int(self._facts.get("bad_signatures", 0)) + 1
        self._facts["last_bad_signature"] = now.isoformat(timespec="milliseconds")
        if self._logged_at is None or now - self._logged_at >= EVERY:
            self._logged_at = now
            _log.warning("%s; kiểm tra %s", self._told(), self._proof.variable)
        self._changed()

    def accepted(self) -> None:
        """An event came that can be trusted."""
        self._facts["last_good_signature"] = self._clock.now().isoformat(timespec="milliseconds")
        if self._refused:
            self._refused = 0
            self._changed()

    def _told(self) -> str:
        return f"{self._proof.name} sai: {self._refused} sự kiện bị từ chối"


def is_unheard(facts: Mapping[str, Any]) -> bool:
    """Whether a channel that is called, as /healthz tells of it, is up and has not been since it runs."""
    heard = ("last_event", "last_good_signature", "last_bad_signature")
    return bool(facts.get("up")) and not any(facts.get(name) for name in heard)


def is_deaf(facts: Mapping[str, Any]) -> bool:
    """Whether a channel, as /healthz tells of it, refused events and has accepted none since."""
    refused, accepted = facts.get("last_bad_signature"), facts.get("last_good_signature")
    return bool(refused) and str(refused) > str(accepted or "")
