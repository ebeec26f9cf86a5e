"""The tokens of a Zalo Official Account: a pair that replaces itself, each refresh token good for one use."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from office.database import Base, UtcDateTime


class ZaloTokens(Base):
    """The pair in use and the one before it; who refreshes holds `refreshing_until`.

    `trouble`: why somebody must give consent again, "" while the pair is good. `version`: of the API that
    takes this account's messages, "" while that isn't known.
    """

    __tablename__ = "zalo_tokens"

    oa_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    app_id: Mapped[str] = mapped_column(String(64))
    access_token: Mapped[str] = mapped_column(Text)
    refresh_token: Mapped[str] = mapped_column(Text)
    obtained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    access_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refresh_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    former_access_token: Mapped[str] = mapped_column(Text, default="")
    former_refresh_token: Mapped[str] = mapped_column(Text, default="")
    refreshing_by: Mapped[str] = mapped_column(String(64), default="")
    refreshing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[str] = mapped_column(String(8), default="")
