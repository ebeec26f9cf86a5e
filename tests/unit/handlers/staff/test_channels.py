"""Where somebody is written to: a second channel tied by a code, put first, untied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from handlers.staff.account_deeds import untie
from handlers.staff.people_deeds import Doing
from office import people
from office.messages import Reply
from office.people import ChatAccount
from scheduler import audience
from tests.unit.handlers.staff.people_office import Office, shown, why


@pytest.fixture
def office(sessions: sessionmaker[Session]) -> Iterator[Office]:
    with sessions.begin() as session:
        yield Office(session)


@pytest.fixture
def two(office: Office) -> Office:
    """An is on Telegram, and on the Official Account by a code of their own."""
    office.channels = {"zalo_oa": 1500, "telegram": 3500}
    office.work.outbox._channels = office.channels
    code = code_in(office.type(office.an, "/noikenh"))
    office.type(None, f"/ma {code}", sender="oa-an", channel="zalo_oa", account="7")
    return office


def code_in(said: str) -> str:
    return said.rpartition("/ma ")[2].split()[0]


def order(office: Office) -> list[str]:
    return [row.channel for row in people.accounts_of(office.session, office.an)]


def account(office: Office, channel: str) -> ChatAccount:
    [row] = (one for one in people.accounts_of(office.session, office.an) if one.channel == channel)
    return row


def labels(replies: tuple[Reply, ...]) -> list[str]:
    return [choice.label for reply in replies for choice in reply.choices]


def test_a_code_of_ones_own_names_the_other_channels_and_lives_for_a_quarter_of_an_hour(
    office: Office,
) -> None:
    office.channels = {"zalo_oa": 1500, "telegram": 3500}
    said = office.type(office.an, "/noikenh")
    assert "Mở Zalo OA và nhắn cho cơ quan: /ma " in said
    office.now += timedelta(minutes=16)
    assert "hết hạn" in office.refused(None, f"/ma {code_in(said)}", sender="late", channel="zalo_oa")


def test_there_is_no_code_where_there_is_no_other_channel_nor_in_a_group(office: Office) -> None:
    office.channels = {"telegram": 3500}
    assert "chưa mở kênh nào khác" in office.refused(office.an, "/noikenh")
    office.channels = {"zalo_oa": 1500}
    assert "tin nhắn riêng" in office.refused(office.an, "/noikenh", chat="-1", group=True)
    assert office.deeds("code.make") == []


def test_what_is_tied_later_comes_last_and_is_the_spare(two: Office) -> None:
    assert order(two) == ["telegram", "zalo_oa"]
    said = two.type(two.an, "/kenh")
    assert "Nhận lời nhắc ở: Telegram (đang nhắn ở đây)" in said
    assert "Dự phòng: Zalo OA" in said
    assert "Đổi nơi nhận: /kenh zalo oa" in said
    assert "Telegram – nhận lời nhắc; Zalo OA – dự phòng" in two.type(two.an, "/toi")


def test_who_ties_a_second_account_hears_where_they_are_written_to(two: Office) -> None:
    code = code_in(two.type(two.an, "/noikenh"))
    said = two.type(None, f"/ma {code}", sender="bot-an", channel="zalo_bot", account="9")
    assert "kênh thứ 3 của anh/chị; lời nhắc riêng gửi ở Telegram trước" in said


def test_choices_have_names_and_the_channels_no_numbers(two: Office) -> None:
    reply = two.tap(two.an, "s:kenh:xem")
    assert labels(reply) == ["Nhận ở Zalo OA trước", "Gỡ Telegram", "Gỡ Zalo OA"]
    assert not any(character.isdecimal() for character in shown(reply))


def test_a_second_account_of_a_channel_is_told_apart(two: Office) -> None:
    code = code_in(two.type(two.an, "/noikenh"))
    two.type(None, f"/ma {code}", sender="other", channel="zalo_oa", account="8")
    assert "Dự phòng: Zalo OA (2)" in two.type(two.an, "/kenh")
    assert "2 tài khoản hợp với «zalo»: Zalo OA, Zalo OA (2)" in two.refused(two.an, "/kenh zalo")
    assert "ở Zalo OA trước" in two.type(two.an, "/kenh zalo oa (2)")
    assert [row.account for row in people.accounts_of(two.session, two.an)] == ["8", "bot", "7"]


@pytest.mark.parametrize("way", ["/kenh 2", "/kenh zalo oa", "/kenh Zalo", "/kenh oa", "tapped"])
def test_another_account_is_put_first_and_pings_go_there(two: Office, way: str) -> None:
    if way != "tapped":
        said = two.type(two.an, way)
    else:
        said = shown(two.tap(two.an, f"s:kenh:dau:{account(two, 'zalo_oa').id}"))
    assert "Từ nay lời nhắc riêng gửi ở Zalo OA trước." in said
    assert order(two) == ["zalo_oa", "telegram"]
    [deed] = two.deeds("account.prefer")
    assert (deed.actor_id, deed.after) == (two.an, {"channels": ["zalo_oa", "telegram"]})
    [to] = audience.privately(two.session, [two.an], on=two.now.date())
    assert to.to.channel == "zalo_oa"
    assert "vốn đã" in two.type(two.an, "/kenh 1")
    assert len(two.deeds("account.prefer")) == 1


def test_an_account_out_of_reach_is_shown_with_its_reason_and_not_put_first(two: Office) -> None:
    row = account(two, "zalo_oa")
    row.disabled_at, row.disabled_reason = two.now, "Người nhận đã chặn."
    assert "Zalo OA – không nhắn được: Người nhận đã chặn" in two.type(two.an, "/kenh")
    assert "Hiện chưa gửi lời nhắc ở Zalo OA được" in two.refused(two.an, "/kenh 2")
    assert "duy nhất" in why(lambda: two.tap(two.an, f"s:kenh:bo:{account(two, 'telegram').id}"))


def test_untying_asks_once_more_and_passes_on_what_waits(two: Office) -> None:
    to = audience.themselves(two.session, [two.an])
    reply = Reply(lines=())
    two.work.outbox.announce(two.session, "x", 1, to, reply, now=two.now)
    asked = two.tap(two.an, f"s:kenh:bo:{account(two, 'telegram').id}")
    assert labels(asked) == ["Gỡ tài khoản này", "Giữ lại"]
    assert order(two) == ["telegram", "zalo_oa"]
    said = shown(two.tap(two.an, asked[0].choices[0].payload))
    assert "Đã gỡ tài khoản Telegram" in said
    assert order(two) == ["zalo_oa"]
    assert len(two.told("oa-an")) == 1
    assert len(two.deeds("account.untie")) == 1
    assert "duy nhất" in why(lambda: two.tap(two.an, f"s:kenh:bo:{account(two, 'zalo_oa').id}"))


def test_nobody_touches_the_accounts_of_others(two: Office) -> None:
    number = account(two, "zalo_oa").id
    for verb in ("dau", "bo", "boluon"):
        assert "Không có tài khoản này" in why(lambda: two.tap(two.binh, f"s:kenh:{verb}:{number}"))  # noqa: B023
    for said in ("3", "0", "zalo bot", "?"):
        assert "trong danh sách của anh/chị" in two.refused(two.an, f"/kenh {said}")
    assert order(two) == ["telegram", "zalo_oa"]


def test_van_phong_unties_the_last_account_too_with_a_reason_and_the_member_is_told(two: Office) -> None:
    doing = Doing(session=two.session, work=two.work, me=two.person(two.clerk), now=two.now)
    an = two.person(two.an)
    assert "lý do" in why(lambda: untie(doing, an, account(two, "telegram").id, reason=" "))
    assert untie(doing, an, account(two, "telegram").id, reason="mất máy") == "Telegram"
    assert "Hoàng Thị Vân đã gỡ tài khoản Telegram" in two.told("oa-an")[-1].text()
    assert untie(doing, an, account(two, "zalo_oa").id, reason="mất máy") == "Zalo OA"
    assert order(two) == []
    [_, deed] = two.deeds("account.untie")
    assert (deed.actor_id, deed.subject_id, deed.reason) == (two.clerk, two.an, "mất máy")


def test_an_admins_account_is_untied_by_admins_and_the_only_admins_last_by_nobody(office: Office) -> None:
    [row] = people.accounts_of(office.session, office.admin)
    admin = office.person(office.admin)
    for who, refused in ((office.clerk, "quản trị gỡ"), (office.admin, "quản trị duy nhất")):
        doing = Doing(session=office.session, work=office.work, me=office.person(who), now=office.now)
        assert refused in why(lambda: untie(doing, admin, row.id, reason="thử"))  # noqa: B023


def test_a_code_of_ones_own_typed_in_the_same_chat_is_kept_for_the_other_channel(two: Office) -> None:
    code = code_in(two.type(two.an, "/noikenh"))
    said = two.refused(two.an, f"/ma {code}")
    assert said == "Tài khoản này đã gắn với anh/chị. Mở kênh khác rồi nhắn mã này ở đó."
    assert "kênh thứ 3" in two.type(None, f"/ma {code}", sender="b", channel="zalo_bot", account="9")
    assert "hoặc gõ /noikenh ở kênh đang dùng" in two.refused(None, f"/ma {code}", sender="c")
