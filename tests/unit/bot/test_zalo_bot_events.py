"""What of a Zalo bot's events reaches the desk."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.postbox import Unreadable
from bot.channels.zalo_bot_events import Wordless, key_of, read_event, unwrap, without_mention
from office.messages import Incoming

SENT = datetime(2026, 9, 10, 9, 46, 12, 455000, tzinfo=UTC)
NOW = SENT + timedelta(seconds=3)
PERSON = "a1b2c3d4e5f60718293a"
AN = {"id": PERSON, "is_bot": False, "display_name": "Nguyễn Văn An"}
PHOTO = "https://photo-stal-1.zdn.vn/a.jpg"
VOICE = "https://f2-voice-aac-dl.zdn.vn/a.aac"


def event(kind: str = "text", sender: Any = None, **message: Any) -> dict[str, Any]:
    whole = {
        "date": 1789033572455,
        "chat": {"chat_type": "PRIVATE", "id": PERSON},
        "message_id": "m1a2b3c4d5e6f7081920",
        "from": sender if sender is not None else AN,
    }
    return {"event_name": f"message.{kind}.received", "message": whole | message}


def read(raw: Any) -> Incoming | None:
    return read_event(raw, account="1459", now=NOW)


def heard(raw: Any) -> Incoming:
    incoming = read(raw)
    assert incoming is not None
    return incoming


def test_a_text_as_it_was_captured() -> None:
    incoming = heard(event(text="lệ phí?"))
    assert (incoming.channel, incoming.account, incoming.key) == ("zalo_bot", "1459", "m1a2b3c4d5e6f7081920")
    assert (incoming.chat, incoming.sender, incoming.sender_name) == (PERSON, PERSON, "Nguyễn Văn An")
    assert incoming.text == "lệ phí?"
    assert incoming.at == SENT
    assert (incoming.group, incoming.addressed, incoming.file) == (False, True, None)
    assert not isinstance(incoming, Wordless)


def test_text_is_nfc_and_fit_for_a_database() -> None:
    assert heard(event(text=unicodedata.normalize("NFD", " Giấy phép "))).text == "Giấy phép"
    assert heard(event(text="a\x00b \ud83d c")).text == "ab \ufffd c"


@pytest.mark.parametrize("key", ["photo_url", "photo"])
def test_a_picture_is_a_file_under_either_name_and_its_caption_the_text(key: str) -> None:
    incoming = heard(event("image", **{key: PHOTO}, caption="mẫu này?", message_type="CHAT_PHOTO"))
    assert incoming.file is not None
    assert (incoming.file.id, incoming.file.media_type) == (PHOTO, "image/jpeg")
    assert incoming.text == "mẫu này?"
    assert not isinstance(incoming, Wordless)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", {"photo_url": PHOTO}),
        ("voice", {"voice_url": VOICE, "message_type": "CHAT_VOICE"}),
        ("sticker", {"sticker": "0123", "url": "https://zalo-api.zadn.vn/s"}),
        ("unsupported", {}),
        ("text", {}),
    ],
)
def test_what_has_no_words_is_known_as_such(kind: str, content: dict[str, Any]) -> None:
    incoming = heard(event(kind, **content))
    assert isinstance(incoming, Wordless)
    assert incoming.text == ""
    assert (incoming.file is not None) is (kind in ("image", "voice"))


def test_a_group_is_told_from_a_person() -> None:
    incoming = heard(event(text="@Bot phí?", chat={"chat_type": "GROUP", "id": "g1"}))
    assert (incoming.chat, incoming.sender, incoming.group, incoming.addressed) == ("g1", PERSON, True, True)


def test_a_name_may_stand_where_one_sample_has_it_and_ids_may_be_numbers() -> None:
    incoming = heard(event(text="a", message_id=77, sender={"id": 5, "first_name": "An"}))
    assert (incoming.sender_name, incoming.sender, incoming.key) == ("An", "5", "77")


@pytest.mark.parametrize("name", ["message.video.received", "bot.joined", ""])
def test_unknown_events_say_nothing_to_us(name: str) -> None:
    assert read({"event_name": name, "message": {"điều": "lạ"}}) is None


def test_bots_are_not_answered() -> None:
    assert read(event(text="a", sender={"id": "b", "is_bot": True})) is None


def test_what_may_have_been_answered_and_forgotten_is_not_answered_again() -> None:
    old = int((NOW - timedelta(days=7)).timestamp() * 1000)
    young = int((NOW - timedelta(days=6, hours=22)).timestamp() * 1000)
    assert read(event(text="a", date=old)) is None
    assert heard(event(text="a", date=young)).text == "a"


@pytest.mark.parametrize("date", [None, "x", float("nan"), 10**30, {}, -(10**17)])
def test_a_date_that_makes_no_sense_is_now(date: Any) -> None:
    assert heard(event(text="a", date=date)).at == NOW


def test_nobody_writes_later_than_now() -> None:
    assert heard(event(text="a", date=int((NOW + timedelta(hours=2)).timestamp() * 1000))).at == NOW


@pytest.mark.parametrize(
    "broken",
    [
        {"message": None},
        {"message": []},
        {"message": event(text="a", chat={"chat_type": "CHANNEL", "id": "c"})["message"]},
        {"message": event(text="a", sender={})["message"]},
        {"message": event(text="a", message_id="")["message"]},
    ],
)
def test_what_is_broken_is_unreadable_and_not_quoted(broken: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        read({"event_name": "message.text.received", **broken})
    assert PERSON not in caught.value.error
    assert caught.value.error


def test_bodies_come_bare_and_wrapped() -> None:
    bare = event(text="a")
    assert unwrap(bare) == bare
    assert unwrap({"ok": True, "result": bare}) == bare
    assert unwrap({"ok": True, "result": None}) is None
    assert unwrap({"update_id": 1}) is None
    assert unwrap([bare]) is None


def test_an_event_without_an_id_is_known_by_what_it_is() -> None:
    first, other = event(text="a", message_id=None), event(text="b", message_id=None)
    assert key_of(first) == key_of(dict(reversed(first.items())))
    assert key_of(first) != key_of(other)
    assert key_of(event(message_id="x" * 500)).startswith("sha256:")
    assert key_of(event(message_id="a\x00b")).startswith("sha256:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@Bot Xin Luôn lệ phí?", "lệ phí?"),
        ("@bot xin luôn, lệ phí?", "lệ phí?"),
        ("nhờ @Bot Xin Luôn xem hồ sơ", "nhờ xem hồ sơ"),
        ("@bot.VDKyGxQvc phí?", "phí?"),
        ("@Bot Xin Luôn", ""),
        ("@Bot Xin Luônx phí?", "@Bot Xin Luônx phí?"),
        ("hỏi Bot Xin Luôn", "hỏi Bot Xin Luôn"),
        ("@Lan xem  giúp", "@Lan xem  giúp"),
    ],
)
def test_the_mention_of_ourselves_is_taken_out(text: str, expected: str) -> None:
    names = (unicodedata.normalize("NFD", "Bot Xin Luôn"), "bot.VDKyGxQvc")
    assert without_mention(text, names) == expected


def test_without_a_name_nothing_is_taken_out() -> None:
    assert without_mention("@ lệ phí?", ("", " ")) == "@ lệ phí?"


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_ID = st.text(min_size=1)
_LIKELY = st.fixed_dictionaries(
    {
        "event_name": st.sampled_from(["message.text.received", "message.image.received"]) | _PLAIN,
        "message": _PLAIN
        | st.fixed_dictionaries(
            {
                "message_id": st.text() | _PLAIN,
                "chat": _PLAIN
                | st.fixed_dictionaries({"id": st.text(min_size=1), "chat_type": st.just("GROUP")}),
                "from": _PLAIN | st.fixed_dictionaries({"id": _ID}),
                "date": _PLAIN,
                "text": _PLAIN,
                "caption": _PLAIN,
                "photo_url": _PLAIN,
            }
        ),
    }
)


@settings(max_examples=80)
@given(_PLAIN | _LIKELY)
def test_whatever_comes_is_read_or_unreadable(raw: Any) -> None:
    try:
        incoming = read(raw)
    except Unreadable:
        return
    assert incoming is None or incoming.text == unicodedata.normalize("NFC", incoming.text).strip()


@settings(max_examples=80)
@given(_PLAIN | _LIKELY)
def test_every_event_has_a_key_that_fits(raw: Any) -> None:
    found = unwrap(raw)
    if found is not None:
        key = key_of(found)
        assert 0 < len(key) <= 200
        assert key.isascii()
        assert key == key_of(found)
