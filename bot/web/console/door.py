"""The way in and out: single-use links, the first admin's code, and logging out here or everywhere."""

from __future__ import annotations

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.web.console import bodies
from bot.web.console.entries import Entry, post
from bot.web.console.frame import Frame
from bot.web.console.texts import texts
from bot.web.console.visit import ROOT, Answer, Form, Left, Visit
from office import codes
from office import console_access as access
from office.refusal import Refused

ENTER, CLAIM = "/vao", "/nhan-quyen"
LEAVE, LEAVE_EVERYWHERE, LEFT = "/ra", "/ra-moi-noi", "/da-ra"
_MOST = 200  # characters of a link's secret or a code

log = structlog.get_logger(__name__)


class Door:
    """Pages for who is not logged in yet. Looking at one uses nothing up: chats look at links themselves."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """The door's addresses."""
        return [
            Route(f"{ROOT}{ENTER}", self._frame.guarded(self._ask), methods=["GET"]),
            Route(f"{ROOT}{ENTER}", self._frame.guarded(self._enter), methods=["POST"]),
            Route(f"{ROOT}{CLAIM}", self._frame.guarded(self._ask_name), methods=["GET"]),
            Route(f"{ROOT}{CLAIM}", self._frame.guarded(self._claim), methods=["POST"]),
            Route(f"{ROOT}{LEFT}", self._frame.guarded(self._goodbye), methods=["GET"]),
        ]

    async def _ask(self, request: Request) -> Response:
        return self._page("enter.html", code=request.query_params.get("ma", "")[:_MOST])

    async def _ask_name(self, request: Request) -> Response:
        return self._page("claim.html", code=request.query_params.get("ma", "")[:_MOST], name="")

    async def _goodbye(self, request: Request) -> Response:
        said = "logged_out_everywhere" if request.query_params.get("het") else "logged_out"
        return self._page("left.html", said=texts()(f"said.{said}"))

    async def _enter(self, request: Request) -> Response:
        form = await self._form(request)
        return await self._frame.run(self._opened, request, form)

    def _opened(self, request: Request, form: Form) -> Response:
        code = form.text("ma")[:_MOST]
        try:
            with self._parts.sessions.begin() as session:
                secret = access.open_session(
                    session,
                    code,
                    now=self._parts.clock.now(),
                    hash_key=self._parts.hash_key,
                    hours=self._parts.settings.console.session_hours,
                    browser=request.headers.get("user-agent", ""),
                )
        except Refused as refused:
            return self._page("enter.html", 422, code="", refused=refused)
        return self._welcome(secret)

    async def _claim(self, request: Request) -> Response:
        form = await self._form(request)
        return await self._frame.run(self._claimed, request, form)

    def _claimed(self, request: Request, form: Form) -> Response:
        code, name = form.text("ma")[:_MOST], form.text("ten")[:_MOST]
        now, key = self._parts.clock.now(), self._parts.hash_key
        try:
            with self._parts.sessions.begin() as session:
                found = codes.claim(session, code, name=name, now=now, hash_key=key)
                secret = access.seat(
                    session,
                    found,
                    now=now,
                    hash_key=key,
                    hours=self._parts.settings.console.session_hours,
                    browser=request.headers.get("user-agent", ""),
                )
        except Refused as refused:
            return self._page("claim.html", 422, code=code, name=name, refused=refused)
        return self._welcome(secret)

    async def _form(self, request: Request) -> Form:
        """What was sent, if it comes from a page of ours and not too often."""
        self._frame.doorway.origins.check_own(request)
        address = self._frame.doorway.addresses.of(request)
        if seconds := self._frame.doorway.attempts.wait(address):
            log.warning("console.too_many_attempts", address=address)
            raise HTTPException(429, headers={"Retry-After": str(seconds)})
        async with bodies.form_of(request, bodies.SMALL) as data:
            return Form(data)

    def _welcome(self, secret: str) -> Response:
        response = RedirectResponse(ROOT, 303)
        self._frame.cookies.keep(response, secret)
        return response

    def _page(
        self, template: str, status: int = 200, *, refused: Refused | None = None, **values: str
    ) -> Response:
        return HTMLResponse(self._frame.renderer.outside(template, refused=refused, **values), status)


def leave(visit: Visit) -> Answer:
    """Log out in this browser."""
    access.close(visit.session, visit.session_id, now=visit.now)
    return Left()


def leave_everywhere(visit: Visit) -> Answer:
    """Log out in all browsers."""
    access.close_everywhere(visit.session, visit.person, now=visit.now)
    return Left(everywhere=True)


EXITS: tuple[Entry, ...] = (post(LEAVE, leave), post(LEAVE_EVERYWHERE, leave_everywhere))
