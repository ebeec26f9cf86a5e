"""Joins the console's parts: the addresses that the web application serves at /van-phong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from bot.web.assets import Asset
from bot.web.console.door import EXITS, Door
from bot.web.console.entries import Section
from bot.web.console.frame import Frame
from bot.web.console.parts import Doorway, Parts
from bot.web.console.render import Renderer
from bot.web.console.sections import SECTIONS


def console_routes(
    parts: Parts,
    doorway: Doorway,
    assets: Mapping[str, Asset],
    sections: Sequence[Section] | None = None,
) -> list[Route]:
    """All of them; the last one answers whatever else is asked for below /van-phong."""
    sections = SECTIONS if sections is None else sections
    renderer = Renderer(assets, sections, parts.settings.office)
    entries = [entry for section in sections for entry in section.entries]
    frame = Frame(parts, doorway, renderer, [*entries, *EXITS])
    return [*Door(frame).routes(), *frame.routes()]
