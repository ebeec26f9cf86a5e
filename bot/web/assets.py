"""What the pages are made of: templates, texts, and the static files with the hash of their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.channels.web import numbered
from office.messages import Choice, ChoiceKind, Line, Reply, Style

HERE = Path(__file__).parent
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

# The same as LINK in static/chat.js.
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}]")


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file."""

    content: bytes
    media_type: str
    version: str  # hash of the content: a new content has a new address


def load_assets() -> dict[str, Asset]:
    """All static files by name; they are few and small, so they stay in memory."""
    found = sorted((HERE / "static").rglob("*"))
    return {path.name: _asset(path) for path in found if path.suffix in TYPES}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:12])


@dataclass(frozen=True, slots=True)
class Apology:
    """What to say for an HTTP status that is an error."""

    title: str
    text: str


def load_apologies() -> dict[int, Apology]:
    """What to say for each HTTP status (texts.yaml)."""
    texts = yaml.safe_load((HERE / "texts.yaml").read_text(encoding="utf-8"))
    return {int(status): Apology(**text) for status, text in texts.items()}


def template_environment(assets: dict[str, Asset]) -> Environment:
    """Jinja for our templates; everything put in is escaped."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["static"] = lambda name: f"/static/{name}?v={assets[name].version}"
    env.filters |= {"linkify": linkify, "line_groups": line_groups, "choice_groups": choice_groups}
    return env


def linkify(text: str) -> Markup:
    """The text escaped, its http addresses as links. The dots at their end belong to the sentence."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        url = match.group()
        parts += [escape(text[end : match.start()]), _link(url)]
        end = match.end()
    return Markup().join([*parts, escape(text[end:])])


def _link(url: str) -> Markup:
    return Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(url)


def line_groups(lines: Iterable[Line]) -> Iterator[tuple[Style, Sequence[Line]]]:
    """Lines with the items of a list together."""
    for style, group in groupby(lines, key=lambda line: line.style.shown):
        if style is Style.ITEM:
            yield style, list(group)
        else:
            yield from ((style, [line]) for line in group)


def choice_groups(reply: Reply) -> Iterator[tuple[ChoiceKind, Sequence[tuple[Choice, int | None]]]]:
    """Numbered choices with those of one kind together."""
    for kind, group in groupby(numbered(reply), key=lambda pair: pair[0].kind):
        yield kind, list(group)
