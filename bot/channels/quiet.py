"""Keeps what httpx says of its requests to Zalo out of the log."""

from __future__ import annotations

import logging

_TALKATIVE = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.proxy")


class _Hush(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


_hush = _Hush()


def hush_libraries() -> None:
    """Keep addresses with a bot's token or people's ids, and whatever goes over the wire, out of the log.

    A filter rather than a level, which whoever configures logging may set otherwise.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_hush)
