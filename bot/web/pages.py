"""What people and their browsers ask for: the chat page, its JSON service, the widget, static files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl

import structlog
from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.web import ChatMessage, new_session, replies_to_json
from bot.web.assets import load_apologies, load_assets, template_environment
from bot.web.guard import Addresses, Origins, RateLimit, read_body
from bot.web.talk import Talk
from office.messages import Reply

COOKIE = "xinluon_session"
API = "/api/"
GREETING = "/start"
EMBED = "nhung"  # /?nhung=1 is the compact page for the widget
YEAR_SECONDS = 31_536_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the pages say about the office; what is empty is left out."""

    name: str
    address: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    hours: str = ""


class Site:
    """The pages and the service of the chat."""

    def __init__(
        self,
        *,
        talk: Talk,
        office: Office,
        origins: Origins,
        addresses: Addresses,
        limit: RateLimit,
        secure_cookie: bool,
    ) -> None:
        self.talk = talk
        self.office = office
        self.origins = origins
        self.addresses = addresses
        self.limit = limit
        self.secure_cookie = secure_cookie
        self.assets = load_assets()
        self.apologies = load_apologies()
        self.templates = template_environment(self.assets)

    def routes(self) -> list[Route]:
        """All of them, with the pages first."""
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/", self.form, methods=["POST"]),
            Route("/moi", self.start_anew, methods=["POST"]),
            Route(f"{API}chat", self.chat, methods=["POST", "OPTIONS"]),
            Route("/widget.js", self.widget),
            Route("/static/{name}", self.static),
            Route("/favicon.svg", self.favicon),
            Route("/favicon.ico", self.favicon),
            Route("/robots.txt", self.robots),
        ]

    async def page(self, request: Request) -> Response:
        """The chat page, with the menu as its first message."""
        self.admit(request)
        known = _session_of(request)
        session = known or new_session()
        # On a later visit the menu is asked for under another name, lest it cut short the conversation that
        # the page's script is about to restore.
        replies, answered = await self._say(ChatMessage(text=GREETING), new_session() if known else session)
        response = self._render_chat(request, replies, background=answered)
        if not known:
            self._set_session(response, session)
        return response

    async def form(self, request: Request) -> Response:
        """The same without script: a question or choice sent as a form, the answer as a page."""
        self.origins.check(request)
        self.admit(request)
        message = await _read_form(request)
        known = _session_of(request)
        session = known or new_session()
        replies, answered = await self._say(message, session)
        response = self._render_chat(request, replies, question=message.text or "", background=answered)
        if not known:
            self._set_session(response, session)
        return response

    async def start_anew(self, request: Request) -> Response:
        """Forget the conversation: a new session and an empty page."""
        self.origins.check(request)
        response = RedirectResponse(f"/?{EMBED}=1" if _is_embedded(request) else "/", status_code=303)
        self._set_session(response, new_session())
        return response

    async def chat(self, request: Request) -> Response:
        """POST /api/chat (docs/api.md)."""
        if request.method == "OPTIONS":
            return self.origins.preflight(request)
        self.origins.check(request)
        self.admit(request)
        message = await _read_json(request)
        session = message.session or _session_of(request) or new_session()
        replies, answered = await self._say(message, session)
        return JSONResponse(
            {"session": session, "replies": replies_to_json(replies)},
            headers=self.origins.cors(request),
            background=answered,
        )

    async def widget(self, request: Request) -> Response:
        """The script that puts the chat on another page of the office."""
        script = self.templates.get_template("widget.js").render(office=self.office)
        headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(script, media_type="text/javascript", headers=headers)

    async def static(self, request: Request) -> Response:
        """A static file; for ever when asked for by the hash of its content."""
        asset = self.assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        is_current = request.query_params.get("v") == asset.version
        cache = f"public, max-age={YEAR_SECONDS}, immutable" if is_current else "no-cache"
        return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": cache})

    async def favicon(self, request: Request) -> Response:
        """Our own small picture, also where old browsers look for it."""
        asset = self.assets["favicon.svg"]
        return Response(
            asset.content, media_type=asset.media_type, headers={"Cache-Control": "public, max-age=86400"}
        )

    async def robots(self, request: Request) -> Response:
        """Search engines are welcome on the page, not in the service behind it."""
        return PlainTextResponse(f"User-agent: *\nDisallow: {API}\n")

    async def on_http_error(self, request: Request, error: Exception) -> Response:
        """A friendly page, or JSON for programs."""
        http_error = cast(HTTPException, error)
        return self._apology(request, http_error.status_code, dict(http_error.headers or {}))

    async def apologise(self, request: Request) -> Response:
        """The answer when something of ours broke."""
        return self._apology(request, 500, {})

    def admit(self, request: Request) -> None:
        """Count a request of this address; HTTPException 429 when there are too many."""
        address = self.addresses.of(request)
        if seconds := self.limit.wait(address):
            log.warning("too_many_requests", address=address)
            raise HTTPException(429, headers={"Retry-After": str(seconds)})

    def _apology(self, request: Request, status: int, headers: dict[str, str]) -> Response:
        apology = self.apologies.get(status, self.apologies[400 if status < 500 else 500])
        if request.url.path.startswith(API):
            body = {"error": {"status": status, "message": apology.text}}
            return JSONResponse(body, status, headers | self.origins.cors(request))
        page = self.templates.get_template("error.html").render(office=self.office, apology=apology)
        return HTMLResponse(page, status, headers)

    async def _say(self, message: ChatMessage, session: str) -> tuple[tuple[Reply, ...], BackgroundTask]:
        try:
            return await self.talk.say(message, session)
        except Exception as error:
            log.exception("desk_failed", channel="web")
            raise HTTPException(500) from error

    def _render_chat(
        self,
        request: Request,
        replies: tuple[Reply, ...],
        *,
        question: str | None = None,
        background: BackgroundTask,
    ) -> Response:
        page = self.templates.get_template("chat.html").render(
            office=self.office,
            replies=replies,
            question=question,
            embedded=_is_embedded(request),
            query=f"?{EMBED}=1" if _is_embedded(request) else "",
            key=new_session(),
        )
        return HTMLResponse(page, background=background)

    def _set_session(self, response: Response, session: str) -> None:
        # Without an age it ends with the browser: many people share a computer with others.
        response.set_cookie(COOKIE, session, httponly=True, samesite="lax", secure=self.secure_cookie)


def _session_of(request: Request) -> str | None:
    try:
        return ChatMessage(text="", session=request.cookies.get(COOKIE)).session
    except ValidationError:
        return None


def _is_embedded(request: Request) -> bool:
    return EMBED in request.query_params


async def _read_json(request: Request) -> ChatMessage:
    if _content_type(request) != "application/json":
        raise HTTPException(415)
    try:
        return ChatMessage.model_validate_json(await read_body(request))
    except ValidationError as error:
        raise HTTPException(400) from error


async def _read_form(request: Request) -> ChatMessage:
    if _content_type(request) != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = await read_body(request)
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10, errors="strict")
        return ChatMessage.model_validate(dict(fields))
    except ValueError as error:  # UnicodeDecodeError and ValidationError are among them
        raise HTTPException(400) from error


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
