"""What stands at the door: who may ask, how often and how much, and the headers on every answer."""

from __future__ import annotations

import ipaddress
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
WINDOW_SECONDS = 60
MAX_ADDRESSES = 10_000  # remembered by the limit; the longest unseen is forgotten first

log = structlog.get_logger(__name__)

_SECRET = ("/tep/", "/lich/")  # what follows in these paths is a secret
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+\Z")


class Origins:
    """Which websites may embed the chat and call its API: ours and those of the settings, matched exactly."""

    def __init__(self, *, public_url: str, allowed: Sequence[str]) -> None:
        self.allowed = tuple(origin.rstrip("/").lower() for origin in allowed)
        for origin in self.allowed:
            if not _ORIGIN.match(origin):
                raise ValueError(f"not an origin such as https://example.gov.vn: {origin!r}")
        self._own = _origin_of(public_url)

    def check(self, request: Request) -> None:
        """Refuse what another website made the browser send. Programs send no Origin."""
        origin = request.headers.get("origin")
        if origin is not None and not self._is_own(origin, request) and origin not in self.allowed:
            raise HTTPException(403)

    def check_own(self, request: Request) -> None:
        """Refuse also what the websites that may embed the chat made the browser send."""
        origin = request.headers.get("origin")
        if origin is not None and not self._is_own(origin, request):
            raise HTTPException(403)

    def _is_own(self, origin: str, request: Request) -> bool:
        # The scheme is not compared: behind a proxy that ends TLS we are asked over http.
        return origin == self._own or urlsplit(origin).netloc == request.headers.get("host", "").lower()

    def cors(self, request: Request) -> dict[str, str]:
        """The headers that let a page of an allowed origin read the answer."""
        origin = request.headers.get("origin", "")
        headers = {"Vary": "Origin"}
        if origin in self.allowed:
            headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After"}
        return headers

    def preflight(self, request: Request) -> Response:
        """The answer to a browser that asks before it sends."""
        if request.headers.get("origin", "") not in self.allowed:
            raise HTTPException(403)
        allow = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=self.cors(request) | allow)

    def security_headers(self, *, framed: bool = True) -> dict[str, str]:
        """The headers of every answer; `framed`: whether the page may stand in a frame of another."""
        headers = {
            "Content-Security-Policy": self._policy(framed=framed),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        if not framed:
            headers["X-Frame-Options"] = "DENY"
        elif not self.allowed:
            headers["X-Frame-Options"] = "SAMEORIGIN"  # knows no list of origins, so only where there is none
        return headers

    def _policy(self, *, framed: bool) -> str:
        ancestors = " ".join(["'self'", *self.allowed]) if framed else "'none'"
        return "; ".join(
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data:",
                "connect-src 'self'",
                "form-action 'self'",
                "base-uri 'none'",
                f"frame-ancestors {ancestors}",
            ]
        )


def _origin_of(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class Addresses:
    """Tells who is asking; X-Forwarded-For is believed only when a trusted proxy handed it on."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = [ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies]

    def of(self, request: Request) -> str:
        """The address of the client; of an IPv6 one its /64, all of which one household has."""
        address = _peer(request)
        hops = request.headers.get("x-forwarded-for", "").split(",")
        while hops and self._trusts(address):
            hop = hops.pop().strip()
            if _parse(hop) is None:
                break
            address = hop
        return _household(address)

    def _trusts(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


def is_from_this_machine(request: Request) -> bool:
    """Whether a program on this very machine asks, not a proxy on behalf of somebody."""
    forwarded = {"x-forwarded-for", "forwarded", "x-real-ip"} & set(request.headers.keys())
    peer = _parse(_peer(request))
    return not forwarded and peer is not None and peer.is_loopback


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    # A socket that listens on both families sees IPv4 clients as ::ffff:192.0.2.1.
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _household(address: str) -> str:
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed or address)


class RateLimit:
    """So many requests a minute for each address, counted in memory."""

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Count a request; 0 when it is welcome, else the seconds after which to come again."""
        now = self._monotonic()
        start, count = self._windows.pop(address, (now, 0))
        if now - start >= WINDOW_SECONDS:
            start, count = now, 0
        self._windows[address] = (start, count + 1)
        if len(self._windows) > MAX_ADDRESSES:
            self._windows.popitem(last=False)
        return 0 if count < self._per_minute else max(1, round(start + WINDOW_SECONDS - now))


async def read_body(request: Request) -> bytes:
    """The body, refused (413) as soon as it is seen to be too long."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    return bytes(body)


def _shown(path: str) -> str:
    """A path for the log: of those that carry a secret only where they begin."""
    return next((f"{start}…" for start in _SECRET if path.startswith(start)), path)


class Guard:
    """Middleware: puts the headers (by path) on every answer, and answers politely when something breaks."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        headers: Callable[[str], Mapping[str, str]],
        on_failure: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._headers = headers
        self._on_failure = on_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(message, scope["path"])
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception:
            log.exception("web_request_failed", path=_shown(scope["path"]))
            if not started:
                response = await self._on_failure(Request(scope))
                await response(scope, receive, send_guarded)

    def _add_headers(self, message: Message, path: str) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self._headers(path).items():
            headers[name] = value
        headers.setdefault("Cache-Control", "no-store")
