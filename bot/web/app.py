"""The web application: chat page, JSON service, widget, console, and what monitoring asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from bot.channels.base import Desk, FileAddresses
from bot.channels.platform import WebRoute
from bot.web.console.mount import console_routes
from bot.web.console.parts import Doorway, Parts
from bot.web.console.visit import ROOT
from bot.web.files import Files, FindFile
from bot.web.guard import Addresses, Guard, Origins, RateLimit
from bot.web.machines import Health, Machines
from bot.web.pages import Office, Site
from bot.web.talk import Talk


def create_app(
    *,
    desk: Desk,
    health: Health,
    metrics: Callable[[], bytes],
    now: Callable[[], datetime],
    office_name: str,
    office_address: str = "",
    office_phone: str = "",
    office_email: str = "",
    office_website: str = "",
    office_hours: str = "",
    public_url: str = "",
    allowed_origins: Sequence[str] = (),
    trusted_proxies: Sequence[str] = (),
    platforms: Sequence[WebRoute] = (),
    calendar_feed: Callable[[str], bytes | None] = lambda token: None,
    file_links: FindFile = lambda secret: None,
    file_addresses: FileAddresses | None = None,
    requests_per_minute: int = 120,
    console: Parts | None = None,
) -> Starlette:
    """The web application of one office.

    `desk`, `health`, `calendar_feed` (secret → iCalendar, None for an unknown one) and `file_links` (secret →
    file, the same) are called in threads; `platforms`: what they call here; `file_addresses`: for files of
    the chat page's own answers; `console`: what Văn phòng's pages work on.
    """
    site = Site(
        talk=Talk(desk, now=now, addresses=file_addresses),
        office=Office(
            name=office_name,
            address=office_address,
            phone=office_phone,
            email=office_email,
            website=office_website,
            hours=office_hours,
        ),
        origins=Origins(public_url=public_url, allowed=allowed_origins),
        addresses=Addresses(trusted_proxies),
        limit=RateLimit(requests_per_minute),
        secure_cookie=public_url.lower().startswith("https://"),
    )
    machines = Machines(health=health, metrics=metrics, calendar_feed=calendar_feed)
    files = Files(file_links, admit=site.admit)
    webhooks = [Route(r.path, r.endpoint, methods=list(r.methods)) for r in platforms]
    return Starlette(
        routes=[*site.routes(), *machines.routes(), *files.routes(), *webhooks, *_console(console, site)],
        middleware=[
            Middleware(Guard, headers=_headers_of(site.origins), on_failure=site.apologise),
            Middleware(GZipMiddleware, minimum_size=1024),
        ],
        exception_handlers={HTTPException: site.on_http_error},
    )


def _console(parts: Parts | None, site: Site) -> list[Route]:
    if parts is None:
        return []
    doorway = Doorway(origins=site.origins, addresses=site.addresses, secure=site.secure_cookie)
    return console_routes(parts, doorway, site.assets)


def _headers_of(origins: Origins) -> Callable[[str], Mapping[str, str]]:
    """The headers by path: the chat may stand in a frame of the office's website, the console nowhere."""
    everywhere, console = origins.security_headers(), origins.security_headers(framed=False)
    return lambda path: console if path == ROOT or path.startswith(f"{ROOT}/") else everywhere
