"""What Zalo posts of an Official Account becomes what handlers know, whatever it looks like."""

from __future__ import annotations

import inspect
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.postbox import Unreadable
from bot.channels.zalo_oa_events import Happening, What, payload_on_wire, read_event
from handlers import payloads
from office.assignments import Tap, tap
from office.messages import Event, Incoming

OA, AN = "388613280878808645", "246845883529197922"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
STAMP = str(round((NOW - timedelta(seconds=1)).timestamp() * 1000))


def message(kind: str = "text", **content: Any) -> dict[str, Any]:
    return {
        "app_id": "360846524940903967",
        "sender": {"id": AN},
        "user_id_by_app": "552177279717587730",
        "recipient": {"id": OA},
        "event_name": f"user_send_{kind}",
        "message": {"msg_id": "96d3cdf3af150460909"} | content,
        "timestamp": STAMP,
    }


def group(text: str, **where: Any) -> dict[str, Any]:
    raw = message("group_text", text=text)
    return raw | where


def attached(kind: str, **payload: Any) -> dict[str, Any]:
    return message(kind, attachments=[{"type": kind, "payload": payload}])


def read(raw: dict[str, Any]) -> Happening:
    return read_event(raw, oa_id=OA, received=NOW)


def heard(raw: dict[str, Any]) -> Incoming:
    incoming = read(raw).incoming
    assert incoming is not None
    return incoming


def test_a_text_is_a_message_of_its_sender() -> None:
    incoming = heard(message(text="  lệ phí?\x00 "))
    assert (incoming.channel, incoming.account, incoming.chat, incoming.sender) == ("zalo_oa", OA, AN, AN)
    assert (incoming.key, incoming.text, incoming.payload) == ("96d3cdf3af150460909", "lệ phí?", "")
    assert incoming.at == NOW - timedelta(seconds=1)
    assert not incoming.group


def test_text_is_composed() -> None:
    assert heard(message(text=unicodedata.normalize("NFD", "giấy phép"))).text == "giấy phép"


@pytest.mark.parametrize(
    "payload",
    [
        payloads.entry("cap-phep-ruou"),
        payloads.vote(12, -1),
        payloads.tick("a", 0, 3),
        payloads.field("Rượu"),
        payloads.MENU,
        payloads.FIELDS,
        payloads.HUMAN,
        payloads.OTHER,
        tap(Tap.ACKNOWLEDGE, 12),
    ],
)
def test_what_our_buttons_send_is_a_tap(payload: str) -> None:
    incoming = heard(message(text=payload_on_wire(payload)))
    assert (incoming.payload, incoming.text) == (payload, "")


def test_no_kind_of_choice_that_handlers_make_is_forgotten() -> None:
    makers = [f for f in vars(payloads).values() if inspect.isfunction(f) and f is not payloads.field_key]
    of_payloads = [f for f in makers if f.__module__ == payloads.__name__ and f is not payloads.parse]
    assert len(of_payloads) >= 6
    for make in of_payloads:
        asked = inspect.signature(make).parameters.values()
        payload = make(*("x" if p.annotation == "str" else 1 for p in asked if p.default is p.empty))
        assert heard(message(text=payload_on_wire(payload))).payload == payload, make.__name__


@pytest.mark.parametrize(
    "text", ["m", "h", "n", "zz:12", "s: 12", "e:hai từ", "E:12", "https://a.vn", "e:" + "á" * 40, "giá: 12"]
)
def test_what_anybody_could_type_is_a_text(text: str) -> None:
    incoming = heard(message(text=text))
    assert (incoming.payload, incoming.text) == ("", text)


@pytest.mark.parametrize("kind", ["audio", "video", "sticker", "location", "business_card", "gif"])
def test_other_kinds_are_messages_without_words(kind: str) -> None:
    incoming = heard(attached(kind, url="https://a.zdn.vn/x", coordinates={"latitude": "10.7"}))
    assert (incoming.text, incoming.payload, incoming.file) == ("", "", None)


