"""/vaoban: links to Văn phòng's pages, for whom they are, in private."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.staff.request import ConsoleAddress
from office.console_access import LoginLink
from office.messages import ChoiceKind
from office.people import Member
from tests.unit.handlers.staff.work_office import Office

INSIDE = ConsoleAddress(url="http://10.1.2.3:8080/van-phong/vao?ma=", public=False)
PUBLIC = ConsoleAddress(url="https://hoidap.example.vn/van-phong/vao?ma=", public=True)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def owners(office: Office) -> list[str]:
    with office.sessions() as session:
        query = select(Member.name).join(LoginLink, LoginLink.member_id == Member.id)
        return list(session.scalars(query))


def test_a_clerk_gets_a_link_of_their_own(office: Office) -> None:
    office.router._console_address = lambda: PUBLIC
    replies = office.hear("Văn", "/vaoban")
    assert replies
    [reply] = replies
    [button] = reply.choices
    assert button.kind is ChoiceKind.LINK
    assert button.url.startswith(PUBLIC.url)
    assert button.url not in reply.text()  # where buttons are lines of text it would stand there twice
    assert "10 phút" in reply.text()
    assert owners(office) == ["Hồ Văn Phòng"]


def test_without_a_public_address_it_is_said_where_the_link_works(office: Office) -> None:
    office.router._console_address = lambda: INSIDE
    replies = office.hear("Lãnh", "/vaoban")
    assert replies
    assert "trong mạng của cơ quan" in replies[0].text()
    assert replies[0].choices == ()


def test_a_link_that_opens_on_the_server_alone_says_so(office: Office) -> None:
    office.router._console_address = lambda: replace(INSIDE, local=True)
    replies = office.hear("Lãnh", "/vaoban")
    assert replies
    assert "trên chính máy chủ" in replies[0].text()
    assert "trong mạng của cơ quan" not in replies[0].text()


@pytest.mark.parametrize("who", ["An", "Trưởng"])
def test_whose_pages_they_are_not_is_told_whose_they_are(office: Office, who: str) -> None:
    office.router._console_address = lambda: PUBLIC
    replies = office.hear(who, "/vaoban")
    assert replies
    assert "dành cho" in replies[0].text()
    assert owners(office) == []


def test_no_link_is_given_in_a_group(office: Office) -> None:
    office.router._console_address = lambda: PUBLIC
    replies = office.hear("Văn", "/vaoban", group="nhóm")
    assert replies
    assert "cửa sổ trò chuyện riêng" in replies[0].text()
    assert owners(office) == []


def test_an_office_without_the_pages_says_so(office: Office) -> None:
    replies = office.hear("Văn", "/vaoban")
    assert replies
    assert "chưa mở" in replies[0].text()
