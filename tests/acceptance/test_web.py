"""The web page, its JSON service, the figures, and knowledge that changes while the program runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.conftest import write_own_entry
from tests.acceptance.program import Program, choices_of, lines_of, until

QUESTION = "Đăng ký biểu diễn lân sư rồng"


def test_the_page_is_served_with_a_strict_policy(office: Program) -> None:
    page = office.get("/")
    assert page.status_code == 200
    assert "Hỏi đáp thủ tục hành chính" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []  # no other host is needed to show it
    assert office.get("/khong-co").status_code == 404


def test_a_conversation_goes_on_by_its_session(office: Program) -> None:
    answer = office.chat(text="phí bán lẻ thuốc lá")
    session, [reply] = answer["session"], answer["replies"]
    assert "31/12/2026" in lines_of(reply)
    assert reply["lines"][-1]["style"] == "source"
    payload = choices_of(reply, "facet")[0]["payload"]
    [tapped] = office.chat(payload=payload, session=session)["replies"]
    assert tapped["replaces"] is True
    [followed] = office.chat(text="còn lệ phí?", session=session)["replies"]
    assert "31/12/2026" in lines_of(followed)
    [strange] = office.chat(text="còn lệ phí?")["replies"]
    assert "31/12/2026" not in lines_of(strange)


def test_the_same_message_again_is_not_asked_twice(office: Program) -> None:
    first = office.chat(text="phí bán lẻ thuốc lá lần một", key="k1")
    again = office.chat(text="phí bán lẻ thuốc lá lần một", key="k1", session=first["session"])
    assert again == first
    assert len(office.rows("SELECT id FROM questions WHERE text LIKE '%lần một'")) == 1


def test_payloads_that_nobody_was_offered_do_no_harm(office: Program) -> None:
    staff = next(
        line.split(":")[1].strip()
        for line in Path("knowledge/data/can_bo.yaml").read_text("utf-8").splitlines()
        if line.lstrip().startswith("- id:")
    )
    hostile = [
        "e",
        "e:",
        "e:không có",
        f"e:{staff}",
        "t:x:9999999999999999999:1",
        "v:99999999999999999999:1",
        "\x00",
    ]
    for payload in hostile:
        replies = office.chat(payload=payload)["replies"]
        assert len(replies) == 1
        assert lines_of(replies[0])
    assert office.health()[0] == 200


def test_health_and_figures_are_told(office: Program) -> None:
    status, facts = office.health()
    assert status == 200
    assert facts["database"] == {"ok": True, "problem": ""}
    assert facts["knowledge"]["up_to_date"] is True
    assert facts["channels"]["web"]["port"] == office.port
    office.chat(text="phí bán lẻ thuốc lá")
    figures = office.get("/metrics").text
    assert 'xinluon_messages_total{channel="web",result="question"}' in figures
    assert 'xinluon_channel_up{channel="telegram"} 1.0' in figures


def test_changed_knowledge_is_taken_in_and_broken_knowledge_is_not(office: Program, own_folder: Path) -> None:
    def fee() -> str:
        return lines_of(office.chat(text=QUESTION)["replies"][0])

    def knowledge() -> dict[str, object]:
        facts: dict[str, object] = office.health()[1]["knowledge"]
        return facts

    before = knowledge()["version"]
    assert "123.000 đồng" in fee()
    try:
        write_own_entry(own_folder, "456000")
        until(lambda: knowledge()["version"] != before)
        good = knowledge()["version"]
        assert "456.000 đồng" in fee()

        write_own_entry(own_folder, "[789000")
        until(lambda: not knowledge()["up_to_date"])
        assert "456.000 đồng" in fee()
        assert knowledge()["version"] == good
        assert "rieng.yaml:" in json.dumps(knowledge()["errors"])
        assert any(
            "rieng.yaml:" in e["problem"] for e in office.events() if e["event"] == "knowledge.problem"
        )
        assert office.health()[0] == 200  # it serves, on what it knew

        write_own_entry(own_folder, "789000")
        until(lambda: knowledge()["version"] != good)
        assert "789.000 đồng" in fee()
        assert knowledge()["errors"] == []
    finally:
        write_own_entry(own_folder, "123000")
        until(lambda: knowledge()["version"] == before)


@pytest.mark.parametrize("text", ["", " ", "/start", "\x00", "\u202e\u200b"])
def test_an_empty_question_offers_the_menu(office: Program, text: str) -> None:
    [reply] = office.chat(text=text)["replies"]
    assert [c["label"] for c in choices_of(reply, "option")][:2] == [
        "Thủ tục theo lĩnh vực",
        "Nộp hồ sơ trực tuyến",
    ]
