"""What the lanes hear of an Official Account: windows, templates, groups, and an honest word for each end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.zalo_calls import NotSent, Refused
from bot.channels.zalo_oa_api import OaApi
from bot.channels.zalo_oa_courier import OaCourier
from bot.channels.zalo_oa_errors import RATE_PAUSE, Kind, OaError
from office import files
from office.assignments import Assignment, AssignmentState, Priority, Tap, tap
from office.channel_settings import ZaloTemplate
from office.deliveries import Act, Source
from office.inbox import InboxState
from office.messages import Choice, ChoiceKind, File
from scheduler.courier import Failed, Outcome, Paused, Retry, Sent, Uncertain
from tests.fakes.http_server import HttpResponse
from tests.fakes.outcomes import Outcome as Planned
from tests.fakes.zalo_oa import CS_PATH, FakeZaloOa, bad_gateway, drop_after, drop_before, garbled, refuse
from tests.integration.channel_stage import until
from tests.integration.zalo_oa_stage import MovableClock, Stage, say

V2_PATH, TEMPLATE_PATH, GROUP_PATH = (
    "/v2.0/oa/message",
    "/v3.0/oa/message/template",
    "/v3.0/oa/group/message",
)
UPLOADS = ("/v2.0/oa/upload/file", "/v2.0/oa/upload/image")
ACKNOWLEDGE = Choice(kind=ChoiceKind.OPTION, label="Đã nhận", payload=tap(Tap.ACKNOWLEDGE, 12))
FIELDS = {"ten_viec": "title", "so": "number", "han": "due", "co_quan": "office", "noi_dung": "text"}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def fake(clock: MovableClock) -> Iterator[FakeZaloOa]:
    with FakeZaloOa(now=clock.now) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, fake: FakeZaloOa, clock: MovableClock) -> Iterator[Stage]:
    made = Stage(tmp_path, fake, clock)
    yield made
    made.close()


async def deliver(stage: Stage, *parcels: Any) -> list[Outcome]:
    async with stage.serving(webhook=False) as oa:
        courier = oa.courier()
        return [await courier.deliver(parcel) for parcel in parcels]


def assignment(stage: Stage) -> int:
    with stage.sessions.begin() as session:
        row = Assignment(
            title="Báo cáo tình hình thương mại tháng 11",
            priority=Priority.ORDINARY,
            assigned_on=date(2026, 11, 2),
            due_on=date(2026, 12, 5),
            first_due_on=date(2026, 12, 5),
            ladder={},
            state=AssignmentState.OPEN,
            created_at=datetime(2026, 11, 2, tzinfo=UTC),
        )
        session.add(row)
        session.flush()
        return row.id


def refused_for(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed), outcome
    return outcome.reason


# --- windows


@pytest.mark.parametrize(
    ("billed", "hours", "source", "arrives"),
    [
        ("none", 47, Source.NOTICE, True),
        ("none", 49, Source.ASSIGNMENT, False),
        ("deadlines", 49, Source.ASSIGNMENT, True),
        ("deadlines", 49, Source.NOTICE, False),
        ("all", 49, Source.NOTICE, True),
        ("all", 24 * 8, Source.ASSIGNMENT, False),
    ],
)
async def test_a_message_goes_only_where_zalo_and_the_office_let_it(
    tmp_path: Path,
    fake: FakeZaloOa,
    clock: MovableClock,
    billed: str,
    hours: int,
    source: Source,
    arrives: bool,
) -> None:
    stage = Stage(tmp_path, fake, clock, billed=billed)
    hoa = fake.person("Hoa")
    stage.wrote(hoa)
    clock.ahead = timedelta(hours=hours)
    [outcome] = await deliver(stage, stage.parcel(hoa, say("nhắc việc"), source=source, source_id=1))
    if arrives:
        assert outcome == Sent(message_id=fake.sent[0].message_id)
        assert fake.sent[0].billed is (hours > 48)
    else:
        assert "Nhờ người ấy nhắn OA một tin" in refused_for(outcome)
        assert not fake.called(CS_PATH), "Zalo was asked in vain"
        assert isinstance(outcome, Failed)
        assert not outcome.unreachable
    stage.close()


async def test_who_has_never_written_is_not_written_to(stage: Stage, fake: FakeZaloOa) -> None:
    [outcome] = await deliver(stage, stage.parcel(fake.person("Hoa"), say("nhắc việc")))
    assert "chưa nhắn OA trong 7 ngày" in refused_for(outcome)
    assert not fake.called(CS_PATH)


# --- templates


def with_template(stage: Stage) -> None:
    template = ZaloTemplate.model_validate({"id": "7788", "fields": FIELDS})
    stage.settings = stage.settings.model_copy(update={"template": template})
    stage.fake.add_template("7788", *FIELDS)


async def test_a_deadline_outside_the_window_goes_by_template(stage: Stage, fake: FakeZaloOa) -> None:
    with_template(stage)
    number, hoa = assignment(stage), fake.person("Hoa")
    reply = say("Còn 3 ngày: " + "xin sớm báo cáo. " * 40, choices=(ACKNOWLEDGE,))
    parcel = stage.parcel(hoa, reply, source=Source.ASSIGNMENT, source_id=number)
    new = replace(parcel, source=Source.EVENT, what="work.new")
    [outcome, notice, given] = await deliver(stage, parcel, replace(parcel, source=Source.NOTICE), new)
    [message, again] = fake.sent
    assert given == Sent(message_id=again.message_id)
    assert again.template is not None
    assert outcome == Sent(message_id=message.message_id)
    assert message.template is not None
    data = message.template["template_data"]
    assert data["ten_viec"] == "Báo cáo tình hình thương mại tháng 11"
    assert (data["so"], data["han"], data["co_quan"]) == (str(number), "05/12/2026", "Sở Công Thương")
    assert data["noi_dung"].startswith("Còn 3 ngày: xin sớm báo cáo.")
    assert len(data["noi_dung"]) <= 200
    assert "7 ngày" in refused_for(notice)


@pytest.mark.parametrize("code", [-230, -232])
async def test_a_deadline_that_zalo_finds_late_goes_by_template(
    tmp_path: Path, clock: MovableClock, code: int
) -> None:
    with FakeZaloOa(now=clock.now, window_error=code) as fake:
        stage = Stage(tmp_path, fake, clock)
        with_template(stage)
        number, hoa = assignment(stage), fake.person("Hoa")
        stage.wrote(hoa)
        hoa.wrote_at = clock.now() - timedelta(days=7, seconds=1)
        parcel = stage.parcel(hoa, say("x"), source=Source.ASSIGNMENT, source_id=number)
        by_template, refused = await deliver(stage, parcel, replace(parcel, source=Source.NOTICE))
        assert by_template == Sent(message_id=fake.sent[0].message_id)
        assert fake.sent[0].version == "template"
        assert str(code) in refused_for(refused)
        stage.close()


async def test_where_following_opens_no_window_zalo_is_asked_once_only(
    stage: Stage, fake: FakeZaloOa
) -> None:
    hoa = fake.person("Hoa", follows=False)
    async with stage.serving() as oa:
        fake.follow(hoa)  # the greeting is refused
        await until(lambda: stage.states() == [InboxState.ANSWERED] * 2)
        outcome = await oa.courier().deliver(stage.parcel(hoa, say("x")))
    assert "chưa nhắn OA trong 7 ngày" in refused_for(outcome)
    assert len(fake.called(CS_PATH)) == 1


async def test_a_template_that_cannot_be_sent_says_why(stage: Stage, fake: FakeZaloOa) -> None:
    with_template(stage)
    number, hoa = assignment(stage), fake.person("Hoa")
    parcel = stage.parcel(hoa, say("x"), source=Source.ASSIGNMENT, source_id=number)
    fake.plan(TEMPLATE_PATH, refuse(-320), drop_after())
    gone = replace(parcel, source_id=999)
    unlinked, lost, forgotten = await deliver(stage, parcel, parcel, gone)
    assert "Zalo Cloud" in refused_for(unlinked)
    assert isinstance(lost, Uncertain)
    assert "không còn trong hệ thống" in refused_for(forgotten)


# --- groups


async def test_a_group_gets_words_to_type_and_needs_no_window(stage: Stage, fake: FakeZaloOa) -> None:
    group = fake.gmf_group("Phòng QLTM")
    [outcome] = await deliver(stage, stage.parcel(group, say("Nhắc việc", choices=(ACKNOWLEDGE,))))
    assert isinstance(outcome, Sent)
    [message] = fake.received(group)
    assert (message.version, message.text) == ("group", "Nhắc việc\n\nĐã nhận: nhắn «nhan 12»")


async def test_a_group_that_is_over_or_without_us_is_out_of_reach(stage: Stage, fake: FakeZaloOa) -> None:
    expired, left = fake.gmf_group("Cũ"), fake.gmf_group("Khác")
    fake.expire_group(expired)
    fake.remove_from(left)
    over, gone = await deliver(stage, stage.parcel(expired, say("x")), stage.parcel(left, say("x")))
    for outcome in (over, gone):
        assert isinstance(outcome, Failed)
        assert outcome.unreachable


# --- to a person


async def test_a_person_gets_buttons_though_nobody_has_asked(stage: Stage, fake: FakeZaloOa) -> None:
    hoa = fake.person("Hoa")
    stage.wrote(hoa)
    [outcome] = await deliver(stage, stage.parcel(hoa, say("Nhắc việc", choices=(ACKNOWLEDGE,))))
    assert isinstance(outcome, Sent)
    assert fake.sent[0].labels == ["Đã nhận"]


async def test_where_buttons_are_refused_there_are_words_to_type(tmp_path: Path, clock: MovableClock) -> None:
    with FakeZaloOa(now=clock.now, buttons=False) as fake:
        stage = Stage(tmp_path, fake, clock)
        hoa = fake.person("Hoa")
        stage.wrote(hoa)
        parcel = stage.parcel(hoa, say("Nhắc việc", choices=(ACKNOWLEDGE,)))
        await deliver(stage, parcel, parcel)
        assert [m.text for m in fake.sent] == ["Nhắc việc\n\nĐã nhận: nhắn «nhan 12»"] * 2
        assert len(fake.called(CS_PATH)) == 3
        stage.close()


def ends(code: int) -> type[Outcome]:
    match OaError(code).kind:
        case Kind.RETRY:
            return Paused if code == -32 else Retry
        case Kind.REFRESH:
            return Retry
    return Failed


async def test_each_error_ends_as_its_class_says_and_never_by_another_way(
    stage: Stage, fake: FakeZaloOa
) -> None:
    hoa = fake.person("Hoa")
    stage.wrote(hoa)
    codes = [int(error) for error in OaError if error.kind is not Kind.REFRESH and error != OaError.OA_TYPE]
    fake.plan(CS_PATH, *(refuse(code) for code in codes))
    outcomes = await deliver(stage, *[stage.parcel(hoa, say("x"))] * len(codes))
    for code, outcome in zip(codes, outcomes, strict=True):
        assert isinstance(outcome, ends(code)), (code, outcome)
        if isinstance(outcome, Failed):
            assert outcome.unreachable is OaError(code).unreachable
            assert str(code) in outcome.reason
    assert outcomes[codes.index(-32)] == Paused(seconds=RATE_PAUSE, account=True)
    assert fake.called(V2_PATH) == []
    assert fake.sent == []


async def test_what_may_have_arrived_is_uncertain_and_what_has_not_is_tried_again(
    stage: Stage, fake: FakeZaloOa
) -> None:
    hoa = fake.person("Hoa")
    stage.wrote(hoa)
    fake.plan(CS_PATH, drop_before(), drop_after(), garbled(), bad_gateway(502), bad_gateway(403))
    *doubtful, turned_away = await deliver(stage, *[stage.parcel(hoa, say("x"))] * 5)
    assert [type(outcome) for outcome in doubtful] == [Uncertain] * 4
    assert isinstance(turned_away, Retry)
    assert turned_away.network


@pytest.mark.parametrize("message", ["null", "7", '{"vi":"sai"}'])
async def test_an_error_counts_whatever_its_message_looks_like(
    stage: Stage, fake: FakeZaloOa, message: str
) -> None:
    hoa = fake.person("Hoa")
    stage.wrote(hoa)
    answer = f'{{"error":"-244","message":{message}}}'.encode()
    fake.plan(CS_PATH, Planned(raw=HttpResponse(200, answer)))
    [outcome] = await deliver(stage, stage.parcel(hoa, say("x")))
    assert "hạn chế tin từ OA" in refused_for(outcome)


async def test_a_token_that_nobody_takes_holds_the_lane_and_asks_for_consent(
    stage: Stage, fake: FakeZaloOa
) -> None:
    hoa = fake.person("Hoa")
    stage.wrote(hoa)
    fake.plan(CS_PATH, refuse(-216), refuse(-216))
    [outcome] = await deliver(stage, stage.parcel(hoa, say("x")))
    assert isinstance(outcome, Retry)
    assert outcome.network
    assert "xinluon zalo login" in outcome.reason


async def test_before_there_is_a_connection_everything_waits(stage: Stage, fake: FakeZaloOa) -> None:
    courier: OaCourier = stage.channel().courier()
    outcome = await courier.deliver(stage.parcel(fake.person("Hoa"), say("x")))
    assert isinstance(outcome, Retry)
    assert outcome.network


async def test_zalo_lets_nothing_be_changed_or_taken_back(stage: Stage, fake: FakeZaloOa) -> None:
    parcel = stage.parcel(fake.person("Hoa"), say("x"), target="1")
    for outcome in await deliver(stage, replace(parcel, act=Act.EDIT), replace(parcel, act=Act.DELETE)):
        assert isinstance(outcome, Failed)
        assert outcome.gone


# --- files


def stored(stage: Stage, name: str, content: bytes) -> File:
    with stage.sessions.begin() as session:
        number = files.store(session, content, now=stage.clock.now())
    return File(name=name, media_type="application/pdf", stored=number)


async def test_a_file_is_uploaded_once_for_many_and_again_after_some_days(
    stage: Stage, fake: FakeZaloOa, clock: MovableClock
) -> None:
    group = fake.gmf_group("Phòng QLTM")
    parcel = stage.parcel(group, say("Thông báo", stored(stage, "Thông báo.pdf", b"%PDF-1")))
    async with stage.serving(webhook=False) as oa:
        courier = oa.courier()
        first = await courier.deliver(parcel)
        await courier.deliver(parcel)
        assert len(fake.called(UPLOADS[0])) == 1
        clock.ahead = timedelta(days=6, hours=1)
        await courier.deliver(parcel)
    assert len(fake.called(UPLOADS[0])) == 2
    text, file, *_ = fake.sent
    assert first == Sent(message_id=f"{text.message_id} {file.message_id}")
    assert file.file is not None
    assert (file.file.name, file.file.content) == ("Thông báo.pdf", b"%PDF-1")
    assert stage.gate.entered == [group.id] * 3  # the lane itself counts the text


async def test_of_a_message_whose_text_has_arrived_only_the_rest_is_in_doubt(
    stage: Stage, fake: FakeZaloOa
) -> None:
    group = fake.gmf_group("Phòng QLTM")
    parcel = stage.parcel(group, say("Thông báo", stored(stage, "a.pdf", b"%PDF-1")))
    fake.plan(UPLOADS[0], refuse(-100), refuse(-210), refuse(-32))
    later, never, slower = await deliver(stage, parcel, parcel, parcel)
    assert isinstance(later, Uncertain)
    assert "Phần đầu của tin đã tới" in refused_for(never)
    assert isinstance(slower, Uncertain)
    assert stage.gate.floods == [(group.id, RATE_PAUSE, True)]


async def test_a_file_that_is_not_kept_any_more_stops_the_message(stage: Stage, fake: FakeZaloOa) -> None:
    group = fake.gmf_group("Phòng QLTM")
    file = File(name="a.pdf", media_type="application/pdf", stored=999)
    [outcome] = await deliver(stage, stage.parcel(group, say("Thông báo", file)))
    assert "không còn được lưu" in refused_for(outcome)
    assert fake.sent == []


# --- the client


class OneToken:
    """A token that nobody renews."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def current(self) -> str:
        return self.token

    async def renewed(self, refused: str) -> str:
        raise NotSent("chưa làm mới được", network=False)


