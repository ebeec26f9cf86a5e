"""What the checks go by: the settings, the database where it can be read, the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.orm import Session, sessionmaker

from office.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """One office. `readers`: None where the database can't be read, `made`: whether there is one
    at all; `hash_key`: None where there is none."""

    settings: Settings
    now: datetime
    readers: sessionmaker[Session] | None = None
    hash_key: bytes | None = None
    made: bool = True


def file_of(settings: Settings) -> Path | None:
    """The SQLite file; None for a server's database."""
    url = make_url(settings.database.url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def server_of(url: str) -> str:
    """A server's name and port, without the rest of an address, which may hold a secret."""
    return urlsplit(url).netloc.rpartition("@")[2]


def has_tail(base_url: str) -> bool:
    """Whether a bot server's address ends with what the program adds itself."""
    return base_url.rstrip("/").endswith("/bot")
