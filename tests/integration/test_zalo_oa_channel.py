"""The Official Account's channel against a Zalo of our own on a real socket."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.channels.base import ChannelDown, FileUnavailable
from bot.channels.zalo_oa_signature import PROBE
from bot.channels.zalo_oa_tokens import store_pair
from handlers.conversation import Talk
from office import groups
from office.database import DatabaseUnavailable
from office.inbox import InboxState, Update
from office.messages import Choice, ChoiceKind, File, Incoming, Reply
from office.people import ChatAccount, Member
from office.zalo_tokens import ZaloTokens
from tests.fakes.zalo_oa import (
    CS_PATH,
    TOKEN_PATH,
    FakeZaloOa,
    bad_gateway,
    drop_before,
    passes,
    refuse,
    slow,
)
from tests.integration.channel_stage import until
from tests.integration.zalo_oa_stage import MovableClock, Stage, say, served

GROUPS = "/v3.0/oa/group/getgroupsofoa"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def fake(clock: MovableClock) -> Iterator[FakeZaloOa]:
    with FakeZaloOa(now=clock.now, follow_opens=True) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, fake: FakeZaloOa, clock: MovableClock) -> Iterator[Stage]:
    made = Stage(tmp_path, fake, clock)
    yield made
    made.close()


def texts(fake: FakeZaloOa) -> list[str]:
    return [message.text for message in fake.sent]


async def settled(stage: Stage) -> None:
    """Everything that was posted has been taken and is done with."""
    await stage.fake.until(lambda: not stage.fake.unanswered)
    await until(lambda: all(s in (InboxState.ANSWERED, InboxState.POISONED) for s in stage.states()))


def option(label: str, payload: str) -> Choice:
    return Choice(kind=ChoiceKind.OPTION, label=label, payload=payload)


CHOICES = (option("Hồ sơ", "e:ruou:documents"), option("Lệ phí", "e:ruou:fee"))


def offering(incoming: Incoming) -> tuple[Reply, ...]:
    said = f"đáp {incoming.text or incoming.payload}"
    return () if incoming.event is not None else (say(said, choices=CHOICES),)


# --- asking and answering


async def test_a_question_is_answered(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("Nguyễn Văn An")
    async with stage.serving() as oa:
        fake.say(an, "lệ phí?")
        await settled(stage)
        assert texts(fake) == ["đáp lệ phí?"]
        assert oa.state.facts["name"] == "UBND phường Thí Điểm"
        assert oa.state.facts["verified"] == "yes"
    assert fake.late == []


async def test_a_chat_is_answered_in_the_order_it_wrote(stage: Stage, fake: FakeZaloOa) -> None:
    an, binh = fake.person("An"), fake.person("Bình")
    async with stage.serving():
        for number in range(4):
            fake.say(an, f"a{number}")
            fake.say(binh, f"b{number}")
        await settled(stage)
    assert [m.text for m in fake.received(an)] == [f"đáp a{number}" for number in range(4)]
    assert len(fake.received(binh)) == 4


async def test_choices_are_buttons_and_a_tap_is_a_payload(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    stage.desk.reply = offering
    async with stage.serving():
        fake.say(an, "rượu")
        await settled(stage)
        assert fake.sent[0].labels == ["Hồ sơ", "Lệ phí"]
        assert "1." not in fake.sent[0].text
        fake.tap(an, fake.sent[0], "Lệ phí")
        await settled(stage)
    assert stage.desk.heard[-1].payload == "e:ruou:fee"
    assert fake.sent[-1].text == "đáp e:ruou:fee"


async def test_the_letter_of_a_button_is_told_from_one_that_was_typed(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    stage.desk.reply = lambda i: (say("chọn", choices=(option("Hỏi việc khác", "n"),)),)
    async with stage.serving():
        fake.say(an, "n")
        await settled(stage)
        fake.tap(an, fake.sent[0], "Hỏi")
        await settled(stage)
    assert [(i.text, i.payload) for i in stage.desk.heard] == [("n", ""), ("", "n")]


async def test_where_buttons_are_refused_choices_are_numbered_from_then_on(
    tmp_path: Path, clock: MovableClock
) -> None:
    with FakeZaloOa(now=clock.now, buttons=False) as fake:
        stage = Stage(tmp_path, fake, clock)
        stage.desk.reply = offering
        an = fake.person("An")
        async with stage.serving():
            fake.say(an, "một")
            fake.say(an, "hai")
            await settled(stage)
        first, second = fake.sent
        assert "1. Hồ sơ" in first.text
        assert "Trả lời 1 hoặc 2." in second.text
        assert len(fake.called(CS_PATH)) == 3  # with buttons, and twice without
        stage.close()


async def test_a_message_that_is_refused_for_itself_says_nothing_of_buttons(
    stage: Stage, fake: FakeZaloOa
) -> None:
    an = fake.person("An")
    stage.desk.reply = offering
    fake.plan(CS_PATH, refuse(-201), refuse(-201))
    async with stage.serving():
        fake.say(an, "một")
        fake.say(an, "hai")
        await settled(stage)
    [message] = fake.sent
    assert message.labels == ["Hồ sơ", "Lệ phí"]


async def test_an_error_that_may_be_of_buttons_costs_nobody_the_answer(
    stage: Stage, fake: FakeZaloOa
) -> None:
    an = fake.person("An")
    stage.desk.reply = offering
    fake.plan(CS_PATH, refuse(-9911, "unsupported attachment"))
    async with stage.serving():
        fake.say(an, "một")
        fake.say(an, "hai")
        await settled(stage)
    first, second = fake.sent
    assert "1. Hồ sơ" in first.text
    assert second.labels == ["Hồ sơ", "Lệ phí"]


async def test_an_office_whose_buttons_are_not_shown_switches_them_off(
    tmp_path: Path, fake: FakeZaloOa, clock: MovableClock
) -> None:
    stage = Stage(tmp_path, fake, clock, buttons=False)
    stage.desk.reply = lambda i: (say("dài " * 495, choices=CHOICES),)
    an = fake.person("An")
    fake.plan(CS_PATH, passes(), refuse(-100))
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
    first, second = fake.sent
    assert first.text.endswith("(1/2)")
    assert "1. Hồ sơ" in second.text
    stage.close()


async def test_a_file_that_zalo_will_not_have_is_given_by_its_address(stage: Stage, fake: FakeZaloOa) -> None:
    class Addresses:
        async def address(self, file: File) -> str | None:
            return "https://hoi.example.vn/tep/1" if file.name == "a.pdf" else None

    stage.addresses = Addresses()
    names = ("a.pdf", "b.pdf")
    kept = [File(name=name, media_type="application/pdf", content=b"%PDF") for name in names]
    stage.desk.reply = lambda i: (say("Đây ạ.", *kept),)
    fake.plan("/v2.0/oa/upload/file", refuse(-211), refuse(-211))
    an = fake.person("An")
    async with stage.serving():
        fake.say(an, "tệp")
        await settled(stage)
    assert texts(fake)[1] == "Tệp a.pdf: https://hoi.example.vn/tep/1"
    assert "không gửi được tệp (b.pdf)" in texts(fake)[2]


async def test_pictures_and_small_documents_are_sent_and_the_rest_by_address(
    stage: Stage, fake: FakeZaloOa
) -> None:
    class Addresses:
        async def address(self, file: File) -> str | None:
            return f"https://hoi.example.vn/tep/{file.name}"

    stage.addresses = Addresses()
    chart = File(name="biểu đồ.png", media_type="image/png", content=b"\x89PNG\r\n\x1a\n..", picture=True)
    form = File(name="Mẫu đơn.docx", media_type="application/x", content=b"PK")
    sheet = File(name="bang.xlsx", media_type="application/x", content=b"PK")
    stage.desk.reply = lambda i: (say("Đây ạ.", chart, form, sheet),)
    an = fake.person("An")
    async with stage.serving():
        fake.say(an, "tệp")
        await settled(stage)
    text, picture, document = fake.sent
    assert "https://hoi.example.vn/tep/bang.xlsx" in text.text
    assert picture.file is not None
    assert picture.file.content == chart.content
    assert document.file is not None
    assert document.file.name == "Mẫu đơn.docx"


# --- which version of the API


async def test_a_state_agency_is_sent_to_by_v2_after_its_own_error_and_from_then_on(
    tmp_path: Path, clock: MovableClock
) -> None:
    with FakeZaloOa(now=clock.now, state_agency=True) as fake:
        stage = Stage(tmp_path, fake, clock)
        an = fake.person("An")
        async with stage.serving():
            fake.say(an, "một")
            fake.say(an, "hai")
            await settled(stage)
        assert [m.version for m in fake.sent] == ["v2", "v2"]
        assert len(fake.called(CS_PATH)) == 1
        async with stage.serving() as oa:  # another life remembers
            fake.say(an, "ba")
            await settled(stage)
            assert oa.state.facts["oa_type"] == "4"
        assert len(fake.called(CS_PATH)) == 1
        assert [m.text for m in fake.sent] == ["đáp một", "đáp hai", "đáp ba"]
        stage.close()


async def test_the_version_that_works_is_kept_and_given_up_when_it_is_shut(
    stage: Stage, fake: FakeZaloOa
) -> None:
    with stage.sessions.begin() as session:
        session.execute(update(ZaloTokens).values(version="v2.0"))
    an = fake.person("An")
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
    assert [m.version for m in fake.sent] == ["v3"]
    with stage.session() as session:
        assert session.scalar(select(ZaloTokens.version)) == "v3.0"


# --- tokens


@pytest.mark.parametrize("code", [-216, -220])
async def test_a_token_that_ran_out_is_renewed_once(tmp_path: Path, clock: MovableClock, code: int) -> None:
    with FakeZaloOa(now=clock.now, expired_error=code) as fake:
        stage = Stage(tmp_path, fake, clock)
        an = fake.person("An")
        async with stage.serving():
            fake.expire_access()
            fake.say(an, "một")
            fake.say(an, "hai")
            await settled(stage)
        assert texts(fake) == ["đáp một", "đáp hai"]
        assert len(fake.called(TOKEN_PATH)) == 1
        stage.close()


async def test_a_token_is_renewed_before_it_ends_though_nobody_writes(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    async with stage.serving():
        clock.ahead = timedelta(hours=24, minutes=30)
        await fake.until(lambda: fake.called(TOKEN_PATH))
        await asyncio.sleep(0.1)
        assert len(fake.called(TOKEN_PATH)) == 1


async def test_without_consent_the_channel_is_down_and_says_what_to_do(
    stage: Stage, fake: FakeZaloOa
) -> None:
    fake.revoke()
    fake.expire_access()
    with pytest.raises(ChannelDown) as caught:
        await stage.channel().run()
    assert "xinluon zalo login" in caught.value.reason
    assert not caught.value.retry


async def test_consent_that_ends_while_serving_brings_it_down_and_loses_no_message(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    an = fake.person("An")
    oa = stage.channel()
    running = asyncio.create_task(oa.run())
    await until(lambda: oa.state.up)
    fake.revoke()
    fake.expire_access()
    async with served(oa) as address:
        fake.webhook_url = address
        fake.say(an, "một")
        with pytest.raises(ChannelDown):
            await running
        fake.say(an, "hai")
        await fake.until(lambda: not fake.unanswered)
        assert fake.sent == []
        access, refresh = fake.tokens()
        with stage.sessions.begin() as session:
            store_pair(session, fake.oa_id, fake.app_id, access, refresh, "90000", clock.now())
        running = asyncio.create_task(oa.run())
        await settled(stage)
    assert texts(fake) == ["đáp một", "đáp hai"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_another_accounts_token_is_not_used(
    tmp_path: Path, fake: FakeZaloOa, clock: MovableClock
) -> None:
    stage = Stage(tmp_path, fake, clock)
    fake.oa_id = "111"
    with pytest.raises(ChannelDown, match="Mã truy cập là của OA 111"):
        await stage.channel().run()
    stage.close()


@pytest.mark.parametrize("code", [-212, -223, -235, -9999])
async def test_an_account_that_may_not_be_looked_at_still_answers(
    stage: Stage, fake: FakeZaloOa, code: int
) -> None:
    fake.plan("/v2.0/oa/getoa", *[refuse(code)] * 100)
    an = fake.person("An")
    fake.plan(CS_PATH, drop_before())  # so that it asks whether Zalo is there
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
    assert texts(fake) == ["đáp một"]


async def test_an_account_that_is_locked_is_down_and_says_so(stage: Stage, fake: FakeZaloOa) -> None:
    fake.plan("/v2.0/oa/getoa", refuse(-204))
    with pytest.raises(ChannelDown, match="OA đang bị khoá"):
        await stage.channel().run()


async def test_while_zalo_takes_no_answer_the_state_says_why(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    fake.plan(CS_PATH, refuse(-224))
    async with stage.serving() as oa:
        fake.say(an, "một")
        await settled(stage)
        assert oa.state.up
        assert "Gói dịch vụ của OA không có chức năng này. Mua hoặc gia hạn" in oa.state.detail
        assert (oa.state.facts["refuses"], len(str(oa.state.facts["refuses_since"]))) == (oa.state.detail, 25)
        fake.say(an, "hai")
        await settled(stage)
        assert oa.state.detail == ""
        assert not {"refuses", "refuses_since"} & set(oa.state.facts)


async def test_told_to_stop_once_more_while_it_stops_it_leaves_no_connection_open(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    oa = stage.channel()
    running = asyncio.create_task(oa.run())
    await until(lambda: oa.state.up)
    line = oa._server.line
    assert line is not None
    monkeypatch.setattr(oa._server, "close", asyncio.Event().wait)
    running.cancel()
    await until(lambda: not oa.state.up)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert line.api._wire._client.is_closed


async def test_it_waits_for_zalo_to_be_there(stage: Stage, fake: FakeZaloOa) -> None:
    fake.plan("/v2.0/oa/getoa", drop_before(), bad_gateway(), refuse(-100))
    async with stage.serving(webhook=False) as oa:
        assert oa.state.up
        assert len(fake.called("/v2.0/oa/getoa")) == 4


# --- trouble with sending


async def test_an_answer_is_tried_again_until_it_is_taken(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    fake.plan(CS_PATH, drop_before(), refuse(-100))
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
    assert texts(fake) == ["đáp một"]


async def test_too_fast_is_told_to_the_pace_of_the_whole_account(
    stage: Stage, fake: FakeZaloOa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa_errors.RATE_PAUSE", 0.02)
    an = fake.person("An")
    fake.plan(CS_PATH, refuse(-32))
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
    assert texts(fake) == ["đáp một"]
    assert stage.gate.floods == [(an.id, 0.02, True)]


# --- the webhook


async def test_zalo_is_answered_at_once_while_the_desk_is_slow(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    stage.desk.gate = threading.Event()
    async with stage.serving():
        fake.say(an, "một")
        await fake.until(lambda: not fake.unanswered)
        assert fake.sent == []
        stage.desk.gate.set()
        await settled(stage)
    assert texts(fake) == ["đáp một"]
    assert fake.late == []


@pytest.mark.parametrize("prefix", [True, False])
async def test_only_what_zalo_has_signed_is_taken(tmp_path: Path, clock: MovableClock, prefix: bool) -> None:
    with FakeZaloOa(now=clock.now, signature_prefix=prefix) as fake:
        stage = Stage(tmp_path, fake, clock)
        an = fake.person("An")
        async with stage.serving():
            fake.say(an, "thật")
            await settled(stage)
            forged = fake.events[0] | {"message": {"text": "giả", "msg_id": "1"}}
            for signature in (False, "", "mac=00", fake.signature(b"{}")):
                assert await asyncio.to_thread(fake.post, forged, signature=signature) == 401
        assert stage.desk.texts == ["thật"]
        stage.close()


async def test_events_that_are_signed_with_the_apps_key_are_taken(
    stage: Stage, fake: FakeZaloOa, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fake.webhook_secret = fake.app_secret
    async with stage.serving():
        fake.say(fake.person("An"), "một")
        await settled(stage)
    assert texts(fake) == ["đáp một"]
    assert "(đúng, bằng khoá bí mật của ứng dụng)" in caplog.text


async def test_a_wrong_key_is_loud_until_an_event_is_accepted(
    tmp_path: Path, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with FakeZaloOa(now=clock.now) as fake:
        stage = Stage(tmp_path, fake, clock)
        async with stage.serving() as oa:
            state = oa.state

            async def wrong(signature: str = "mac=00") -> None:
                event = {"event_name": "user_send_text", "timestamp": "1"}
                assert await asyncio.to_thread(fake.post, event, signature=signature) == 401

            await wrong(PROBE)
            assert await asyncio.to_thread(fake.post, {"timestamp": "1"}, signature=False) == 401
            assert "bad_signatures" not in state.facts
            await wrong()
            await wrong()
            assert (
                "lần đầu: có mac=, 2 ký tự không phải 64 chữ số hệ 16 (SAI, sự kiện bị từ chối)"
                in caplog.text
            )
            assert "Chữ ký webhook Zalo OA sai: 1 sự kiện bị từ chối; kiểm tra XINLUON_ZALO" in caplog.text
            assert "2 sự kiện" not in caplog.text
            clock.ahead += timedelta(minutes=10)
            await wrong()
            assert "sai: 3 sự kiện bị từ chối; kiểm tra" in caplog.text
            assert (state.up, state.facts["bad_signatures"]) == (True, 3)
            assert (
                "3 sự kiện bị từ chối và chưa nhận được sự kiện nào từ đó. Chép lại OA Secret" in state.detail
            )
            fake.say(fake.person("An"), "thật")
            await settled(stage)
            assert (state.up, state.detail, state.facts["bad_signatures"]) == (True, "", 3)
            assert str(state.facts["last_good_signature"]) > str(state.facts["last_bad_signature"])
        stage.close()


async def test_a_body_that_is_too_large_is_not_read_to_its_end(stage: Stage, fake: FakeZaloOa) -> None:
    async with stage.serving():
        assert await asyncio.to_thread(fake.post, b"x" * 1_100_000) == 413


async def test_what_says_nothing_or_cannot_be_read_is_taken_once_and_for_all(
    stage: Stage, fake: FakeZaloOa, caplog: pytest.LogCaptureFixture
) -> None:
    an = fake.person("An")
    base = {"app_id": fake.app_id, "timestamp": "1732400000000", "recipient": {"id": fake.oa_id}}
    async with stage.serving():
        for event in (
            base | {"event_name": "shop_has_order"},
            base | {"event_name": "user_send_text", "sender": {}, "message": {"text": "bí mật"}},
            base | {"event_name": "user_send_text", "sender": {"id": an.id}, "message": "bí mật"},
            base | {"event_name": "user_send_text", "sender": {"id": an.id}, "recipient": {"id": "9"}},
        ):
            assert await asyncio.to_thread(fake.post, event) == 200
        fake.say(an, "sau đó")
        await settled(stage)
    assert texts(fake) == ["đáp sau đó"]
    assert caplog.text.count("không đọc được") == 2
    assert "bí mật" not in caplog.text


async def test_an_event_that_comes_again_is_answered_once(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    async with stage.serving():
        fake.say(an, "một")
        await fake.until(lambda: fake.sent)
        for number in (1, 2):
            fake.repeat(fake.events[0], num_retry=number)
        fake.say(an, "một", msg_id="khac-1")
        await settled(stage)
    assert texts(fake) == ["đáp một", "đáp một"]
    assert len(stage.desk.heard) == 2


async def test_an_answer_is_not_given_twice_where_the_note_of_it_has_to_wait(
    stage: Stage, fake: FakeZaloOa, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Exception] = [DatabaseUnavailable("tệp đang bị khoá", "thử lại")] * 2
    note = stage.desk.answered

    def answered(incoming: Incoming) -> None:
        if ends:
            raise ends.pop()
        note(incoming)

    monkeypatch.setattr(stage.desk, "answered", answered)
    async with stage.serving():
        fake.say(fake.person("An"), "phí rượu")
        await settled(stage)
    assert texts(fake) == ["đáp phí rượu"]
    assert ends == []


async def test_while_the_database_is_away_zalo_is_asked_to_come_again(
    stage: Stage, fake: FakeZaloOa, monkeypatch: pytest.MonkeyPatch
) -> None:
    an = fake.person("An")
    async with stage.serving() as oa:
        store = oa._server._postbox._intake._store
        failures = iter((True, True))

        def fails(*given: Any) -> bool:
            if next(failures, False):
                raise DatabaseUnavailable("đĩa đầy", "dọn đĩa")
            return store(*given)

        monkeypatch.setattr(oa._server._postbox._intake, "_store", fails)
        fake.say(an, "một")
        await settled(stage)
    assert texts(fake) == ["đáp một"]


async def test_storing_that_takes_too_long_is_answered_in_time_and_done_once(
    stage: Stage, fake: FakeZaloOa, monkeypatch: pytest.MonkeyPatch
) -> None:
    an = fake.person("An")
    stage.pace = replace(stage.pace, stored=0.1)
    async with stage.serving() as oa:
        store = oa._server._postbox._intake._store
        pauses = iter((0.3,))

        def slowly(*given: Any) -> bool:
            time.sleep(next(pauses, 0.0))
            return store(*given)

        monkeypatch.setattr(oa._server._postbox._intake, "_store", slowly)
        fake.say(an, "một")
        await settled(stage)
    assert texts(fake) == ["đáp một"]
    assert fake.late == []


async def test_what_was_stored_before_a_crash_is_answered_in_the_next_life(
    stage: Stage, fake: FakeZaloOa
) -> None:
    an = fake.person("An")
    fake.plan(CS_PATH, *[refuse(-100)] * 300)
    async with stage.serving():
        fake.say(an, "một")
        await fake.until(lambda: not fake.unanswered)
        await until(lambda: stage.states() == [InboxState.HANDLED])
    assert stage.states() == [InboxState.HANDLED]
    fake._plans.clear()
    async with stage.serving():
        await settled(stage)
    assert texts(fake) == ["đáp một"]
    assert len(stage.desk.heard) == 1


async def test_an_answer_that_is_days_late_is_not_given(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    an = fake.person("An")
    fake.plan(CS_PATH, *[refuse(-100)] * 300)
    async with stage.serving():
        fake.say(an, "một")
        await fake.until(lambda: not fake.unanswered)
        await until(lambda: stage.desk.heard)
    fake._plans.clear()
    clock.ahead = timedelta(days=8)
    async with stage.serving():
        await settled(stage)
    assert fake.sent == []


# --- people


async def test_a_first_follower_is_greeted(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An", follows=False)
    async with stage.serving():
        fake.follow(an)
        await settled(stage)
        assert texts(fake) == ["đáp /start"]
        fake.unfollow(an)
        await settled(stage)
        fake.follow(an)
        await settled(stage)
    assert texts(fake) == ["đáp /start"]
    assert stage.desk.events == ["unblocked", "blocked", "unblocked"]


async def test_who_wrote_before_following_is_not_greeted(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An", follows=False)
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
        fake.follow(an)
        await settled(stage)
    assert texts(fake) == ["đáp một"]


async def test_of_following_the_newest_word_counts_in_whatever_order_it_comes(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    an, now = fake.person("An"), clock.now()
    async with stage.serving():
        with fake.shuffled():
            fake.unfollow(an, at=now - timedelta(seconds=3))
            fake.follow(an, at=now - timedelta(seconds=2))
        await settled(stage)
    assert stage.desk.events in (["unblocked"], ["blocked", "unblocked"])
    assert stage.desk.events[-1] == "unblocked"


async def test_a_greeting_that_a_crash_left_is_given_in_the_next_life(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An", follows=False)
    fake.plan(CS_PATH, *[refuse(-100)] * 300)
    async with stage.serving():
        fake.follow(an)
        await until(lambda: stage.desk.heard)
    fake._plans.clear()
    async with stage.serving():
        await settled(stage)
    assert texts(fake) == ["đáp /start"]
    assert stage.desk.events == ["unblocked"]


async def test_a_colleague_who_writes_takes_the_conversation_over_for_half_an_hour(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    an, binh = fake.person("An"), fake.person("Bình")
    async with stage.serving():
        fake.human_says(an, "chào bác, tôi là Lan")
        await fake.until(lambda: not fake.unanswered)
        fake.say(an, "một")
        fake.say(binh, "hai")
        await settled(stage)
        assert texts(fake) == ["đáp hai"]
        clock.ahead = timedelta(minutes=29)
        fake.say(an, "ba")
        await settled(stage)
        assert fake.received(an) == []
        clock.ahead = timedelta(minutes=31)
        fake.say(an, "bốn")
        await settled(stage)
    assert [m.text for m in fake.received(an)] == ["đáp bốn"]
    assert stage.desk.texts == ["hai", "bốn"]


async def test_our_own_messages_coming_back_change_nothing(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    fake.echoes = True
    async with stage.serving():
        fake.say(an, "một")
        await settled(stage)
        fake.say(an, "hai")
        await settled(stage)
    assert texts(fake) == ["đáp một", "đáp hai"]


def member(stage: Stage, user_id: str, *, disabled: bool = False) -> None:
    with stage.sessions.begin() as session:
        now = stage.clock.now()
        row = Member(name="Lê Thị Hoa", joined_at=now)
        session.add(row)
        session.flush()
        account = ChatAccount(
            member_id=row.id,
            channel="zalo_oa",
            account=stage.fake.oa_id,
            sender=user_id,
            chat=user_id,
            tied_at=now,
            disabled_at=now if disabled else None,
            disabled_reason="chặn" if disabled else "",
        )
        session.add(account)


async def test_a_member_is_answered_whoever_else_writes(stage: Stage, fake: FakeZaloOa) -> None:
    hoa = fake.person("Hoa")
    member(stage, hoa.id)
    async with stage.serving():
        fake.human_says(hoa, "chị ơi")
        await fake.until(lambda: not fake.unanswered)
        fake.say(hoa, "/viec")
        await settled(stage)
    assert texts(fake) == ["đáp /viec"]


async def test_who_writes_can_be_reached_again(stage: Stage, fake: FakeZaloOa) -> None:
    hoa = fake.person("Hoa")
    member(stage, hoa.id, disabled=True)
    async with stage.serving():
        fake.say(hoa, "chào")
        await settled(stage)
    with stage.session() as session:
        assert session.scalar(select(ChatAccount.disabled_at)) is None


# --- groups


@pytest.mark.parametrize("key", ["both", "recipient.id"])
async def test_a_group_is_answered_where_it_calls_us(tmp_path: Path, clock: MovableClock, key: str) -> None:
    with FakeZaloOa(now=clock.now, group_key=key) as fake:
        stage = Stage(tmp_path, fake, clock)
        stage.desk.reply = offering
        group, hoa = fake.gmf_group("Phòng QLTM"), fake.person("Hoa")
        async with stage.serving():
            fake.say(group, "trưa nay ăn gì", user=hoa)
            fake.say(group, f"[@{fake.oa_id}] còn việc gì", user=hoa)
            await settled(stage)
        [answer] = fake.received(group)
        assert "đáp còn việc gì" in answer.text
        assert "1. Hồ sơ" in answer.text
        [heard] = [i for i in stage.desk.heard if i.event is None]
        assert (heard.group, heard.sender) == (True, hoa.id)
        stage.close()


async def test_in_a_group_a_number_answers_what_its_writer_was_asked_and_nobody_else(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    group, hoa, lan = fake.gmf_group("Phòng QLTM"), fake.person("Hoa"), fake.person("Lan")
    asked, writes = Talk(), Talk(staff={"flow": "extend"})
    asked.offer((say("chọn", choices=CHOICES),), clock.now())
    stage.talks(group, {hoa: asked, lan: writes})
    async with stage.serving():
        for user, text in ((lan, "đến 30/11, chờ số liệu"), (hoa, "3"), (hoa, "trưa nay ăn gì"), (hoa, "2")):
            fake.say(group, text, user=user)
        for user in (lan, hoa):
            file = {"url": "https://f.zdn.vn/bb.pdf", "name": f"{user.name}.pdf"}
            fake.send(group, "file", file, user=user)
        await settled(stage)
        clock.ahead = timedelta(minutes=31)
        fake.say(group, "1", user=hoa)
        fake.say(group, "/viec", user=hoa)
        await settled(stage)
    assert sorted(stage.desk.texts) == ["", "/viec", "2", "đến 30/11, chờ số liệu"]
    assert [heard.file.name for heard in stage.desk.heard if heard.file] == ["Lan.pdf"]
    with stage.session() as session:
        assert len(session.scalars(select(Update.id)).all()) == 5, "what people say to each other is not kept"


async def test_a_new_group_is_told_of_once_with_its_name(stage: Stage, fake: FakeZaloOa) -> None:
    group = fake.gmf_group("Phòng QLTM")
    async with stage.serving(webhook=False):
        await until(lambda: stage.desk.heard)
    [heard] = stage.desk.heard
    assert (heard.event, heard.title, heard.chat) == ("added", "Phòng QLTM", group.id)
    assert heard.group


async def test_a_group_that_is_gone_is_told_of_after_a_second_look(stage: Stage, fake: FakeZaloOa) -> None:
    with stage.sessions.begin() as session:
        groups.met(
            session,
            channel="zalo_oa",
            account=fake.oa_id,
            chat="f4148a7e",
            title="Phòng cũ",
            added_by="",
            now=stage.clock.now(),
        )
    async with stage.serving(webhook=False) as oa:
        await fake.until(lambda: fake.called(GROUPS))
        assert stage.desk.heard == []
        assert await oa._groups.look(oa._server.line.api.groups)  # type: ignore[union-attr]
        await until(lambda: stage.desk.heard)
    [heard] = stage.desk.heard
    assert (heard.event, heard.chat, heard.group) == ("removed", "f4148a7e", True)


async def test_an_account_without_groups_bothers_nobody(
    stage: Stage, fake: FakeZaloOa, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fake.plan(GROUPS, *[refuse(-224)] * 50)
    an = fake.person("An")
    async with stage.serving() as oa:
        for _ in range(3):
            assert not await oa._groups.look(oa._server.line.api.groups)  # type: ignore[union-attr]
        fake.say(an, "một")
        await settled(stage)
        assert oa.state.up
    assert caplog.text.count("không dùng được nhóm") == 1


# --- files that people send


async def test_a_picture_is_fetched_from_zalos_servers_only(stage: Stage, fake: FakeZaloOa) -> None:
    oa = stage.channel()
    with pytest.raises(FileUnavailable, match="không nằm trên máy chủ của Zalo"):
        await oa.fetch("http://127.0.0.1:9/a.jpg")
    with pytest.raises(FileUnavailable, match="không còn giữ"):
        await oa.fetch(f"{fake.url}/khong-co.jpg")
    fake.plan("/a.jpg", drop_before())
    with pytest.raises(FileUnavailable) as caught:
        await oa.fetch(f"{fake.url}/a.jpg")
    assert "http" not in str(caught.value)
    assert (await oa.fetch(f"{fake.url}/v2.0/oa/getoa")).startswith(b"{")


# --- secrets


async def test_neither_secrets_nor_words_get_into_the_log(
    stage: Stage, fake: FakeZaloOa, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    an = fake.person("Nguyễn Văn An")
    access, refresh = fake._access, fake._refresh
    fake.plan(CS_PATH, drop_before(), refuse(-9999, f"bad {access} đáp xin hỏi lệ phí"), slow(0.01))
    async with stage.serving():
        fake.say(an, "xin hỏi lệ phí")
        await settled(stage)
        fake.expire_access()
        fake.say(an, "xin hỏi lần nữa")
        await settled(stage)
        await asyncio.to_thread(fake.post, fake.events[0], signature="mac=00")
    assert texts(fake) == ["đáp xin hỏi lần nữa"]
    assert "-9999" in caplog.text
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("asyncio"))
    for secret in (access, refresh, fake._access, fake._refresh, fake.app_secret, fake.webhook_secret):
        assert secret not in ours
    assert "xin hỏi" not in ours
    assert an.id not in ours
    assert "không có mac=" not in ours
    assert "Chữ ký webhook Zalo OA lần đầu: có mac=, 64 chữ số hệ 16 (đúng)" in ours


async def test_nothing_of_a_message_stays_once_it_is_answered(stage: Stage, fake: FakeZaloOa) -> None:
    an = fake.person("An")
    async with stage.serving():
        fake.say(an, "xin hỏi")
        fake.human_says(an, "chào bác")
        await settled(stage)
    with stage.session() as session:
        assert set(session.scalars(select(Update.raw))) == {None}
