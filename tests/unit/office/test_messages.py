"""Messages without a platform."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.messages import Choice, ChoiceKind, Incoming, Line, Reply, Style, split_text

TEXTS = st.text(alphabet=st.sampled_from("aăđ .;\n\t0"), max_size=300) | st.text(max_size=300)


@given(TEXTS, st.integers(min_value=1, max_value=80))
def test_split_text_loses_nothing_but_white_space(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(TEXTS, st.integers(min_value=1, max_value=80))
def test_split_text_keeps_every_part_within_the_limit_and_not_empty(text: str, limit: int) -> None:
    assert all(0 < len(part) <= limit and part.strip() for part in split_text(text, limit))


def test_split_text_cuts_at_the_end_of_a_sentence_when_it_can() -> None:
    assert split_text("Nộp hồ sơ trực tuyến. Nhận kết quả tại nhà.", 30) == [
        "Nộp hồ sơ trực tuyến.",
        "Nhận kết quả tại nhà.",
    ]


def test_split_text_cuts_at_a_word_when_there_is_no_sentence_end() -> None:
    assert split_text("một hai ba bốn năm", 10) == ["một hai", "ba bốn năm"]


def test_split_text_cuts_a_word_only_when_there_is_no_space() -> None:
    assert split_text("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_split_text_of_nothing_is_nothing() -> None:
    assert split_text("  \n ", 10) == []


@pytest.mark.parametrize("payload", ["", "x" * 65, "đ" * 33])
def test_a_choice_refuses_a_payload_no_platform_takes(payload: str) -> None:
    with pytest.raises(ValueError, match="payload must have"):
        Choice(kind=ChoiceKind.OPTION, label="Có", payload=payload)


def test_a_link_needs_a_web_address() -> None:
    with pytest.raises(ValueError, match="http address"):
        Choice(kind=ChoiceKind.LINK, label="Mở", url="javascript:alert(1)")


def test_a_typed_number_picks_no_link() -> None:
    link = Choice(kind=ChoiceKind.LINK, label="Cổng", url="https://dichvucong.gov.vn")
    yes = Choice(kind=ChoiceKind.OPTION, label="Có", payload="y")
    assert Reply(lines=(), choices=(link, yes)).numbered() == (yes,)


def test_items_of_a_list_show_as_bullets_in_plain_text() -> None:
    reply = Reply(lines=(Line("Hồ sơ", Style.TITLE), Line("Đơn", Style.ITEM)))
    assert reply.text() == "Hồ sơ\n• Đơn"


def test_incoming_refuses_a_naive_moment() -> None:
    naive = datetime(2026, 11, 21)  # noqa: DTZ001 - the very thing that must be refused
    with pytest.raises(ValueError, match="aware"):
        Incoming(channel="web", account="a", key="1", chat="c", sender="s", at=naive)
