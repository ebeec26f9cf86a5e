"""One running program that most of these tests share; what breaks it starts its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import zalo
from tests.acceptance.program import Program
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa

MESSAGES_PER_MINUTE = 10  # what one person may ask of `office`

OWN_ENTRY = """\
field: Việc thử
owner: Văn phòng
review_by: 2035-01-01
entries:
  - id: thu_lan_su_rong
    kind: procedure
    title: Đăng ký biểu diễn lân sư rồng
    label: Đăng ký lân sư rồng
    fees:
      - {amount: %s}
    documents:
      - items:
          - {text: Đơn đăng ký lân sư rồng}
          - {text: Ảnh con lân}
    sources:
      s1: {kind: official, url: "https://example.gov.vn/lan"}
    as_of: 2026-01-01
"""


def write_own_entry(folder: Path, amount: str) -> None:
    """The office's own procedure with this fee (in đồng), in its own folder."""
    folder.mkdir(exist_ok=True)
    (folder / "rieng.yaml").write_text(OWN_ENTRY % amount, "utf-8")


@pytest.fixture(scope="session")
def fake() -> Iterator[FakeTelegram]:
    """The Bot API that `office` talks to."""
    with FakeTelegram() as running:
        yield running


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office's own knowledge folder."""
    folder = tmp_path_factory.mktemp("office") / "rieng"
    write_own_entry(folder, "123000")
    return folder


@pytest.fixture(scope="session")
def zalo_bot() -> Iterator[FakeZaloBot]:
    """The Bot Platform that `office` talks to; its plan is no matter here."""
    with FakeZaloBot(users=1000, messages_per_month=100_000) as running:
        yield running


@pytest.fixture(scope="session")
def zalo_oa() -> Iterator[FakeZaloOa]:
    """The OpenAPI that `office` talks to."""
    with FakeZaloOa() as running:
        yield running


@pytest.fixture(scope="session")
def office(
    fake: FakeTelegram, zalo_bot: FakeZaloBot, zalo_oa: FakeZaloOa, own_folder: Path
) -> Iterator[Program]:
    """The program with every platform and an own folder, running. Use persons and chats of your own."""
    settings = zalo.settings_for(zalo_bot, zalo_oa)
    settings["knowledge"] = {"folders": [str(own_folder)], "reload_seconds": 0.3}
    settings["zalo_bot"]["quota"] = {"messages_per_month": 100_000, "users": 1000}
    settings["delivery"] = {"per_chat_second": 50}
    settings["limits"] = {"messages_per_minute": MESSAGES_PER_MINUTE}
    secrets = zalo.secrets_for(zalo_bot, zalo_oa)
    with Program(own_folder.parent, telegram=fake, settings=settings, environ=secrets) as program:
        zalo.log_in(program, zalo_oa)
        program.start()
        zalo.connect(program, zalo_oa)
        yield program