def test_a_picture_is_a_file_by_its_address() -> None:
    file = heard(attached("image", url="https://photo.zdn.vn/a.jpg", thumbnail="https://x.zdn.vn/t")).file
    assert file is not None
    assert (file.id, file.name, file.media_type) == ("https://photo.zdn.vn/a.jpg", "anh.jpg", "image/jpeg")


def test_a_file_keeps_its_name_and_size() -> None:
    file = heard(attached("file", url="https://f.zdn.vn/1", name="Giao việc.xlsx", size="1024")).file
    assert file is not None
    assert (file.name, file.size) == ("Giao việc.xlsx", 1024)
    assert file.media_type.endswith("spreadsheetml.sheet")


@pytest.mark.parametrize("url", [None, 5, "file:///etc/passwd", "javascript:x", "https://" + "a" * 3000])
def test_a_file_without_a_web_address_is_none(url: Any) -> None:
    assert heard(attached("file", url=url, name="a.pdf")).file is None


def test_a_shared_link_is_its_address() -> None:
    assert heard(attached("link", url="https://vanban.vn/12")).text == "https://vanban.vn/12"


def test_following_has_no_sender_and_no_recipient() -> None:
    raw = {"oa_id": OA, "follower": {"id": AN}, "event_name": "follow", "timestamp": STAMP}
    happening = read(raw)
    assert (happening.what, happening.user, happening.key) == (What.FOLLOWED, AN, f"follow:{AN}:{STAMP}")
    assert happening.incoming is not None
    assert happening.incoming.event is Event.UNBLOCKED
    gone = read(raw | {"event_name": "unfollow"})
    assert (gone.what, gone.key) == (What.UNFOLLOWED, f"unfollow:{AN}:{STAMP}")
    assert gone.incoming is not None
    assert gone.incoming.event is Event.BLOCKED
    assert read(raw | {"oa_id": "1"}).what is What.NOTHING


def test_what_somebody_fills_in_is_noted_as_their_writing_and_goes_to_nobody() -> None:
    raw = message(text="") | {"event_name": "user_submit_info", "info": {"phone": "84912345678"}}
    happening = read(raw)
    assert (happening.what, happening.incoming) == (What.WROTE, None)


@pytest.mark.parametrize(
    "name", ["user_seen_message", "user_received_message", "oa_send_text", "shop_order", ""]
)
def test_seen_marks_our_own_messages_and_unknown_events_are_nothing(name: str) -> None:
    assert read(message(text="x") | {"event_name": name}).what is What.NOTHING


def test_a_colleague_in_the_accounts_own_tool_takes_over() -> None:
    raw = message(text="chào bác") | {
        "event_name": "oa_send_text",
        "sender": {"id": OA, "admin_id": 1111},
        "recipient": {"id": AN},
    }
    happening = read(raw)
    assert (happening.what, happening.user, happening.incoming) == (What.HUMAN, AN, None)
    assert read(raw | {"event_name": "oa_send_group_text"}).what is What.NOTHING
    assert read(raw | {"sender": {"id": "7", "admin_id": "1"}}).what is What.NOTHING


def test_events_of_another_account_of_the_app_are_nothing() -> None:
    assert read(message(text="x") | {"recipient": {"id": "999"}}).what is What.NOTHING


# --- groups


@pytest.mark.parametrize(
    "where",
    [
        {"recipient": {"id": OA, "group_id": "f414"}},
        {"recipient": {"id": "f414"}},
        {"group_id": "f414"},
        {"group_id": "f414", "recipient": None},
        {"message": {"msg_id": "1", "group_id": "f414", "text": "/viec"}},
    ],
)
def test_a_groups_id_is_found_wherever_it_stands(where: dict[str, Any]) -> None:
    incoming = heard(group("/viec", **where))
    assert (incoming.chat, incoming.sender, incoming.group) == ("f414", AN, True)


def test_a_mention_calls_us_and_is_not_part_of_what_is_said() -> None:
    incoming = heard(group(f"[@{OA}] việc của tôi [@246]", group_id="f414"))
    assert incoming.text == "việc của tôi"
    assert incoming.addressed


@pytest.mark.parametrize("text", ["/viec", "nhan 12", "Nhận 12", f"[@{OA}]"])
def test_commands_and_words_to_type_call_us_too(text: str) -> None:
    assert read(group(text, group_id="f414")).what is What.GROUP


