"""Takes a request to the console, finds out who asks, runs the page in a thread, answers in the layout.

1. Who asks is known by the session's cookie; roles are read anew each time. Strangers get the page that says
   how to log in, whatever they asked for.
2. What changes something is a POST of our own page (Origin and CSRF token), runs in one transaction, and ends
   with a redirect. What is refused has changed nothing: the page is shown again with the reason.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import anyio
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.web.console import bodies
from bot.web.console.cookies import Cookies, csrf_of
from bot.web.console.entries import Entry, Show
from bot.web.console.live import Step, follow
from bot.web.console.parts import Doorway, Parts
from bot.web.console.render import Renderer
from bot.web.console.visit import ROOT, Answer, Done, Download, Form, Left, Missing, Visit
from office import console_access as access
from office.console_access import Seat
from office.database import DatabaseUnavailable, when_ended
from office.people import person
from office.refusal import Refused
from office.rights import NotAllowed, demand

Endpoint = Callable[[Request], Awaitable[Response]]
Returned = TypeVar("Returned")
STALE = "stale"
THREADS = 8

log = structlog.get_logger(__name__)


class Frame:
    """All pages of the console, for who is logged in."""

    def __init__(self, parts: Parts, doorway: Doorway, renderer: Renderer, entries: Sequence[Entry]) -> None:
        self.parts = parts
        self.doorway = doorway
        self.renderer = renderer
        self.cookies = Cookies(doorway.secure)
        self._entries = entries
        self._threads = anyio.CapacityLimiter(THREADS)

    async def run(self, call: Callable[..., Returned], *arguments: object) -> Returned:
        """Call something in one of the console's own threads: the citizens' are not to wait for them."""
        return await anyio.to_thread.run_sync(partial(call, *arguments), limiter=self._threads)

    def routes(self) -> list[Route]:
        """Every address; anything else below /van-phong is not found."""
        found = [self._route(entry) for entry in self._entries]
        every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        return [*found, Route(f"{ROOT}/{{rest:path}}", self.guarded(self._nowhere), methods=every)]

    def _route(self, entry: Entry) -> Route:
        async def shown(request: Request) -> Response:
            return await self.run(self._show, request, entry)

        async def done(request: Request) -> Response:
            return await self._post(request, entry)

        async def told(request: Request) -> Response:
            return await self._follow(request, entry)

        endpoint = done if entry.act else told if entry.watch else shown
        methods = ["POST"] if entry.act else ["GET"]
        return Route(f"{ROOT}{entry.path}", self.guarded(endpoint), methods=methods)

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Whatever goes wrong is said within the layout."""

        async def answered(request: Request) -> Response:
            try:
                return await endpoint(request)
            except HTTPException as error:
                response = await self.run(self.trouble, request, error.status_code)
                response.headers.update(error.headers or {})
                return response
            except DatabaseUnavailable as error:
                log.warning("console.database", reason=error.message)
                return self._plain_trouble(503)
            except SQLAlchemyError as error:
                log.error("console.failed", path=request.url.path, error=type(error).__name__)  # noqa: TRY400
                return self._plain_trouble(500)
            except Exception:
                log.exception("console.failed", path=request.url.path)
                return self._plain_trouble(500)

        return answered

    # --- who asks

    def seat_of(self, session: Session, request: Request) -> Seat | None:
        """Whose session it is."""
        secret = self.cookies.secret(request)
        if not secret:
            return None
        return access.session_of(
            session,
            secret,
            now=self.parts.clock.now(),
            hash_key=self.parts.hash_key,
            idle=timedelta(minutes=self.parts.settings.console.idle_minutes),
        )

    def visit_of(self, session: Session, request: Request, seat: Seat) -> Visit:
        """The request of who is logged in."""
        return Visit(
            request=request,
            parts=self.parts,
            person=seat.person,
            session=session,
            now=self.parts.clock.now(),
            session_id=seat.session_id,
            csrf=csrf_of(self.cookies.secret(request)),
        )

    def stranger(self, request: Request) -> Response:
        """The same page for whatever address a stranger asks for."""
        response = HTMLResponse(self.renderer.outside("stranger.html"), 401)
        if self.cookies.secret(request):
            self.cookies.forget(response)
        return response

    # --- showing

    def _show(self, request: Request, entry: Entry) -> Response:
        assert entry.show is not None  # noqa: S101 - the route is made of it
        with self.parts.readers() as session:
            seat = self.seat_of(session, request)
            if seat is None:
                return self.stranger(request)
            visit = self.visit_of(session, request, seat)
            response = self._shown(visit, entry, entry.show)
        self._touch(seat)
        return response

    def _shown(self, visit: Visit, entry: Entry, show: Show, *, status: int | None = None) -> Response:
        try:
            demand(visit.person.roles, entry.action)
            answer = show(visit)
        except NotAllowed:
            return self._trouble(visit, 403)
        except Missing:
            return self._trouble(visit, 404)
        except Refused as refused:  # the page can't be shown again either: the first reason says more
            return self._refused(visit if visit.refused is not None else replace(visit, refused=refused))
        return self._answered(visit, answer, status)

    def _answered(self, visit: Visit, answer: Answer, status: int | None = None) -> Response:
        if isinstance(answer, Download):
            return _download(answer)
        if isinstance(answer, Left):
            left: Response = RedirectResponse(f"{ROOT}/da-ra{'?het=1' if answer.everywhere else ''}", 303)
            self.cookies.forget(left)
            return left
        secret = self.cookies.secret(visit.request)
        if isinstance(answer, Done):
            response: Response = RedirectResponse(f"{ROOT}{answer.to}", 303)
            if answer.said:
                self.cookies.say(response, answer.said, secret)
            return response
        said = self.cookies.said(visit.request, secret)
        html = self.renderer.page(answer.template, visit, said=said, **answer.values)
        response = HTMLResponse(html, status or answer.status)
        if said:
            self.cookies.hush(response)
        return response

    def _touch(self, seat: Seat) -> None:
        """Write down that somebody was seen; a page is shown even if that can't be written just now."""
        now = self.parts.clock.now()
        if not access.to_touch(seat, now):
            return
        try:
            with self.parts.sessions.begin() as session:
                access.touch(session, seat.session_id, now=now)
        except DatabaseUnavailable as error:
            log.warning("console.not_touched", reason=error.message)

    # --- doing

    async def _post(self, request: Request, entry: Entry) -> Response:
        self.doorway.origins.check_own(request)
        seat = await self.run(self._seated, request)
        if seat is None:  # before the body is read: strangers send us nothing
            return self.stranger(request)
        limits = bodies.limits_of(self.parts.settings.notices) if entry.uploads else bodies.SMALL
        try:
            async with bodies.form_of(request, limits) as data:
                return await self.run(self._do, request, entry, seat, Form(data))
        except MultiPartException as error:
            raise HTTPException(400) from error

    def _seated(self, request: Request) -> Seat | None:
        with self.parts.readers() as session:
            return self.seat_of(session, request)

    def _do(self, request: Request, entry: Entry, seat: Seat, form: Form) -> Response:
        assert entry.act is not None  # noqa: S101 - the route is made of it
        with self.parts.readers() as reading:
            visit = replace(self.visit_of(reading, request, seat), form=form)
            if not hmac.compare_digest(form.text("csrf").encode(), visit.csrf.encode()):
                return self._trouble(visit, STALE)
            if not entry.writes:
                return self._deed(visit, entry)
        try:
            with self.parts.sessions.begin() as session:
                who = person(session, seat.person.id)
                if who is None:
                    return self.stranger(request)
                visit = replace(visit, session=session, person=who)
                access.touch(session, seat.session_id, now=visit.now)
                when_ended(session, "console", self.parts.changed)
                demand(who.roles, entry.action)
                return self._answered(visit, entry.act(visit))
        except (Refused, Missing) as why:
            return self._not_done(visit, entry, why)

    def _deed(self, visit: Visit, entry: Entry) -> Response:
        """What opens its own transactions."""
        assert entry.act is not None  # noqa: S101 - the route is made of it
        try:
            demand(visit.person.roles, entry.action)
            return self._answered(visit, entry.act(visit))
        except (Refused, Missing) as why:
            return self._not_done(visit, entry, why)

    def _not_done(self, visit: Visit, entry: Entry, why: Refused | Missing) -> Response:
        with self.parts.readers() as session:
            visit = replace(visit, session=session)
            if isinstance(why, Missing):
                return self._trouble(visit, 404)
            if isinstance(why, NotAllowed) and entry.again is None:
                return self._trouble(visit, 403)
            visit = replace(visit, refused=why)
            if entry.again is None:
                return self._refused(visit)
            return self._shown(visit, entry, entry.again, status=422)

    # --- following

    async def _follow(self, request: Request, entry: Entry) -> Response:
        if await self.run(self._seated, request) is None:
            return self.stranger(request)
        return follow(lambda: self.run(self._look, request, entry), closing=self.parts.closing)

    def _look(self, request: Request, entry: Entry) -> Step | None:
        """How far it is; None once one has no business to know any more."""
        assert entry.watch is not None  # noqa: S101 - the route is made of it
        with self.parts.readers() as session:
            seat = self.seat_of(session, request)
            if seat is None:
                return None
            visit = self.visit_of(session, request, seat)
            try:
                demand(visit.person.roles, entry.action)
                return entry.watch(visit)
            except (Refused, Missing):
                return None

    # --- trouble

    async def _nowhere(self, request: Request) -> Response:
        raise HTTPException(404)

    def trouble(self, request: Request, status: int) -> Response:
        """The page that says what went wrong, to whoever asks."""
        with self.parts.readers() as session:
            seat = self.seat_of(session, request)
            if seat is not None:
                return self._trouble(self.visit_of(session, request, seat), status)
        return self.stranger(request) if status == 404 else self._plain_trouble(status)

    def _trouble(self, visit: Visit, kind: int | str) -> Response:
        return HTMLResponse(self.renderer.trouble(kind, visit), kind if isinstance(kind, int) else 403)

    def _plain_trouble(self, status: int) -> Response:
        return HTMLResponse(self.renderer.trouble(status, None), status)

    def _refused(self, visit: Visit) -> Response:
        return HTMLResponse(self.renderer.page("refused.html", visit), 422)


def _download(file: Download) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(file.content, media_type=file.media_type, headers=headers)
