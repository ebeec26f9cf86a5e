"""How a Reply looks on Telegram."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_render import LABEL_LIMIT, TEXT_LIMIT, Draft, render, simpler
from office.messages import Choice, ChoiceKind, Line, Reply, Style, utf16_length
from tests.fakes.telegram_html import shown


def reply(*lines: Line | str, choices: tuple[Choice, ...] = ()) -> Reply:
    return Reply(
        lines=tuple(Line(line) if isinstance(line, str) else line for line in lines), choices=choices
    )


def choice(kind: ChoiceKind, label: str, *, ticked: bool = False) -> Choice:
    return Choice(kind=kind, label=label, payload=label[:20], ticked=ticked)


def rows(*choices: Choice) -> list[list[str]]:
    [draft] = render(reply("Chọn:", choices=choices))
    assert draft.keyboard is not None
    return [[button.text for button in row] for row in draft.keyboard.inline_keyboard]


def test_each_style_has_its_look() -> None:
    [draft] = render(
        reply(
            Line("Cấp phép <rượu> & khí", Style.TITLE),
            "Gồm:",
            Line("Đơn", Style.ITEM),
            Line("Bản sao", Style.ITEM),
            Line("Có thể đã cũ", Style.WARNING),
            Line("Nguồn: QĐ 1", Style.SOURCE),
            Line("Trả lời: nhan 1", Style.HINT),
        )
    )
    assert draft.text == (
        "<b>Cấp phép &lt;rượu&gt; &amp; khí</b>\nGồm:\n• Đơn\n• Bản sao"
        "\n\n⚠️ Có thể đã cũ\n\n<i>Nguồn: QĐ 1</i>\n<i>Trả lời: nhan 1</i>"
    )
    assert draft.plain == shown(draft.html)


def test_a_reply_without_text_still_has_some() -> None:
    assert render(reply("  "))[0].text == "…"


def test_options_are_numbered_as_typed_numbers_pick_them() -> None:
    facet = choice(ChoiceKind.FACET, "Lệ phí")
    first, second = choice(ChoiceKind.OPTION, "Rượu"), choice(ChoiceKind.OPTION, "Khí")
    assert rows(first, second) == [["1. Rượu"], ["2. Khí"]]
    assert rows(facet, first) == [["Lệ phí"], ["2. Rượu"]]


def test_each_kind_of_choice_has_its_rows() -> None:
    assert rows(
        *(choice(ChoiceKind.FACET, name) for name in ("Hồ sơ", "Lệ phí", "Nơi nộp")),
        choice(ChoiceKind.TICK, "Đơn", ticked=True),
        choice(ChoiceKind.TICK, "Ảnh"),
        choice(ChoiceKind.VOTE, "👍"),
        choice(ChoiceKind.VOTE, "👎"),
        choice(ChoiceKind.MENU, "Hỏi câu khác"),
        choice(ChoiceKind.MENU, "Liên hệ"),
        Choice(kind=ChoiceKind.LINK, label="Cổng DVC", url="https://dichvucong.gov.vn"),
        Choice(kind=ChoiceKind.LINK, label="Văn bản", url="https://vanban.vn"),
    ) == [
        ["Hồ sơ", "Lệ phí"],
        ["Nơi nộp"],
        ["☑ Đơn"],
        ["☐ Ảnh"],
        ["👍", "👎"],
        ["Hỏi câu khác", "Liên hệ"],
        ["Cổng DVC"],
        ["Văn bản"],
    ]


def test_long_labels_are_cut_and_many_buttons_too() -> None:
    [[label]] = rows(choice(ChoiceKind.OPTION, "dài " * 40))
    assert len(label) <= LABEL_LIMIT
    assert label.endswith("…")
    assert len(rows(*(choice(ChoiceKind.TICK, str(n)) for n in range(120)))) == 100


def test_buttons_stand_under_the_last_part() -> None:
    drafts = render(reply("Một câu. " * 900, choices=(choice(ChoiceKind.MENU, "Thôi"),)))
    assert [draft.keyboard is not None for draft in drafts] == [False, False, True]


def test_a_cut_title_stays_bold_in_every_part() -> None:
    for draft in render(reply(Line("Tên rất dài. " * 700, Style.TITLE))):
        assert draft.html.startswith("<b>")
        assert draft.html.endswith("</b>")


@given(st.lists(st.tuples(st.text("aă<&> .\n😀", max_size=9000), st.sampled_from(Style)), max_size=4))
def test_no_part_is_too_long_nor_badly_marked_up(written: list[tuple[str, Style]]) -> None:
    for draft in render(reply(*(Line(text * 3, style) for text, style in written))):
        assert shown(draft.html) == draft.plain
        assert 0 < utf16_length(draft.plain) <= TEXT_LIMIT
        assert len(draft.html.encode()) <= 32768


def test_refused_markup_is_left_out() -> None:
    draft = Draft(html="<b>a</b>", plain="a")
    plain = simpler(draft, "Can't parse entities: …")
    assert plain is not None
    assert plain.text == "a"
    assert simpler(plain, "Can't parse entities: …") is None


def test_refused_links_are_left_out_and_other_buttons_kept() -> None:
    link = Choice(kind=ChoiceKind.LINK, label="Cổng", url="http://localhost")
    menu = choice(ChoiceKind.MENU, "Liên hệ")
    refusal = "Inline keyboard button url 'http://localhost' is invalid: wrong http url"
    [draft] = render(reply("a", choices=(menu, link)))
    kept = simpler(draft, refusal)
    assert kept is not None
    assert kept.keyboard is not None
    assert [b.text for row in kept.keyboard.inline_keyboard for b in row] == ["Liên hệ"]
    none = simpler(kept, "BUTTON_DATA_INVALID")  # without buttons rather than not at all
    assert none is not None
    assert none.keyboard is None
    [only] = render(reply("a", choices=(link,)))
    bare = simpler(only, refusal)
    assert bare is not None
    assert bare.keyboard is None
    assert simpler(bare, refusal) is None


@pytest.mark.parametrize("refusal", ["chat not found", "not enough rights to send text messages"])
def test_other_refusals_leave_nothing_out(refusal: str) -> None:
    assert simpler(render(reply("a", choices=(choice(ChoiceKind.MENU, "b"),)))[0], refusal) is None
