"""Logging: lines for people on a terminal, JSON elsewhere; no secrets, no words of citizens at INFO."""

from __future__ import annotations

import logging
import sys

import structlog

from office.settings import Log

_QUIET = (
    "apscheduler",
    "matplotlib",
    "httpx",
    "httpcore",
    "telegram",
    "uvicorn",
    "uvicorn.error",
    "alembic",
    "asyncio",
)


def set_up_logs(settings: Log) -> None:
    """Configure structlog and the standard library's loggers, to standard error."""
    as_json = not sys.stderr.isatty() if settings.as_json == "auto" else settings.as_json
    level = getattr(logging, settings.level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if as_json else structlog.processors.UnicodeDecoder(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        # The pretty traceback shows local variables, and with them what citizens wrote.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=renderer)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        # httpx writes addresses with the bot's token at INFO.
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
