"""Replies as plain text: what stands where, and that nothing is lost, too long or misnumbered."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import addresses_of
from bot.channels.plain_text import Page, pages
from office.messages import (
    Capabilities,
    Choice,
    ChoiceKind,
    File,
    Line,
    Reply,
    Style,
    split_reply,
    utf16_length,
)

BARE = Capabilities(buttons=False, edit=False, links=False, max_text=2000)
BUTTONS = Capabilities(buttons=True, edit=False, links=True, max_text=2000, max_buttons=5, max_label=100)
PDF = File(name="Kế hoạch.pdf", media_type="application/pdf", content=b"%PDF-1.4")
TABLE = File(name="bang.xlsx", media_type="application/vnd.ms-excel", stored=4)

_TEXTS = st.text(min_size=1, max_size=120) | st.sampled_from(
    ["Nộp hồ sơ trực tuyến. Nhận kết quả tại nhà. " * 8, "😀" * 150, "a" * 400, "e\u0302\u0301" * 90, " \n "]
)
_KINDS = st.sampled_from([kind for kind in ChoiceKind if kind is not ChoiceKind.LINK])
_CHOICES = st.builds(
    Choice,
    kind=_KINDS,
    label=st.text(max_size=70) | st.just("Hồ sơ"),
    payload=st.sampled_from(["s:nhan:12", "e:mua-ban", "m", "s:tb:doc:5:2"]),
    ticked=st.booleans(),
) | st.builds(
    Choice, kind=st.just(ChoiceKind.LINK), label=st.just("Cổng"), url=st.just("https://dvc.example.vn/a")
)
_REPLIES = st.builds(
    Reply,
    lines=st.lists(st.builds(Line, _TEXTS, st.sampled_from(list(Style))), max_size=6).map(tuple),
    choices=st.lists(_CHOICES, max_size=14).map(tuple),
    files=st.lists(st.sampled_from([PDF, TABLE]), max_size=3).map(tuple),
)
_CHANNELS = st.builds(
    Capabilities,
    buttons=st.booleans(),
    edit=st.just(False),
    links=st.booleans(),
    max_text=st.integers(60, 500),
    max_buttons=st.integers(1, 6),
    max_label=st.integers(4, 100),
    files=st.booleans(),
)
_ADDRESSES = st.dictionaries(st.integers(0, 2), st.just("https://sct.example.vn/tep/abc/Ke-hoach.pdf"))


def bare(text: str) -> str:
    """Without white space and what pages put in."""
    text = re.sub(r"\n\(\d+/\d+\)$", "", text)
    return "".join(unicodedata.normalize("NFC", text).split())


def text_of(made: tuple[Page, ...] | list[Page]) -> str:
    return "".join(bare(page.text) for page in made)


def choice(label: str, payload: str = "m", kind: ChoiceKind = ChoiceKind.OPTION) -> Choice:
    return Choice(kind=kind, label=label, payload=payload)


@settings(max_examples=40)
@given(_REPLIES, _CHANNELS, _ADDRESSES, st.booleans())
def test_every_page_is_composed_within_the_limit_and_not_empty(
    reply: Reply, channel: Capabilities, addresses: dict[int, str], unasked: bool
) -> None:
    made = pages(reply, channel, addresses=addresses, unasked=unasked)
    assert made
    for page in made:
        assert page.text or page.file
        assert page.text == page.text.strip()
        assert unicodedata.is_normalized("NFC", page.text)
        assert max(len(page.text), utf16_length(page.text)) <= channel.max_text


@settings(max_examples=40)
@given(_REPLIES, _CHANNELS, _ADDRESSES, st.booleans())
def test_no_text_is_lost(
    reply: Reply, channel: Capabilities, addresses: dict[int, str], unasked: bool
) -> None:
    made = list(pages(reply, channel, addresses=addresses, unasked=unasked))
    shown, at = text_of(made), 0
    for line in reply.lines:
        if unasked and line.style is Style.HINT:
            continue  # may be said by the choices
        said = bare(line.text)
        at = shown.find(said, at)
        assert at >= 0, said
        at += len(said)
    carried = [page.file for page in made if page.file]
    for place, file in enumerate(reply.files):
        assert file in carried or bare(addresses.get(place, file.name)) in shown


@settings(max_examples=40)
@given(_REPLIES, _CHANNELS)
def test_numbers_are_those_that_a_typed_number_picks(reply: Reply, channel: Capabilities) -> None:
    made = list(pages(reply, channel))
    buttons = tuple(chain.from_iterable(page.buttons for page in made))
    shown = text_of(made)
    if buttons:
        assert [button.payload for button in buttons] == [c.payload for c in reply.numbered()]
        return
    for number, one in enumerate(reply.numbered(), start=1):
        label = bare(one.label) or "…"
        box = ("☑" if one.ticked else "☐") if one.kind is ChoiceKind.TICK else ""
        assert f"{number}.{box}{label}" in shown


@settings(max_examples=40)
@given(_REPLIES, st.integers(200, 900))
def test_a_part_of_a_delivery_is_one_page(reply: Reply, limit: int) -> None:
    if not reply.lines:
        return
    for part in split_reply(Reply(lines=reply.lines), limit):
        assert len(pages(part, _limited(limit), unasked=True)) == 1


def test_titles_items_warnings_and_sources_are_told_apart_by_lines_and_marks() -> None:
    lines = (
        Line("Thi hành", Style.TITLE),
        Line("Hồ sơ gồm:"),
        Line("Đơn.", Style.ITEM),
        Line("Bản vẽ.", Style.ITEM),
        Line("Chưa kiểm tra lại.", Style.WARNING),
        Line("Nguồn: QĐ 1.", Style.SOURCE),
    )
    (page,) = pages(Reply(lines=lines), BARE)
    assert page.text == ("Thi hành\nHồ sơ gồm:\n• Đơn.\n• Bản vẽ.\n\n⚠ Chưa kiểm tra lại.\n\nNguồn: QĐ 1.")


def test_choices_are_listed_with_their_numbers_and_how_to_answer() -> None:
    link = Choice(kind=ChoiceKind.LINK, label="Nộp trực tuyến", url="https://dvc.gov.vn/x")
    reply = Reply(
        lines=(Line("Anh/chị hỏi việc nào?"),), choices=(choice("Cấp mới"), link, choice("Cấp lại"))
    )
    (page,) = pages(reply, BARE)
    assert page.text == (
        "Anh/chị hỏi việc nào?\n\nNộp trực tuyến: https://dvc.gov.vn/x\n\n"
        "1. Cấp mới\n2. Cấp lại\nTrả lời 1 hoặc 2."
    )


def test_how_to_answer_names_few_numbers_and_spans_many() -> None:
    said = []
    for count in (1, 2, 3, 4):
        (page,) = pages(Reply(lines=(), choices=(choice("A"),) * count), BARE)
        said.append(page.text.splitlines()[-1])
    assert said == [
        "Trả lời 1 để chọn.",
        "Trả lời 1 hoặc 2.",
        "Trả lời 1, 2 hoặc 3.",
        "Trả lời một số từ 1 đến 4.",
    ]


def test_short_facets_share_a_line_and_ticks_never_do() -> None:
    facets = [choice(name, kind=ChoiceKind.FACET) for name in ("Hồ sơ", "Lệ phí", "Thời hạn giải quyết")]
    tick = Choice(kind=ChoiceKind.TICK, label="Đơn", payload="t:a:0:1", ticked=True)
    open_ = Choice(kind=ChoiceKind.TICK, label="Ảnh", payload="t:a:0:2")
    (page,) = pages(Reply(lines=(), choices=(*facets, tick, open_)), BARE)
    assert page.text.splitlines()[:-1] == [
        "1. Hồ sơ · 2. Lệ phí",
        "3. Thời hạn giải quyết",
        "4. ☑ Đơn",
        "5. ☐ Ảnh",
    ]


def test_what_nobody_asked_for_has_words_to_type_and_no_numbers() -> None:
    choices = (choice("Đã nhận", "s:nhan:12"), choice("Xem thêm", "s:viec:toi:10:"), choice("Menu", "m"))
    (page,) = pages(Reply(lines=(Line("Việc mới."),), choices=choices), BARE, unasked=True)
    assert page.text == "Việc mới.\n\nĐã nhận: nhắn «nhan 12»"


def test_how_to_answer_in_words_is_said_once() -> None:
    hint = Line("Trả lời: nhan 12", Style.HINT)
    reply = Reply(lines=(Line("Việc mới."), hint), choices=(choice("Đã nhận", "s:nhan:12"),))
    [unasked] = pages(reply, BARE, unasked=True)
    assert unasked.text == "Việc mới.\n\nĐã nhận: nhắn «nhan 12»"
    [asked] = pages(reply, BARE)
    assert asked.text == "Việc mới.\n\nTrả lời: nhan 12\n\n1. Đã nhận\nTrả lời 1 để chọn."
    [tapped] = pages(reply, BUTTONS, unasked=True)
    assert tapped.text == "Việc mới.\n\nTrả lời: nhan 12"
    untyped = Reply(lines=reply.lines, choices=(choice("Menu"),))
    [page] = pages(untyped, BARE, unasked=True)
    assert page.text == "Việc mới.\n\nTrả lời: nhan 12"


def test_buttons_take_the_place_of_the_list_when_all_fit() -> None:
    reply = Reply(lines=(Line("Chọn:"),), choices=(choice("A"), choice("b" * 120)))
    (page,) = pages(reply, BUTTONS)
    assert page.text == "Chọn:"
    assert [button.label for button in page.buttons] == ["A", "b" * 99 + "…"]
    (many,) = pages(Reply(lines=(Line("Chọn:"),), choices=(choice("A"),) * 6), BUTTONS)
    assert not many.buttons
    assert many.text.endswith("6. A\nTrả lời một số từ 1 đến 6.")


def test_the_choices_stay_together_on_the_last_page() -> None:
    reply = Reply(lines=(Line("Câu này dài. " * 30),), choices=(choice("Một hai ba"),) * 9)
    channel = Capabilities(buttons=False, edit=False, links=False, max_text=450)
    first, last = pages(reply, channel)
    assert "1. Một hai ba" not in first.text
    assert last.text.startswith("1. Một hai ba")
    assert last.text.endswith("Trả lời một số từ 1 đến 9.\n(2/2)")


def test_long_text_is_cut_at_the_end_of_a_sentence_and_the_parts_are_numbered() -> None:
    made = pages(Reply(lines=(Line("Nộp hồ sơ trực tuyến. " * 20),)), _limited(240))
    assert made[0].text.endswith("trực tuyến.\n(1/2)")
    assert made[1].text.endswith("trực tuyến.\n(2/2)")


def _limited(limit: int) -> Capabilities:
    return Capabilities(buttons=False, edit=False, links=False, max_text=limit)


def test_a_file_is_linked_sent_or_said_to_be_missing() -> None:
    reply = Reply(lines=(Line("Đây ạ."),), files=(PDF,))
    (linked,) = pages(reply, BARE, addresses={0: "https://sct.vn/tep/s/Ke.pdf"})
    assert linked.text == "Đây ạ.\n\nTệp Kế hoạch.pdf: https://sct.vn/tep/s/Ke.pdf"
    text, sent = pages(reply, BARE, carries=lambda file: True)
    assert (text.text, sent.text, sent.file) == ("Đây ạ.", "", PDF)
    (lost,) = pages(reply, BARE)
    assert "⚠ Kênh này không gửi được tệp (Kế hoạch.pdf)." in lost.text


def test_addresses_are_made_only_for_what_the_channel_does_not_carry() -> None:
    class Makes:
        async def address(self, file: File) -> str | None:
            return f"https://sct.vn/{file.name}" if file is TABLE else None

    reply = Reply(lines=(), files=(PDF, TABLE))
    assert asyncio.run(addresses_of(reply, Makes(), lambda file: file is PDF)) == {
        1: "https://sct.vn/bang.xlsx"
    }
    assert asyncio.run(addresses_of(reply, Makes())) == {1: "https://sct.vn/bang.xlsx"}
    assert asyncio.run(addresses_of(reply, None)) == {}


def test_a_reply_without_any_word_still_is_a_message() -> None:
    assert pages(Reply(lines=()), BARE) == (Page(text="…"),)
