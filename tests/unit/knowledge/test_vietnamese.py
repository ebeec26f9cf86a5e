"""Vietnamese text as people type it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from knowledge.keystrokes import decode_keystrokes, split_joined
from knowledge.loader import load
from knowledge.vietnamese import clean, fold, is_syllable, syllable, words

# Real syllables: those of the shipped titles and aliases.
SYLLABLES = sorted(
    {
        word
        for entry in load().knowledge.entries.values()
        for phrase in (entry.title, *entry.aliases)
        for word in words(clean(phrase))
        if word.isalpha() and is_syllable(syllable(word).folded)
    }
)
MARKED = [word for word in SYLLABLES if syllable(word).tone or syllable(word).marks]

# grave, acute, tilde, hook, dot; circumflex (Telex doubles the letter), breve, horn
TELEX = dict(zip("\u0300\u0301\u0303\u0309\u0323\u0306\u031b", "fsxrjww", strict=True))
VNI = dict(zip("\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b", "21435687", strict=True))
TONES = "\u0300\u0301\u0303\u0309\u0323"


def telex(word: str, *, tone_last: bool) -> str:
    return _keys(word, TELEX, "dd", tone_last)


def vni(word: str, *, tone_last: bool) -> str:
    return _keys(word, VNI, "d9", tone_last)


def _keys(word: str, table: dict[str, str], stroke: str, tone_last: bool) -> str:
    keys: list[str] = []
    tone = letter = ""
    for char in unicodedata.normalize("NFD", word):
        if char in TONES and tone_last:
            tone = table[char]
        elif unicodedata.combining(char):
            keys.append(table.get(char, letter))  # Telex doubles the letter: "ee" is ê
        else:
            letter = char
            keys.append(stroke if char == "đ" else char)
    return "".join(keys) + tone


@given(st.sampled_from(MARKED), st.booleans())
@settings(max_examples=500, deadline=None)
def test_telex_keystrokes_come_back_as_the_syllable(word: str, tone_last: bool) -> None:
    assert decode_keystrokes(telex(word, tone_last=tone_last)) == syllable(word)


@given(st.sampled_from(MARKED), st.booleans())
@settings(max_examples=500, deadline=None)
def test_vni_keystrokes_come_back_as_the_syllable(word: str, tone_last: bool) -> None:
    assert decode_keystrokes(vni(word, tone_last=tone_last)) == syllable(word)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("xawng", "xăng"),
        ("dafu", "dầu"),
        ("daafu", "dầu"),
        ("ho62", "hồ"),
        ("so7", "sơ"),
        ("ddieejn", "điện"),
        ("coong", "công"),
        ("khoong", "không"),
        ("thuwowng", "thương"),
        ("thuongw", "thương"),
        ("dduwowcj", "được"),
        ("dduocwj", "được"),
        ("nguoi72", "người"),
        ("chuaw", "chưa"),
        ("muwa", "mưa"),
        ("tw", "tư"),
        ("thuowr", "thuở"),
        ("quowr", "quở"),
        ("gif", "gì"),
    ],
)
def test_people_leave_out_keys_and_put_marks_last(keys: str, word: str) -> None:
    decoded = decode_keystrokes(keys)
    assert decoded is not None
    assert decoded.folded == syllable(word).folded
    assert decoded.contradicts(syllable(word)) == 0


@pytest.mark.parametrize(
    "word", ["sang", "ban", "giay", "2024", "h2", "12", "a", "license", "xăng", "w", "windows10"]
)
def test_what_is_no_keystrokes_is_left_alone(word: str) -> None:
    assert decode_keystrokes(word) is None


@given(st.text(alphabet="abcdeghiklmnopqrstuvxywfjz0123456789", max_size=12))
@settings(max_examples=300, deadline=None)
def test_decoding_gives_a_possible_syllable_or_nothing(keys: str) -> None:
    decoded = decode_keystrokes(keys)
    assert decoded is None or is_syllable(decoded.folded)


@pytest.mark.parametrize(
    ("typed", "known", "against"),
    [
        ("ban", "bán", 0.0),
        ("ban", "bạn", 0.0),
        ("bán", "bán", 0.0),
        ("bán", "bạn", 1.0),
        ("bạn", "bán", 1.0),
        ("bán", "ban", 1.0),
        ("dien", "điện", 0.0),
        ("diên", "điện", 0.0),
        ("điên", "điện", 0.0),
        ("đien", "diện", 1.0),
        ("rươu", "rượu", 0.0),
        ("rượu", "rươu", 1.0),
        ("tơ", "tô", 1.0),
    ],
)
def test_typed_marks_speak_against_other_marks_and_missing_ones_do_not(
    typed: str, known: str, against: float
) -> None:
    assert syllable(typed).contradicts(syllable(known)) == against


@pytest.mark.parametrize(("typed", "known"), [("sữa", "sửa"), ("sửa", "sữa"), ("đổi", "đỗi")])
def test_hook_and_tilde_are_mixed_up_and_count_little(typed: str, known: str) -> None:
    assert 0 < syllable(typed).contradicts(syllable(known)) < 0.5


@given(st.sampled_from(SYLLABLES))
def test_a_syllable_never_speaks_against_itself_nor_does_its_plain_form(word: str) -> None:
    assert syllable(word).contradicts(syllable(word)) == 0
    assert syllable(fold(word)).contradicts(syllable(word)) == 0
    assert syllable(word) == syllable(unicodedata.normalize("NFD", word)) == syllable(word.upper())


@given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=6))
def test_folding_leaves_plain_letters_whatever_the_form(parts: list[str]) -> None:
    text = " ".join(parts)
    assert fold(text).isascii()
    assert fold(text) == fold(unicodedata.normalize("NFD", text)) == fold(text.upper()) == fold(fold(text))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (unicodedata.normalize("NFD", "cấp giấy phép bán rượu"), "cấp giấy phép bán rượu"),
        (unicodedata.normalize("NFD", "«hồ sơ» của «thủ tục»"), "«hồ sơ» của «thủ tục»"),
        ("xăng\u200b dầu\ufeff", "xăng dầu"),
        ("rư\u200dợu", "rượu"),
        ("\u202erượu\u202c \u2066bán\u2069", "rượu bán"),
        ("bán\x00rượu\x07", "bán rượu"),
        ("a\u0301\u200b", "á"),
        ("a\u200b\u0301", "á"),
        ("giấy\u00a0phép\u3000rượu\n\tbán", "giấy phép rượu bán"),
        ("xin chào 😀👍🏽 ạ ❤️", "xin chào ạ"),
        ("①② 2️⃣", "12 2"),
        ("xăng\u0336 dầu\u0489", "xăng dầu"),
        ("сấр giấу рhéр", "cấp giấy phép"),
        ("ＸĂＮＧ", "XĂNG"),
        ("cÊp giÊy phÐp b¸n lÎ thuèc l¸", "cấp giấy phép bán lẻ thuốc lá"),
        ("Thñ tôc hµnh chÝnh", "Thủ tục hành chính"),
        ("c«ng th\u00ad¬ng", "công thương"),
        ("®iÖn lùc", "điện lực"),
        ("thu tuc «cap giay phep»", "thu tuc «cap giay phep»"),
        ("10 × 20 × 30 · 5", "10 × 20 × 30 · 5"),
        ("hồ sơ «cấp» × «gia hạn»", "hồ sơ «cấp» × «gia hạn»"),
        ("  ", ""),
    ],
)
def test_text_is_cleaned_of_what_cannot_be_seen(typed: str, meant: str) -> None:
    assert clean(typed) == meant


noise = st.sampled_from([*"\u200b\u200d\u202e\ufeff\u00ad\x00\x1b😀\u0301\u0323 \n«»·", "❤️"])


@given(st.lists(st.one_of(st.sampled_from(SYLLABLES), noise), max_size=12).map("".join), st.booleans())
@settings(max_examples=300, deadline=None)
def test_cleaned_text_is_composed_visible_and_clean_already(text: str, decomposed: bool) -> None:
    cleaned = clean(unicodedata.normalize("NFD", text) if decomposed else text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(c)[0] == "C" for c in cleaned)
    assert clean(cleaned) == cleaned


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_cleaned_folded_and_cut_into_words(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert all(word and not any(c.isspace() for c in word) for word in words(cleaned))
    fold(text)
    syllable(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mã 2.000648 ạ", ["mã", "2.000648", "ạ"]),
        ("CV 375/SCT-VP.", ["cv", "375/sct-vp"]),
        ("NĐ 08/2018/NĐ-CP", ["nđ", "08/2018/nđ-cp"]),
        ("000.00.12.H33-250901-0014", ["000.00.12.h33-250901-0014"]),
        ("xin c/o form D", ["xin", "c/o", "form", "d"]),
        ("bán rượu.cần giấy gì", ["bán", "rượu", "cần", "giấy", "gì"]),
        ("mất/hỏng giấy phép", ["mất", "hỏng", "giấy", "phép"]),
        ("còn hạn.30 ngày nữa", ["còn", "hạn", "30", "ngày", "nữa"]),
        ("Ơiiiii alooo", ["ơi", "alo"]),
        ("2000000 đồng", ["2000000", "đồng"]),
        ("... !!! _ –", []),
    ],
)
def test_codes_stay_whole_and_words_come_apart(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("word", ["giay", "phep", "nghieng", "ruou", "quyen", "gi", "xang", "khuyu", "y"])
def test_syllables_are_known_by_their_shape(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["", "b", "license", "xangdau", "str", "ngk", "hs", "2", "fg"])
def test_what_cannot_be_a_syllable_is_known_too(word: str) -> None:
    assert not is_syllable(word)


@given(st.lists(st.sampled_from(SYLLABLES), min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_joined_syllables_are_cut_without_losing_a_letter(parts: list[str]) -> None:
    word = "".join(parts)
    assume(5 <= len(word) <= 80)
    known = {fold(part) for part in parts}
    pieces = split_joined(word, lambda piece: 0.0 if piece in known else -1.0)
    assert pieces is not None
    assert "".join(pieces) == word
    assert all(fold(piece) in known for piece in pieces)
    assert 2 <= len(pieces) <= len(parts)


def test_the_cheapest_cut_wins() -> None:
    costs = {"ban": 0.0, "buon": 0.0, "ba": 1.0, "nbuon": 1.0}
    assert split_joined("bánbuôn", lambda piece: costs.get(piece, -1.0)) == ["bán", "buôn"]


@pytest.mark.parametrize("word", ["banb", "x" * 81, "zzzzzzz"])
def test_what_cannot_be_cut_is_not(word: str) -> None:
    assert split_joined(word, lambda piece: 0.0 if is_syllable(piece) else -1.0) is None