async def test_the_client_tells_what_it_can_of_the_account(fake: FakeZaloOa) -> None:
    api = OaApi(fake.url, OneToken(fake.tokens()[0]))
    for number in range(53):
        fake.gmf_group(f"Nhóm {number}")
    assert (await api.identity()).package_name == "Nâng cao"
    assert len(await api.groups()) == 53
    [call] = fake.called("/v2.0/oa/getoa")
    assert call.headers["access_token"] == api._wire._tokens.token  # type: ignore[attr-defined]
    await api.close()
    with pytest.raises(NotSent):
        await api.identity()


async def test_a_version_that_is_shut_is_given_up_and_the_message_tried_again(fake: FakeZaloOa) -> None:
    pinned: list[str] = []

    async def pin(version: str) -> None:
        pinned.append(version)

    api = OaApi(fake.url, OneToken(fake.tokens()[0]), version="v2.0", pinned=pin)
    an = fake.person("An", wrote_at=fake.now())
    with pytest.raises(NotSent):
        await api.send_text(an.id, "một")
    assert await api.send_text(an.id, "một") == fake.sent[0].message_id
    assert pinned == ["", "v3.0"]
    fake.plan(CS_PATH, refuse(-235))
    with pytest.raises(Refused) as caught:
        await api.send_text(an.id, "hai")
    assert caught.value.code == -240
    assert pinned == ["", "v3.0"], "what doesn't work is not kept"
    await api.close()
