"""What all parts of a Zalo bot stand on."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.base import FileAddresses
from bot.channels.zalo_bot_events import NAME
from bot.channels.zalo_bot_polling import Pace
from office.clock import Clock
from office.privacy import person_hash
from scheduler.courier import Gate
from scheduler.ration import Ration


@dataclass(frozen=True, slots=True, kw_only=True)
class BotGround:
    """One account. `gate`: its pace, which answers and deliveries share; `ration`: its month."""

    account: str
    sessions: sessionmaker[Session]
    clock: Clock
    gate: Gate
    ration: Ration
    addresses: FileAddresses | None
    pace: Pace
    hash_key: bytes = field(repr=False)

    def person(self, sender: str) -> str:
        """The name under which it is kept who wrote."""
        return person_hash(NAME, sender, self.hash_key)
