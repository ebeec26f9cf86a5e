"""The console over a real socket: logging in and out, what stands at the door, roles, errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console_office import CLERK, ConsoleOffice, serving


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console")) as office:
        yield office


def test_a_link_opens_the_console_once(office: ConsoleOffice) -> None:
    client = office.client()
    link = office.link(CLERK)
    assert "Vào trang Văn phòng" in client.get(link).text
    token = link.partition("ma=")[2]
    response = client.post("/van-phong/vao", data={"ma": token})
    assert (response.status_code, response.headers["location"]) == (303, "/van-phong")
    assert CLERK in client.get("/van-phong").text
    again = office.client().post("/van-phong/vao", data={"ma": token})
    assert again.status_code == 422
    assert "đã dùng" in again.text
