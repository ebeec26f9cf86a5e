"""People in chat: codes, coming, roles, leaving."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from handlers.staff.accounts import Tries
from handlers.staff.people_words import split_at
from office import codes, membership, people
from office.people import CodePurpose, MemberRole, Role
from office.refusal import Refused
from office.rights import NotAllowed
from scheduler.work import Draft
from tests.unit.handlers.staff.people_office import KEY, NOW, Office


@pytest.fixture
def office(sessions: sessionmaker[Session]) -> Iterator[Office]:
    with sessions.begin() as session:
        yield Office(session)


def code_in(text: str) -> str:
    match = re.search(r"/ma ([A-Z2-9]{4}-[A-Z2-9]{4})", text)
    assert match is not None
    return match[1]


# --- accounts


def test_a_new_member_is_tied_by_the_code_that_the_clerk_hands_over(office: Office) -> None:
    said = office.type(office.clerk, "/themnguoi Lê Văn Chí; QLTM; chuyên viên")
    assert "Đã thêm Lê Văn Chí, chuyên viên, Phòng Quản lý thương mại." in said
    welcome = office.type(None, f"/ma {code_in(said).lower().replace('-', ' ')}", sender="chi")
    assert "Chào anh/chị Lê Văn Chí" in welcome
    found = people.person_of(office.session, channel="telegram", account="bot", sender="chi")
    assert found is not None
    assert (found.name, found.department_id) == ("Lê Văn Chí", office.trade)


def test_a_code_serves_once(office: Office) -> None:
    code = code_in(office.type(office.clerk, "/capma Nguyễn Văn An"))
    office.type(None, f"/ma {code}", sender="an2")
    assert "đã dùng" in office.refused(None, f"/ma {code}", sender="thief")


def test_the_first_admin_claims_the_office_and_is_told_to_find_a_second(office: Office) -> None:
    office.session.execute(delete(MemberRole).where(MemberRole.role == Role.ADMIN))
    code = codes.claim_code(office.session, now=NOW, hash_key=KEY)
    said = office.type(None, f"/nhanquyen {code} Vũ Thị Hoa", sender="hoa", sender_name="Hoa ❤")
    found = people.person_of(office.session, channel="telegram", account="bot", sender="hoa")
    assert found is not None
    assert found.name == "Vũ Thị Hoa"
    assert found.roles == {Role.MEMBER, Role.ADMIN, Role.VAN_PHONG}
    assert "chỉ có 1 quản trị" in said
    assert codes.claim_code(office.session, now=NOW, hash_key=KEY) is None


@pytest.mark.parametrize(
    ("typed", "shown", "name"),
    [("", "Vũ Thị Hoa", "Vũ Thị Hoa"), (" Vũ Hoa", "Hoa ❤", "Vũ Hoa"), (" Họ và tên", "Vũ Hoa", "Vũ Hoa")],
)
def test_the_first_admin_has_a_real_name(office: Office, typed: str, shown: str, name: str) -> None:
    office.session.execute(delete(MemberRole).where(MemberRole.role == Role.ADMIN))
    code = codes.claim_code(office.session, now=NOW, hash_key=KEY)
    assert name in office.type(None, f"/nhanquyen {code}{typed}", sender="hoa", sender_name=shown)


@pytest.mark.parametrize(("typed", "shown"), [("", "Hoa ❤"), ("", ""), (" Họ và tên", "hoa")])
def test_without_one_the_name_is_asked_for_and_the_code_lives(office: Office, typed: str, shown: str) -> None:
    office.session.execute(delete(MemberRole).where(MemberRole.role == Role.ADMIN))
    code = codes.claim_code(office.session, now=NOW, hash_key=KEY)
    said = office.refused(None, f"/nhanquyen {code}{typed}", sender="noname", sender_name=shown)
    assert said == "Cần họ và tên của anh/chị. Gõ: /nhanquyen MÃ Họ và tên"
    assert "Vũ Thị Hoa" in office.type(None, f"/nhanquyen {code} Vũ Thị Hoa", sender="noname")


def test_a_wrong_code_of_the_first_admin_says_where_a_new_one_comes_from(office: Office) -> None:
    assert "Xin Văn phòng" in office.refused(None, "/nhanquyen AAAA-AAAA Vũ Thị Hoa", sender="w")
    office.session.execute(delete(MemberRole).where(MemberRole.role == Role.ADMIN))
    said = office.refused(None, "/nhanquyen AAAA-AAAA Vũ Thị Hoa", sender="w")
    assert "chạy lại chương trình để có mã mới" in said


def test_a_sixth_wrong_code_within_an_hour_is_not_even_looked_at(office: Office) -> None:
    code = code_in(office.type(office.clerk, "/capma Nguyễn Văn An"))
    for _ in range(5):
        assert "Mã không đúng" in office.refused(None, "/ma AAAA-AAAA", sender="guesser")
    assert "sai mã nhiều lần" in office.refused(None, f"/ma {code}", sender="guesser")
    office.now += timedelta(hours=1)
    assert "Chào anh/chị" in office.type(None, f"/ma {code}", sender="guesser")


def test_wrong_codes_of_one_do_not_stop_another() -> None:
    tries = Tries(most=1)
    tries.take(("telegram", "bot", "a"), NOW)
    tries.take(("telegram", "bot", "b"), NOW)
    with pytest.raises(Refused):
        tries.take(("telegram", "bot", "a"), NOW)


def test_a_code_is_neither_typed_nor_given_in_a_group(office: Office) -> None:
    assert "Đừng gõ mã trong nhóm" in office.refused(office.an, "/ma AAAA-AAAA", group=True, chat="g")
    for text in ("/capma Nguyễn Văn An", "/themnguoi Lê Văn Chí; QLTM"):
        assert "tin nhắn riêng" in office.refused(office.clerk, text, group=True, chat="g")
    assert people.find_people(office.session, "Lê Văn Chí") == ()


def test_the_code_of_an_admin_is_given_by_admins_only(office: Office) -> None:
    assert "do quản trị cấp" in office.refused(office.clerk, "/capma Đỗ Minh Quản")
    assert "/ma " in office.type(office.admin, "/capma Đỗ Minh Quản")


def test_an_account_changes_hands_only_when_that_is_said(office: Office) -> None:
    code = code_in(office.type(office.clerk, "/capma Trần Thị Bình"))
    assert "đang gắn với Nguyễn Văn An" in office.refused(office.an, f"/ma {code}")
    assert "Trước đây tài khoản này gắn với Nguyễn Văn An" in office.type(office.an, f"/ma {code} đổi")


def test_toi_says_who_one_is(office: Office) -> None:
    said = office.type(office.clerk, "/toi")
    assert said.startswith("Hoàng Thị Vân")
    assert "Văn phòng" in said
    assert "chưa gắn" in office.type(None, "/toi", sender="citizen")


# --- people and departments


def test_the_same_person_is_not_added_twice_but_a_namesake_may_be(office: Office) -> None:
    assert "đã có trong Phòng Quản lý thương mại" in office.refused(
        office.clerk, "/themnguoi nguyen van an; QLTM"
    )
    said = office.type(office.clerk, "/themnguoi Nguyễn Văn An; QLNL")
    assert f"#{office.an}" in said


def test_an_ambiguous_name_is_asked_back_in_words_that_work(office: Office) -> None:
    other = office.member("Nguyễn Văn An", office.power)
    said = office.refused(office.clerk, "/capma Nguyễn Văn An")
    assert "Có 2 người" in said
    example = re.search(r"ví dụ: (.+) hoặc (#\d+)", said)
    assert example is not None
    assert people.find_people(office.session, example[1])[0].id == office.an
    assert people.find_people(office.session, example[2])[0].id == office.an
    assert f"#{other}" in said


def test_the_list_finds_by_name_and_by_department(office: Office) -> None:
    office.member("Lê Văn Chí", office.power, tied=False)
    assert "Trần Thị Bình" in office.type(office.clerk, "/nguoi binh")
    power = office.type(office.clerk, "/nguoi QLNL")
    assert "Lê Văn Chí" in power
    assert "chưa gắn tài khoản" in power
    assert "Bình" not in power
    assert "Không thấy ai" in office.type(office.clerk, "/nguoi Zorro")


def test_a_long_list_says_how_many_it_leaves_out(office: Office) -> None:
    for number in range(60):
        office.member(f"Công Chức {number}", office.trade, tied=False)
    said = office.type(office.clerk, "/nguoi")
    assert said.count("• #") == 40
    assert "và 24 người nữa" in said


def test_departments_are_listed_with_their_heads_and_added_by_van_phong(office: Office) -> None:
    membership.give_role(office.session, office.an, Role.HEAD, actor=None, reason="QĐ 1", now=NOW)
    assert "2 người; trưởng: Nguyễn Văn An" in office.type(office.clerk, "/phong")
    assert "thanh-tra-so" in office.type(office.clerk, "/phong thêm Thanh tra Sở")
    assert "Đã có phòng" in office.refused(office.clerk, "/phong them Thanh tra Sở")
    with pytest.raises(NotAllowed):  # a head may look, no more
        office.type(office.an, "/phong them Phòng Mới")


def test_a_move_to_another_department_keeps_the_work_but_not_the_office_of_a_head(office: Office) -> None:
    office.type(office.clerk, "/chuyenphong Nguyễn Văn An; QLNL; phó phòng")
    assert office.person(office.an).department_id == office.power
    assert office.person(office.an).title == "phó phòng"
    membership.give_role(office.session, office.an, Role.HEAD, actor=None, reason="QĐ 1", now=NOW)
    assert "/thoiquyen" in office.refused(office.clerk, "/chuyenphong Nguyễn Văn An; QLTM")


# --- leaving


def test_who_has_open_work_leaves_only_by_handing_it_over(office: Office) -> None:
    draft = Draft(title="Báo cáo quý", member_ids=(office.an,), due_on=date(2026, 12, 10))
    row = office.work.create(office.session, draft, actor=office.person(office.clerk), now=NOW)
    assert "còn 1 nhiệm vụ" in office.refused(office.admin, "/roi Nguyễn Văn An lý do nghỉ hưu")
    said = office.type(office.admin, "/roi Nguyễn Văn An giao Trần Thị Bình lý do nghỉ hưu")
    assert "bàn giao 1 nhiệm vụ cho Trần Thị Bình" in said
    assert people.person(office.session, office.an) is None
    assert [p.id for p in office.work.roster(office.session, row.id).missing] == [office.binh]
    assert "bàn giao" in office.told(office.binh)[-1].text()
    assert office.deeds("member.leave")[0].reason == "nghỉ hưu"


def test_leaving_needs_a_reason_and_an_admin(office: Office) -> None:
    assert "Cần nêu lý do" in office.refused(office.admin, "/roi Nguyễn Văn An")
    with pytest.raises(NotAllowed):
        office.type(office.clerk, "/roi Nguyễn Văn An lý do nghỉ hưu")


def test_a_refused_leaving_hands_nothing_over(office: Office) -> None:
    draft = Draft(title="Báo cáo quý", member_ids=(office.admin,), due_on=date(2026, 12, 10))
    row = office.work.create(office.session, draft, actor=office.person(office.clerk), now=NOW)
    said = office.refused(office.admin, "/roi Đỗ Minh Quản giao Trần Thị Bình lý do nghỉ hưu")
    assert "quản trị duy nhất" in said
    assert [p.id for p in office.work.roster(office.session, row.id).missing] == [office.admin]


def test_leaving_warns_where_the_leaver_stands_in_for_somebody(office: Office) -> None:
    office.type(office.an, "/nghi 1/12 5/12 thay Trần Thị Bình")
    said = office.type(office.admin, "/roi Trần Thị Bình lý do chuyển công tác")
    assert "người thay của Nguyễn Văn An" in said


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Nguyễn Văn A giao Trần Thị B", ("Nguyễn Văn A", "Trần Thị B")),
        ("nguyen quynh giao giao tran b", ("nguyen quynh giao", "tran b")),
        ("Nguyễn Quỳnh Giao", ("Nguyễn Quỳnh Giao", "")),
        ("Trần A giao nguyễn quỳnh giao", ("Trần A", "nguyễn quỳnh giao")),
        ("", ("", "")),
    ],
)
def test_a_name_is_not_taken_for_the_word_that_parts(text: str, parts: tuple[str, str]) -> None:
    assert split_at(text, "giao") == parts


# --- roles


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("truongphong", Role.HEAD),
        ("Trưởng phòng", Role.HEAD),
        ("truong phong", Role.HEAD),
        ("vanphong", Role.VAN_PHONG),
        ("Văn Phòng", Role.VAN_PHONG),
        ("lãnh đạo", Role.LEADER),
        ("quản trị", Role.ADMIN),
        ("quantri", Role.ADMIN),
    ],
)
def test_roles_are_given_in_words_with_or_without_marks(office: Office, words: str, role: Role) -> None:
    said = office.type(office.admin, f"/quyen Nguyễn Văn An {words} lý do QĐ 12/QĐ-SCT")
    assert f"nay có vai trò {role.label}" in said
    assert office.person(office.an).has(role)
    told = office.told(office.an)[-1].text()
    assert role.label in told
    assert "QĐ 12/QĐ-SCT" in told
    assert f"thôi vai trò {role.label}" in office.type(
        office.admin, f"/thoiquyen Nguyễn Văn An {words} lý do hết nhiệm kỳ"
    )
    assert not office.person(office.an).has(role)


def test_roles_need_a_reason_a_known_role_and_an_admin(office: Office) -> None:
    assert "lý do" in office.refused(office.admin, "/quyen Nguyễn Văn An vanphong")
    assert "Chưa rõ" in office.refused(office.admin, "/quyen Nguyễn Văn An vua lý do thích")
    assert "Chưa rõ" in office.refused(office.admin, "/quyen vanphong lý do thiếu tên")
    with pytest.raises(NotAllowed):
        office.type(office.clerk, "/quyen Hoàng Thị Vân quantri lý do tự phong")
    assert not office.person(office.an).has(Role.VAN_PHONG)


def test_a_head_needs_a_department(office: Office) -> None:
    assert "chưa thuộc phòng nào" in office.refused(
        office.admin, "/quyen Hoàng Thị Vân truongphong lý do QĐ 1"
    )


def test_the_last_admin_stays_and_a_single_one_is_warned_about(office: Office) -> None:
    assert "quản trị duy nhất" in office.refused(office.admin, "/thoiquyen Đỗ Minh Quản quantri lý do thôi")
    assert "chỉ có 1 quản trị" in office.type(office.admin, "/quyen Nguyễn Văn An lanhdao lý do QĐ 3")
    assert "Nên có" not in office.type(office.admin, "/quyen Hoàng Thị Vân quantri lý do QĐ 2")


def test_codes_are_audited_with_who_made_them(office: Office) -> None:
    office.type(office.clerk, "/capma Nguyễn Văn An")
    [deed] = office.deeds("code.make")
    assert (deed.actor_id, deed.subject_id) == (office.clerk, office.an)
    assert deed.after == {"purpose": CodePurpose.TIE}
