"""Replies as JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from office.messages import PAYLOAD_BYTES, Choice, ChoiceKind, Line, Reply, Style
from office.wire import replies_from_json, replies_to_json

LINES = st.builds(Line, st.text(), st.sampled_from(Style))
PAYLOADS = st.text(min_size=1, max_size=PAYLOAD_BYTES).filter(lambda p: len(p.encode()) <= PAYLOAD_BYTES)
TAPS = st.builds(
    Choice,
    kind=st.sampled_from([kind for kind in ChoiceKind if kind is not ChoiceKind.LINK]),
    label=st.text(),
    payload=PAYLOADS,
    ticked=st.booleans(),
)
LINKS = st.builds(
    Choice, kind=st.just(ChoiceKind.LINK), label=st.text(), url=st.text().map(lambda path: f"https://{path}")
)
REPLIES = st.builds(
    Reply,
    lines=st.lists(LINES, max_size=4).map(tuple),
    choices=st.lists(TAPS | LINKS, max_size=4).map(tuple),
    replaces=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(st.lists(REPLIES, max_size=3).map(tuple))
def test_replies_come_back_from_json_as_they_went(replies: tuple[Reply, ...]) -> None:
    assert replies_from_json(json.loads(json.dumps(replies_to_json(replies)))) == replies


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValidationError):
        replies_from_json([{"lines": "không phải danh sách"}])


def test_a_stored_choice_is_checked_like_a_new_one() -> None:
    with pytest.raises(ValidationError):
        replies_from_json([{"lines": [], "choices": [{"kind": "link", "label": "x", "url": "javascript:1"}]}])
