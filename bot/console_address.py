"""Where the console is found: the office's public address, else this machine's."""

from __future__ import annotations

from ipaddress import ip_address

from bot.web.console.door import CLAIM, ENTER
from bot.web.console.visit import ROOT
from handlers.staff.request import ConsoleAddress
from office.settings import Settings

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what a browser on this machine asks for


def console_address(settings: Settings, port: int | None = None) -> ConsoleAddress | None:
    """What a link to log in begins with; None where the console is off.

    `port`: the one in use, where the settings leave it open.
    """
    if not settings.console.enabled:
        return None
    public = settings.web.public_url
    local = not public and _leads_to_itself(settings.web.host)
    return ConsoleAddress(url=f"{_base(settings, port)}{ROOT}{ENTER}?ma=", public=bool(public), local=local)


def claim_link(settings: Settings, code: str, port: int | None = None) -> str:
    """Where the first admin claims the office, "" where the console is off."""
    return f"{_base(settings, port)}{ROOT}{CLAIM}?ma={code}" if settings.console.enabled else ""


def _leads_to_itself(host: str) -> bool:
    """Whether the link made of a host opens on this machine alone."""
    try:
        return host in _ANYWHERE or ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _base(settings: Settings, port: int | None) -> str:
    web = settings.web
    if web.public_url:
        return web.public_url.rstrip("/")
    host = _ANYWHERE.get(web.host, f"[{web.host}]" if ":" in web.host else web.host)
    return f"http://{host}:{port or web.port}"