@pytest.mark.parametrize("text", ["ăn trưa chưa?", "12"])
def test_what_may_answer_a_question_of_ours_does_not_call_us(text: str) -> None:
    assert not heard(group(text, group_id="f414")).addressed
    assert heard(group("/viec", group_id="f414")).addressed
    assert read(group(text, group_id="f414", sender={})).what is What.NOTHING


def test_a_file_in_a_group_may_answer_a_question_of_ours() -> None:
    file = {"type": "file", "payload": {"url": "https://f.zdn.vn/bb.pdf", "name": "Biên bản.pdf"}}
    raw = message("group_file", attachments=[file]) | {"recipient": {"id": "f414"}}
    raw["message"].pop("text", None)
    incoming = heard(raw)
    assert incoming.file is not None
    assert (incoming.file.name, incoming.text, incoming.addressed) == ("Biên bản.pdf", "", False)


@pytest.mark.parametrize("text", ["[@246] xem giúp", "", " "])
def test_what_colleagues_say_to_each_other_is_nothing(text: str) -> None:
    happening = read(group(text, group_id="f414"))
    assert (happening.what, happening.incoming) == (What.NOTHING, None)


def test_a_group_of_another_account_is_nothing() -> None:
    assert read(group("/viec", group_id="f414", recipient={"id": "999"})).what is What.NOTHING
    assert read(group("/viec", group_id="f414", oa_id="999")).what is What.NOTHING
    assert read(group("/viec")).what is What.NOTHING


# --- strange ones


@pytest.mark.parametrize(
    "stamp", ["154390853474", "", "abc", None, "9" * 15, "9" * 400, "-5", 1.5, str(round(NOW.timestamp()))]
)
def test_a_timestamp_that_cannot_be_counts_as_now(stamp: Any) -> None:
    assert heard(message(text="x") | {"timestamp": stamp}).at == NOW


def test_a_moment_ahead_of_us_is_now() -> None:
    ahead = str(round((NOW + timedelta(minutes=2)).timestamp() * 1000))
    assert heard(message(text="x") | {"timestamp": ahead}).at == NOW


def test_a_key_that_no_database_takes_is_kept_by_its_hash() -> None:
    for strange in ("a" * 5000, "mã số", "\x00", "\ud800"):
        key = heard(message(text="x", msg_id=strange)).key
        assert len(key) == 64
        assert key.isascii()


def test_without_an_id_the_key_is_who_did_what_when() -> None:
    assert heard(message(text="x", msg_id=None)).key == f"user_send_text:{AN}:{STAMP}"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"event_name": None},
        message() | {"sender": {"id": ""}},
        message() | {"sender": None},
        message() | {"sender": {"id": "a b"}},
        message() | {"message": "text"},
        message() | {"message": {"attachments": "none"}},
        {"event_name": "follow", "oa_id": OA},
    ],
)
def test_what_cannot_be_read_says_where_without_quoting(raw: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        read(raw)
    assert caught.value.error
    assert AN not in caught.value.error


_NAMES = st.sampled_from(
    ["user_send_text", "user_send_file", "user_send_group_text", "follow", "oa_send_text", "user_submit_info"]
)
_KEYS = st.sampled_from(
    ["id", "admin_id", "group_id", "text", "msg_id", "attachments", "type", "payload", "url"]
)
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([OA, AN])
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(_NAMES, st.dictionaries(st.sampled_from([*message(), "follower", "group_id", "oa_id"]), _JSON))
def test_nothing_but_unreadable_is_raised(name: str, raw: dict[str, Any]) -> None:
    try:
        happening = read({"event_name": name} | raw)
    except Unreadable:
        return
    assert happening.at <= NOW
    assert happening.what is What.NOTHING or (happening.key and happening.user)


def test_numbers_of_any_length_are_read_or_unreadable() -> None:
    for raw in (message() | {"timestamp": 10**5000}, message(size=10**5000) | {"sender": {"id": 10**5000}}):
        try:
            read(raw)
        except Unreadable as unreadable:
            assert unreadable.error  # noqa: PT017 - either is fine
