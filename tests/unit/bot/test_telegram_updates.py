"""What of Telegram's updates reaches the desk."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.telegram_updates import Arrival, Ourselves, Unreadable, read_update
from office.messages import Event, Incoming

US = Ourselves(id=42, username="XinLuonBot")
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 21, 2, 59, tzinfo=UTC)
PERSON = {"id": 7, "is_bot": False, "first_name": "A"}
BOT = {"id": 42, "is_bot": True, "first_name": "Xin Luôn", "username": "XinLuonBot"}
PRIVATE = {"id": 7, "type": "private", "first_name": "A"}
GROUP = {"id": -100, "type": "supergroup", "title": "Phòng"}


def entity(kind: str, text: str, part: str, **more: Any) -> dict[str, Any]:
    before = text[: text.index(part)]
    units = [len(piece.encode("utf-16-le")) // 2 for piece in (before, part)]
    return {"type": kind, "offset": units[0], "length": units[1], **more}


def message(text: str = "", *, chat: dict[str, Any] = PRIVATE, **more: Any) -> Arrival:
    body = {"message_id": 5, "date": int(SENT.timestamp()), "chat": chat, "from": PERSON, **more}
    if text:
        body["text"] = text
    return read_update({"update_id": 9, "message": body}, US, now=NOW)


def heard(arrival: Arrival) -> str | None:
    return arrival.incoming.text if arrival.incoming else None


def test_a_private_message() -> None:
    incoming = message("lệ phí?").incoming
    assert incoming is not None
    assert (incoming.channel, incoming.account, incoming.key) == ("telegram", "42", "update:9")
    assert (incoming.chat, incoming.sender, incoming.text) == ("7", "7", "lệ phí?")
    assert incoming.at == SENT
    assert incoming.at.tzinfo is UTC
    assert incoming.group is False


def test_text_is_nfc_and_fit_for_a_database() -> None:
    assert heard(message(unicodedata.normalize("NFD", "Giấy phép"))) == "Giấy phép"
    assert heard(message("a\x00b \ud83d c")) == "ab \ufffd c"


def test_captions_count_and_albums_without_words_do_not() -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    assert heard(message(photo=photo, caption="mẫu này?")) == "mẫu này?"
    assert heard(message(photo=photo)) == ""
    assert heard(message(photo=photo, media_group_id="1")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/start abc_123", "/start"),
        ("/start", "/start"),
        ("/start@xinluonbot abc", "/start"),
        ("/hoi lệ phí", "/hoi lệ phí"),
        ("/hoi@XinLuonBot lệ phí", "/hoi lệ phí"),
    ],
)
def test_commands(text: str, expected: str) -> None:
    entities = [entity("bot_command", text, text.split()[0])]
    assert heard(message(text, entities=entities)) == expected
    assert heard(message(text, chat=GROUP, entities=entities)) == expected


def test_in_groups_only_what_is_meant_for_us_is_heard() -> None:
    assert heard(message("mai họp nhé", chat=GROUP)) is None
    other = "/hoi@OtherBot phí"
    command = [entity("bot_command", other, "/hoi@OtherBot")]
    assert heard(message(other, chat=GROUP, entities=command)) is None
    ours = {"message_id": 3, "date": 1, "chat": GROUP, "from": BOT, "text": "Xin chào"}
    assert heard(message("còn phí?", chat=GROUP, reply_to_message=ours)) == "còn phí?"
    assert heard(message(other, chat=GROUP, entities=command, reply_to_message=ours)) is None
    theirs = ours | {"from": PERSON}
    assert heard(message("còn phí?", chat=GROUP, reply_to_message=theirs)) is None


def test_messages_in_a_topic_that_we_made_are_not_replies_to_us() -> None:
    made = {"message_id": 3, "date": 1, "chat": GROUP, "from": BOT}
    made["forum_topic_created"] = {"name": "Việc", "icon_color": 1}
    assert heard(message("mai họp nhé", chat=GROUP, reply_to_message=made)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@xinluonbot, lệ phí?", "lệ phí?"),
        ("😀 nhờ @XinLuonBot xem hồ sơ", "😀 nhờ xem hồ sơ"),
        ("@XinLuonBot", ""),
    ],
)
def test_a_mention_calls_us_and_is_taken_out(text: str, expected: str) -> None:
    name = next(word.strip(",") for word in text.split() if word.startswith("@"))
    assert heard(message(text, chat=GROUP, entities=[entity("mention", text, name)])) == expected
    assert heard(message(text.replace("luon", "kem").replace("Luon", "Kem"), chat=GROUP)) is None


def test_a_mention_of_our_name_without_username_calls_us() -> None:
    text = "Xin Luôn ơi, phí?"
    named = [entity("text_mention", text, "Xin Luôn", user=BOT)]
    assert heard(message(text, chat=GROUP, entities=named)) == "ơi, phí?"


def test_bots_channels_and_service_messages_are_ignored() -> None:
    assert heard(message("a", **{"from": PERSON | {"is_bot": True}})) is None
    assert heard(message("/a", chat=GROUP, sender_chat=GROUP)) is None
    assert heard(message("a", chat={"id": -5, "type": "channel", "title": "K"})) is None
    assert heard(message(chat=GROUP, new_chat_members=[PERSON])) is None
    posted = {"message_id": 5, "date": 1, "chat": {"id": -5, "type": "channel", "title": "K"}, "text": "a"}
    assert read_update({"update_id": 9, "channel_post": posted}, US, now=NOW).incoming is None
    assert read_update({"update_id": 9, "something_new": {}}, US, now=NOW).incoming is None


def test_answers_in_groups_quote_and_stay_in_the_topic() -> None:
    text = "/hoi"
    topic = {"message_thread_id": 77, "is_topic_message": True}
    arrival = message(text, chat=GROUP, entities=[entity("bot_command", text, text)], **topic)
    assert (arrival.address.chat, arrival.address.question, arrival.address.topic) == (-100, 5, 77)
    thread = message(text, chat=GROUP, message_thread_id=77)  # a mere chain of replies
    assert thread.address.topic is None
    assert message("a").address.question is None


def tap(**more: Any) -> Arrival:
    shown = {"message_id": 6, "date": 1, "chat": GROUP, "from": BOT, "text": "?"}
    query = {"id": "q1", "from": PERSON, "chat_instance": "1", "message": shown, "data": "facet:fee"}
    return read_update({"update_id": 9, "callback_query": query | more}, US, now=NOW)


def test_a_tap_carries_its_payload_and_the_present_moment() -> None:
    arrival = tap()
    assert arrival.query == "q1"
    assert arrival.address.tapped == 6
    assert arrival.incoming is not None
    assert (arrival.incoming.payload, arrival.incoming.text) == ("facet:fee", "")
    assert (arrival.incoming.at, arrival.incoming.group) == (NOW, True)


def test_a_tap_on_a_message_too_old_to_be_seen_still_counts() -> None:
    arrival = tap(message={"message_id": 6, "date": 0, "chat": PRIVATE})
    assert arrival.incoming is not None
    assert (arrival.incoming.chat, arrival.address.tapped) == ("7", 6)


def test_a_tap_without_payload_is_only_answered() -> None:
    arrival = tap(data=None, game_short_name="x")
    assert (arrival.query, arrival.incoming) == ("q1", None)


@pytest.mark.parametrize(
    "raw",
    [
        {"update_id": 9, "message": {"message_id": 1, "chat": PRIVATE, "date": "bí mật"}},
        {"update_id": 9, "message": "bí mật"},
        {"update_id": 9, "callback_query": {"id": "bí mật"}},
    ],
)
def test_what_cannot_be_read_is_named_without_its_content(raw: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        read_update(raw, US, now=NOW)
    assert caught.value.__context__ is None
    assert caught.value.error.isidentifier()


# --- events


def incoming_of(arrival: Arrival) -> Incoming:
    assert arrival.incoming is not None
    return arrival.incoming


def changed(before: str, after: str, *, chat: dict[str, Any] = GROUP, **member: Any) -> Arrival:
    body = {"chat": chat, "from": PERSON | {"last_name": "Lê"}, "date": int(SENT.timestamp())}
    body |= {"old_chat_member": being(before, **member), "new_chat_member": being(after, **member)}
    return read_update({"update_id": 9, "my_chat_member": body}, US, now=NOW)


def being(status: str, **more: Any) -> dict[str, Any]:
    """A ChatMember of ours; `muted` is restricted without the right to write."""
    member: dict[str, Any] = {"user": BOT, "status": "restricted" if status == "muted" else status}
    if status in ("restricted", "muted"):
        rights: tuple[str, ...] = (
            *("send_messages", "send_audios", "send_documents", "send_photos", "send_videos"),
            *("send_video_notes", "send_voice_notes", "send_polls", "send_other_messages"),
            *("add_web_page_previews", "change_info", "invite_users", "pin_messages", "manage_topics"),
            *("edit_tag", "react_to_messages"),
        )
        member |= {f"can_{right}": status == "restricted" for right in rights}
        member |= {"is_member": True, "until_date": 0}
    elif status == "administrator":
        rights = (
            *("be_edited", "manage_chat", "delete_messages", "manage_video_chats", "restrict_members"),
            *("promote_members", "change_info", "invite_users", "post_stories", "edit_stories"),
            *("delete_stories", "pin_messages"),
        )
        member |= {f"can_{right}": False for right in rights} | {"is_anonymous": False}
    elif status == "kicked":
        member["until_date"] = 0
    return member | more


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        ("left", "member", Event.ADDED),
        ("kicked", "administrator", Event.ADDED),
        ("muted", "member", Event.ADDED),
        ("muted", "restricted", Event.ADDED),
        ("member", "left", Event.REMOVED),
        ("administrator", "kicked", Event.REMOVED),
        ("member", "muted", Event.REMOVED),
        ("member", "administrator", None),
        ("left", "kicked", None),
        ("left", "muted", None),
    ],
)
def test_a_group_is_entered_and_left_when_writing_there_begins_and_ends(
    before: str, after: str, event: Event | None
) -> None:
    arrival = changed(before, after)
    assert (arrival.incoming.event if arrival.incoming else None) == event
    assert arrival.address.chat == -100


def test_an_event_says_who_did_it_and_where() -> None:
    incoming = incoming_of(
        changed("left", "member", chat=GROUP | {"title": unicodedata.normalize("NFD", "Sở")})
    )
    assert (incoming.key, incoming.chat, incoming.group, incoming.title) == ("update:9", "-100", True, "Sở")
    assert (incoming.sender, incoming.sender_name, incoming.at) == ("7", "A Lê", SENT)
    assert (incoming.text, incoming.payload) == ("", "")


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        ("member", "kicked", Event.BLOCKED),
        ("kicked", "member", Event.UNBLOCKED),
        ("left", "member", None),
    ],
)
def test_a_person_blocks_and_unblocks(before: str, after: str, event: Event | None) -> None:
    incoming = changed(before, after, chat=PRIVATE).incoming
    assert (incoming.event if incoming else None) == event
    assert incoming is None or incoming.group is False


def test_channels_are_none_of_our_business() -> None:
    assert changed("left", "administrator", chat={"id": -5, "type": "channel", "title": "K"}).incoming is None


def test_both_messages_of_a_move_say_the_same_and_take_turns_in_the_new_chat() -> None:
    old = {"id": -50, "type": "group", "title": "Phòng"}
    told_in_old = message(chat=old, migrate_to_chat_id=-100)
    told_in_new = message(chat=GROUP, migrate_from_chat_id=-50, sender_chat=GROUP)
    for arrival in (told_in_old, told_in_new):
        incoming = incoming_of(arrival)
        assert (incoming.event, incoming.chat, incoming.moved_to) == (Event.MIGRATED, "-50", "-100")
        assert arrival.address.chat == -100


# --- files, names, topics


def test_a_document_comes_with_its_caption() -> None:
    document = {"file_id": "d1", "file_unique_id": "u", "file_name": "giao việc.xlsx", "file_size": 900}
    incoming = incoming_of(message(document=document | {"mime_type": "application/x"}, caption="/nhap"))
    assert incoming.text == "/nhap"
    assert incoming.file is not None
    assert (incoming.file.id, incoming.file.name, incoming.file.media_type, incoming.file.size) == (
        *("d1", "giao việc.xlsx", "application/x", 900),
    )


def test_of_a_photo_the_largest_size_is_taken() -> None:
    sizes = [(90, 60), (1280, 853), (320, 213)]
    photo = [{"file_id": f"f{w}", "file_unique_id": "u", "width": w, "height": h} for w, h in sizes]
    incoming = incoming_of(message(photo=photo))
    assert incoming.file is not None
    assert (incoming.file.id, incoming.file.media_type, incoming.text) == ("f1280", "image/jpeg", "")


def test_a_file_in_a_group_is_heard_only_when_it_answers_or_names_us() -> None:
    document = {"file_id": "d1", "file_unique_id": "u"}
    ours = {"message_id": 3, "date": 1, "chat": GROUP, "from": BOT, "text": "Gửi tài liệu minh chứng"}
    assert message(chat=GROUP, document=document).incoming is None
    assert message(chat=GROUP, document=document, caption="báo cáo").incoming is None
    answer = incoming_of(message(chat=GROUP, document=document, reply_to_message=ours))
    assert answer.file is not None
    caption = "@XinLuonBot xong 12"
    named = [entity("mention", caption, "@XinLuonBot")]
    mentioned = message(chat=GROUP, document=document, caption=caption, caption_entities=named)
    assert incoming_of(mentioned).text == "xong 12"


def test_names_titles_and_topics_are_told() -> None:
    text = "/viec"
    topic = {"message_thread_id": 77, "is_topic_message": True}
    entities = [entity("bot_command", text, text)]
    incoming = incoming_of(message(text, chat=GROUP, entities=entities, **topic))
    assert (incoming.title, incoming.sender_name, incoming.topic) == ("Phòng", "A", "77")
    assert (incoming_of(message("a")).title, incoming_of(message("a")).topic) == ("", "")
    shown = {"message_id": 6, "date": 1, "chat": GROUP, "from": BOT, "text": "?"} | topic
    assert incoming_of(tap(message=shown)).topic == "77"
