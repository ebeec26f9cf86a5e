"""One-time codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import codes, membership, people
from office.people import ChatAccount, Code, CodePurpose, Person, Role
from office.refusal import Refused

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
KEY = b"0123456789abcdef"


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions.begin() as session:
        yield session


def add(session: Session, name: str) -> int:
    return membership.add_member(session, name, department_id=None, actor=None, now=NOW).id


def code_for(session: Session, who: int, now: datetime = NOW) -> str:
    return codes.make_code(session, CodePurpose.TIE, member_id=who, created_by=None, now=now, hash_key=KEY)


def use(session: Session, code: str, sender: str = "x", **more: Any) -> Person:
    """Use a code as a desk does: what is refused has changed nothing."""
    given: dict[str, Any] = {
        "channel": "telegram",
        "account": "bot",
        "sender": sender,
        "chat": f"chat-{sender}",
        "name": "Tên Hiện",
        "now": NOW,
        "hash_key": KEY,
    }
    with session.begin_nested():
        return codes.use_code(session, code, **(given | more))


def test_a_code_has_no_letters_that_look_alike_and_is_kept_only_as_a_hash(session: Session) -> None:
    code = code_for(session, add(session, "An"))
    assert len(code) == 9
    assert code[4] == "-"
    assert not set(code) & set("01OIL")
    kept = session.scalars(select(Code)).one()
    assert code not in repr(vars(kept))
    assert code.replace("-", "") not in repr(vars(kept))


@pytest.mark.parametrize("written", ["{0}", "{1}", " {2} ", "{3}"])
def test_a_code_forgives_case_spaces_and_dashes(session: Session, written: str) -> None:
    an = add(session, "An")
    code = code_for(session, an)
    forms = (code, code.replace("-", ""), code.lower(), code.replace("-", " "))
    assert use(session, written.format(*forms)).id == an
    assert [c.chat for c in people.private_chats(session, an)] == ["chat-x"]


def test_a_code_works_once(session: Session) -> None:
    code = code_for(session, add(session, "An"))
    use(session, code)
    with pytest.raises(Refused, match="đã dùng"):
        use(session, code, "thief")
    assert people.person_of(session, channel="telegram", account="bot", sender="thief") is None


def test_a_code_ends_after_its_days(session: Session) -> None:
    code = code_for(session, add(session, "An"))
    late = NOW + timedelta(days=codes.TIE_DAYS)
    with pytest.raises(Refused, match="hết hạn"):
        use(session, code, now=late)
    use(session, code, now=late - timedelta(seconds=1))


def test_a_new_code_kills_the_old_one_of_the_same_member_only(session: Session) -> None:
    an, binh = add(session, "An"), add(session, "Bình")
    old, other, new = code_for(session, an), code_for(session, binh), code_for(session, an)
    with pytest.raises(Refused):
        use(session, old)
    assert use(session, other, "b").id == binh
    assert use(session, new, "a").id == an


def test_another_key_makes_a_code_void(session: Session) -> None:
    code = code_for(session, add(session, "An"))
    with pytest.raises(Refused):
        use(session, code, hash_key=b"another key of 16")


def test_the_code_of_somebody_who_left_ties_nobody(session: Session) -> None:
    an = add(session, "An")
    code = code_for(session, an)
    membership.leave(session, an, actor=None, reason="chuyển", now=NOW)
    with pytest.raises(Refused, match="không còn"):
        use(session, code)
    assert session.scalars(select(ChatAccount)).all() == []


def test_an_account_belongs_to_whom_it_was_tied_last(session: Session) -> None:
    an, binh = add(session, "An"), add(session, "Bình")
    use(session, code_for(session, an))
    use(session, code_for(session, binh))
    found = people.person_of(session, channel="telegram", account="bot", sender="x")
    assert found is not None
    assert found.id == binh
    assert people.private_chats(session, an) == ()


def test_a_new_tie_reaches_who_had_blocked_the_bot(session: Session) -> None:
    an = add(session, "An")
    use(session, code_for(session, an))
    session.scalars(select(ChatAccount)).one().disabled_at = NOW
    session.flush()
    assert people.private_chats(session, an) == ()
    use(session, code_for(session, an))
    assert len(people.private_chats(session, an)) == 1


def test_the_office_is_claimed_by_one(session: Session) -> None:
    code = codes.claim_code(session, now=NOW, hash_key=KEY)
    assert code is not None
    first = use(session, code, "first")
    assert (first.name, set(first.roles)) == ("Tên Hiện", {Role.MEMBER, Role.ADMIN, Role.VAN_PHONG})
    assert codes.claim_code(session, now=NOW, hash_key=KEY) is None
    with pytest.raises(Refused):
        use(session, code, "second")
    assert membership.admins(session) == 1


def test_a_claim_that_comes_after_the_first_admin_is_refused(session: Session) -> None:
    code = codes.claim_code(session, now=NOW, hash_key=KEY)
    assert code is not None
    membership.give_role(session, add(session, "An"), Role.ADMIN, actor=None, reason="QĐ", now=NOW)
    with pytest.raises(Refused, match="đã có quản trị"):
        use(session, code)
    assert membership.admins(session) == 1


def test_a_claim_ends_after_a_day(session: Session) -> None:
    code = codes.claim_code(session, now=NOW, hash_key=KEY)
    assert code is not None
    with pytest.raises(Refused):
        use(session, code, now=NOW + timedelta(hours=codes.CLAIM_HOURS))


def test_a_member_who_claims_the_office_stays_the_same_person(session: Session) -> None:
    an = add(session, "An")
    use(session, code_for(session, an))
    code = codes.claim_code(session, now=NOW, hash_key=KEY)
    assert code is not None
    assert use(session, code).id == an
    assert len(people.all_people(session)) == 1


def test_each_further_account_comes_last_and_one_tied_again_keeps_its_place(session: Session) -> None:
    an, binh = add(session, "An"), add(session, "Bình")
    for sender in ("a", "b", "c", "a"):
        for row in session.scalars(select(ChatAccount).where(ChatAccount.sender == sender)):
            row.disabled_at = NOW
        use(session, code_for(session, an), sender)
    assert [row.sender for row in people.accounts_of(session, an)] == ["a", "b", "c"]
    use(session, code_for(session, binh), "z")
    use(session, code_for(session, binh), "a")
    assert [row.sender for row in people.accounts_of(session, binh)] == ["z", "a"]
    assert [row.rank for row in people.accounts_of(session, an)] == [1, 2]


def test_a_code_may_live_for_a_shorter_while(session: Session) -> None:
    made = {"member_id": add(session, "An"), "created_by": None, "now": NOW, "hash_key": KEY}
    code = codes.make_code(session, CodePurpose.TIE, life=timedelta(minutes=15), **made)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        use(session, code, now=NOW + timedelta(minutes=15))
    assert use(session, code, now=NOW + timedelta(minutes=14)).name == "An"


def test_a_code_is_not_spent_on_an_account_that_is_the_members_already(session: Session) -> None:
    an = add(session, "An")
    use(session, code_for(session, an), "a")
    code = code_for(session, an)
    with pytest.raises(Refused, match=r"đã gắn với anh/chị\. Mở kênh khác"):
        use(session, code, "a")
    assert use(session, code, "b").id == an


def test_a_first_admin_without_a_name_is_asked_for_one_and_the_code_is_not_spent(session: Session) -> None:
    code = codes.claim_code(session, now=NOW, hash_key=KEY)
    assert code is not None
    with pytest.raises(Refused, match="Cần họ và tên"):
        use(session, code, name="")
    assert use(session, code, name="Lê Văn Chí").name == "Lê Văn Chí"


@pytest.mark.parametrize(
    "text", ["CQFA-4ZAT", "cqfa4zat", " CQFA 4ZAT", "cqfa - 4zat", "ABCD EFGH", "abcdefgh", "CQFA-4ZAT đổi"]
)
def test_what_has_the_shape_of_a_code_is_known(text: str) -> None:
    assert codes.begins_with_code(text)


@pytest.mark.parametrize(
    "text", ["", "hang xuat", "hàng xuất khẩu", "CQFA-4ZA", "CQFA-4ZATX", "0101 2345", "số thuế 0101234567"]
)
def test_other_words_have_no_codes_shape(text: str) -> None:
    assert not codes.begins_with_code(text)


def test_a_code_alone_is_known_and_words_and_numbers_are_none() -> None:
    for text in ("CQFA-4ZAT", " cqfa-4zat ", "CQFA4ZAT", "abcd-efgh"):
        assert codes.is_code(text), text
    for text in (
        "",
        "THUE THAN",
        "quanthue",
        "2345-6789",
        "23456789",
        "CQFA-4ZAT đổi",
        "CQFA 4ZAT",
    ):
        assert not codes.is_code(text), text
