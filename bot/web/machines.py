"""What other programs ask for: monitoring, and the calendars that follow a department's deadlines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.web.guard import is_from_this_machine

Health = Callable[[], tuple[bool, dict[str, Any]]]

log = structlog.get_logger(__name__)


class Machines:
    """The addresses that programs ask."""

    def __init__(
        self,
        *,
        health: Health,
        metrics: Callable[[], bytes],
        calendar_feed: Callable[[str], bytes | None],
    ) -> None:
        self._health = health
        self._metrics = metrics
        self._calendar_feed = calendar_feed

    def routes(self) -> list[Route]:
        """Health for everybody, metrics for this machine, calendars for who knows their secret."""
        return [
            Route("/healthz", self.healthz),
            Route("/metrics", self.metrics),
            Route("/lich/{token}.ics", self.calendar),
        ]

    async def calendar(self, request: Request) -> Response:
        """A department's deadlines as iCalendar; 404 for an unknown secret."""
        body = await run_in_threadpool(self._calendar_feed, request.path_params["token"][:200])
        if body is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "private, max-age=300"}
        return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)

    async def healthz(self, request: Request) -> Response:
        """200 when all is well, 503 when not, with the particulars."""
        try:
            is_well, facts = await run_in_threadpool(self._health)
        except Exception:
            log.exception("health_check_failed")
            is_well, facts = False, {}
        return JSONResponse(facts, 200 if is_well else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus's text, only for a program on this machine that asks directly."""
        if not is_from_this_machine(request):
            raise HTTPException(404)
        return Response(await run_in_threadpool(self._metrics), media_type="text/plain; version=0.0.4")
