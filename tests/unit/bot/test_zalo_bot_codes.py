"""What the Zalo Bot Platform's answers mean for who has called it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.zalo_bot_codes import MEANINGS, Answer, answer_of, meaning, result_of, unhooked
from bot.channels.zalo_bot_polling import Pace
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast, WrongToken

PAGE = b"<html><body>502 Bad Gateway</body></html>"


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def ended(status: int, content: bytes) -> CallEnded:
    with pytest.raises(CallEnded) as caught:
        result_of(answer_of(status, content))
    return caught.value


@pytest.mark.parametrize("more", [{}, {"error_code": 0}, {"error_code": None, "description": None}])
def test_a_success_brings_its_result(more: dict[str, Any]) -> None:
    assert result_of(answer_of(200, body(ok=True, result={"id": "1"}, **more))) == {"id": "1"}


def test_a_success_needs_no_result() -> None:
    assert result_of(answer_of(200, body(ok=True))) is None


@pytest.mark.parametrize("status", [200, None])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Refused),
        (401, WrongToken),
        (403, NotSent),
        (404, Refused),
        (408, Lost),
        (426, Refused),
        (429, TooFast),
        (500, NotSent),
        (503, NotSent),
        (999, NotSent),
        (418, Refused),
    ],
)
def test_an_error_in_the_envelope_counts_whatever_http_says(
    code: int, kind: type[CallEnded], status: int | None
) -> None:
    found = ended(status or code, body(ok=False, description="…", error_code=code))
    assert type(found) is kind
    assert found.reason == meaning(code)


def test_a_fault_of_theirs_is_no_trouble_of_the_network() -> None:
    found = ended(403, body(ok=False, error_code=403))
    assert isinstance(found, NotSent)
    assert found.network is False


def test_too_many_holds_the_account() -> None:
    found = ended(429, body(ok=False, error_code=429))
    assert isinstance(found, TooFast)
    assert (found.seconds, found.account) == (60.0, True)


def test_a_refusal_has_its_code() -> None:
    found = ended(400, body(ok=False, error_code="400"))
    assert isinstance(found, Refused)
    assert found.code == 400


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, PAGE, Lost),
        (200, b'{"ok":true,"resu', Lost),
        (200, b"", Lost),
        (200, b"[]", Lost),
        (200, b'{"result":{}}', Lost),
        (200, b'{"ok":true,"error_code":5}', Lost),
        (500, b'{"ok":true}', Lost),
        (502, PAGE, Lost),
        (504, b"", Lost),
        (302, b"", NotSent),
        (403, PAGE, NotSent),
        (401, PAGE, WrongToken),
        (429, PAGE, TooFast),
        (200, b"[" * 100_000, Lost),
    ],
)
def test_what_is_no_envelope_may_have_had_its_effect_unless_it_was_turned_away(
    status: int, content: bytes, kind: type[CallEnded]
) -> None:
    assert type(ended(status, content)) is kind


@settings(max_examples=80)
@given(st.integers(100, 599), st.binary(max_size=60) | st.text().map(lambda t: json.dumps(t).encode()))
def test_any_answer_ends_the_call_in_a_known_way(status: int, content: bytes) -> None:
    answer = answer_of(status, content)
    assert isinstance(answer, Answer)
    if not answer.good:
        assert ended(status, content).reason


def test_every_meaning_says_what_to_do() -> None:
    for code in (*MEANINGS, 502, 777, 1):
        assert str(code) in meaning(code)
        assert meaning(code).endswith(".")
        assert ". " in meaning(code)


@pytest.mark.parametrize("code", [400, 404])
def test_only_a_message_is_refused_because_of_who_gets_it(code: int) -> None:
    assert "bot này không" in meaning(400, message=True)
    assert "Nhờ người nhận" in meaning(404, message=True)
    assert "nhận" not in meaning(code).partition(". ")[2]
    answer = answer_of(code, body(ok=False, error_code=code))
    with pytest.raises(Refused) as caught:
        result_of(answer, message=True)
    assert caught.value.reason == meaning(code, message=True) != meaning(code)


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        ("webhook.http.404", "webhook.path"),
        ("webhook.http.403", "Java/"),
        ("webhook.err.dns", "tên miền"),
        ("webhook.err.tls", "chứng chỉ"),
        ("webhook.err.blocked", "tường lửa"),
        ("không rõ", "tường lửa"),
    ],
)
def test_a_webhook_that_is_not_reached_says_what_to_look_at(outcome: str, hint: str) -> None:
    said = unhooked(outcome)
    assert f"({outcome})" in said
    assert hint in said
    assert said.endswith("Chương trình sẽ tự thử lại.")


def test_polls_are_a_second_apart() -> None:
    assert Pace().floor == 1.0
