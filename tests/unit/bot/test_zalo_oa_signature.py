"""Events are taken only with Zalo's signature, in whatever of its known shapes."""

from __future__ import annotations

import hashlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo_oa_signature import looks_like_event, parse, shape, verify

APP, SECRET = "360846524940903967", "khoá-bí-mật"
BODY = '{"event_name":"user_send_text","message":{"text":"lệ phí?"},"timestamp":"154390853474"}'.encode()


def mac(body: bytes = BODY, stamp: str = "154390853474", app: str = APP, secret: str = SECRET) -> str:
    """Written out by hand, as the platform describes it."""
    return hashlib.sha256(app.encode() + body + stamp.encode() + secret.encode()).hexdigest()


@pytest.mark.parametrize("header", [mac(), f"mac={mac()}", f"mac={mac().upper()}", f" MAC={mac()} "])
def test_a_right_signature_is_taken_with_or_without_prefix_in_either_case(header: str) -> None:
    assert verify(BODY, header, app_id=APP, secrets=[SECRET])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "mac=",
        "mac",
        mac()[:-1],
        mac(secret="khác"),
        mac(app="1"),
        mac(stamp="1"),
        "mac=" * 2 + mac(),
        "ữ",
    ],
)
def test_a_wrong_one_is_not(header: str) -> None:
    assert not verify(BODY, header, app_id=APP, secrets=[SECRET])


def test_either_of_two_keys_may_have_made_it_and_it_is_told_which() -> None:
    """Sources disagree whether it is the account's key or the app's."""
    for secret in ("một", "hai"):
        header = mac(secret=secret)
        assert verify(BODY, header, app_id=APP, secrets=["một", "hai"]) == secret
    assert verify(BODY, mac(secret=""), app_id=APP, secrets=["một", ""]) == ""


def test_it_is_over_the_very_bytes() -> None:
    spaced = json.dumps(json.loads(BODY)).encode()
    assert not verify(spaced, f"mac={mac()}", app_id=APP, secrets=[SECRET])
    assert verify(spaced, f"mac={mac(spaced)}", app_id=APP, secrets=[SECRET])


@pytest.mark.parametrize("stamp", ["154390853474", "1543908534740", "1.5e12"])
def test_a_timestamp_may_be_a_number(stamp: str) -> None:
    body = f'{{"timestamp": {stamp}}}'.encode()
    assert verify(body, mac(body, stamp), app_id=APP, secrets=[SECRET])


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"timestamp": null}', b"\xff", b"[" * 100_000])
def test_a_body_without_a_timestamp_is_nobodys(body: bytes) -> None:
    assert not verify(body, mac(body, ""), app_id=APP, secrets=[SECRET])


@pytest.mark.parametrize(
    "before", [b'"a":' + b"[" * 100_000, b'"a":[' + b"[]," * 300_000 + b"[]]", b'"timestamp":"7",' * 60_000]
)
def test_before_its_signature_is_known_to_be_right_a_body_is_not_parsed(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who posts what isn't Zalo's must not keep the office's one thread from the citizens."""

    def parsed(*_: object, **__: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("bot.channels.zalo_oa_signature.json.loads", parsed)
    body = b"{" + before + b',"event_name":"x","timestamp":"1"}'
    began = time.process_time()
    assert not verify(body, mac(), app_id=APP, secrets=[SECRET])
    assert looks_like_event(body)
    assert time.process_time() - began < 0.1


def test_a_timestamp_inside_what_the_event_carries_is_not_mistaken_for_its_own() -> None:
    inside = b'{"a":{"timestamp":7},"text":"\\"timestamp\\":\\"8\\"","timestamp":"154390853474"}'
    assert verify(inside, mac(inside), app_id=APP, secrets=[SECRET])
    assert not verify(inside, mac(inside, "8"), app_id=APP, secrets=[SECRET])


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"timestamp":"1"}', b'{"event_name":"x"}', b"GET /?timestamp"]
)
def test_what_anybody_may_post_is_no_event(body: bytes) -> None:
    assert not looks_like_event(body)


def test_without_a_secret_nothing_is_taken() -> None:
    assert not verify(BODY, mac(secret=""), app_id=APP, secrets=[""])


@given(st.binary(max_size=200), st.text(max_size=80))
def test_no_body_and_no_header_break_it(body: bytes, header: str) -> None:
    assert not verify(body, header, app_id=APP, secrets=[SECRET])
    parse(body)
    shape(header)


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        ("", "không có"),
        (mac(), "không có mac=, 64 chữ số hệ 16"),
        (f"mac={mac()}", "có mac=, 64 chữ số hệ 16"),
        (f"mac={mac().upper()}", "có mac=, 64 chữ số hệ 16, chữ hoa"),
        ("mac=abc", "có mac=, 3 ký tự không phải 64 chữ số hệ 16"),
    ],
)
def test_the_log_hears_only_what_a_header_looks_like(header: str, seen: str) -> None:
    assert shape(header) == seen
    assert mac()[:6] not in shape(header)
