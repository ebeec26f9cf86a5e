"""Replies as the web shows them: the styles that docs/api.md names, and no others."""

from __future__ import annotations

from bot.channels.web import replies_to_json
from bot.web.assets import line_groups
from office.messages import Line, Reply, Style

NAMED = {"title", "text", "item", "warning", "source"}


def test_programs_and_pages_get_only_the_styles_that_are_documented() -> None:
    lines = tuple(Line("Trả lời: nhan 1", style) for style in Style)
    [shown] = replies_to_json([Reply(lines=lines)])
    assert {line["style"] for line in shown["lines"]} == NAMED
    assert {str(style) for style, _ in line_groups(lines)} == NAMED


def test_a_hint_is_small_print() -> None:
    hint = Line("Trả lời: nhan 1", Style.HINT)
    assert replies_to_json([Reply(lines=(hint,))])[0]["lines"] == [{"style": "source", "text": hint.text}]
