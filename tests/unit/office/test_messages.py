"""Messages without a platform."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.messages import (
    Choice,
    ChoiceKind,
    File,
    Incoming,
    Line,
    Reply,
    Style,
    split_reply,
    split_text,
    with_links,
    without_files,
)

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


@given(texts=st.lists(st.text(max_size=400), min_size=1, max_size=12), limit=st.integers(60, 500))
def test_a_split_reply_loses_no_word_and_each_part_fits(texts: list[str], limit: int) -> None:
    choice = Choice(kind=ChoiceKind.MENU, label="x", payload="m")
    reply = Reply(lines=tuple(map(Line, texts)), choices=(choice,), replaces=True)
    parts = split_reply(reply, limit)
    assert [bool(part.choices) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert [part.replaces for part in parts] == [True] + [False] * (len(parts) - 1)
    for part in parts:
        units = sum(len(line.text.encode("utf-16-le", "surrogatepass")) // 2 for line in part.lines)
        assert units <= limit
    before = "".join("".join(text.split()) for text in texts)
    after = "".join("".join(line.text.split()) for part in parts for line in part.lines)
    assert after == before


def test_a_channel_without_files_names_them() -> None:
    file = File(name="bang.xlsx", media_type="x", content=b"")
    shown = without_files(Reply(lines=(Line("Đây ạ."),), files=(file,)))
    assert shown.files == ()
    assert "bang.xlsx" in shown.text()
    plain = Reply(lines=(Line("Đây ạ."),))
    assert without_files(plain) is plain


def test_a_channel_with_links_gets_those_and_the_names_of_the_rest() -> None:
    files = (File(name="a.pdf", media_type="x"), File(name="b.xlsx", media_type="x"))
    option = Choice(kind=ChoiceKind.OPTION, label="Tiếp", payload="m")
    shown = with_links(Reply(lines=(Line("Đây ạ."),), choices=(option,), files=files), {1: "https://x.vn/b"})
    assert [(c.label, c.url) for c in shown.choices] == [("Tiếp", ""), ("Tệp b.xlsx", "https://x.vn/b")]
    assert shown.numbered() == (option,)
    assert "a.pdf" in shown.text()
    assert "b.xlsx" not in shown.text()
