"""What is kept of a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.privacy import keyed_hash, person_hash, redact

KEY = b"0123456789abcdef"
DIGITS = st.text(alphabet="0123456789", min_size=8, max_size=8)
GAPS = st.sampled_from(["", " ", ".", "-"])


def test_person_hash_is_the_same_for_the_same_person() -> None:
    assert person_hash("telegram", "42", KEY) == person_hash("telegram", "42", KEY)


def test_person_hash_is_thirty_two_hexadecimal_characters() -> None:
    assert len(bytes.fromhex(person_hash("telegram", "42", KEY))) == 16


def test_person_hash_differs_by_person_channel_and_key() -> None:
    hashes = {
        person_hash("telegram", "42", KEY),
        person_hash("telegram", "43", KEY),
        person_hash("web", "42", KEY),
        person_hash("telegram", "42", b"another key of ours"),
    }
    assert len(hashes) == 4


@given(st.lists(st.text(), min_size=2, max_size=3), st.lists(st.text(), min_size=2, max_size=3))
def test_keyed_hash_never_runs_parts_together(first: list[str], second: list[str]) -> None:
    assert (keyed_hash(KEY, *first) == keyed_hash(KEY, *second)) == (first == second)


@pytest.mark.parametrize(
    "number",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "091-234-5678",
        "+84912345678",
        "+84 912 345 678",
        "+84.912.345.678",
        "84912345678",
        "84.912.345.678",
        "0084 912 345 678",
        "+84 (0) 912 345 678",
        "02973862003",
        "0297 3862 003",
        "0297.3.862.003",
        "024 3825 3256",
    ],
)
def test_redact_masks_vietnamese_telephone_numbers(number: str) -> None:
    assert redact(f"gọi {number} giúp tôi") == "gọi [số điện thoại] giúp tôi"


def test_redact_masks_an_area_code_in_brackets() -> None:
    assert redact("gọi (0297) 3862 003 hoặc (0912345678)") == "gọi [số điện thoại] hoặc ([số điện thoại])"


@pytest.mark.parametrize(
    "number", ["091201001234", "091 201 001 234", "091.201.001.234", "370123456", "370 123 456"]
)
def test_redact_masks_identity_card_numbers(number: str) -> None:
    assert redact(f"giấy tờ {number} của tôi") == "giấy tờ [số giấy tờ] của tôi"


@pytest.mark.parametrize("word", ["CMND", "CCCD số:", "căn cước công dân", "cmt là"])
def test_redact_takes_dotted_digits_for_a_card_after_the_word_for_it(word: str) -> None:
    assert redact(f"{word} 370.123.456") == f"{word} [số giấy tờ]"


@pytest.mark.parametrize(
    "number",
    ["9704123456789012", "9704 1234 5678 9012", "9704-1234-5678-9012", "1903456789", "1903 4567 8901 23"],
)
def test_redact_masks_account_and_card_numbers(number: str) -> None:
    masked = redact(f"chuyển vào {number} nhé")
    assert masked.startswith("chuyển vào [số tài khoản]")
    assert "4567" not in masked


def test_redact_masks_a_short_account_number_after_the_word_for_it() -> None:
    assert redact("số tài khoản: 1234567") == "số tài khoản: [số tài khoản]"


@pytest.mark.parametrize("address", ["a@b.vn", "nguyen.van-a+1@sct.kiengiang.gov.vn"])
def test_redact_masks_mail_addresses(address: str) -> None:
    assert redact(f"gửi {address}, cảm ơn") == "gửi [email], cảm ơn"


@pytest.mark.parametrize(
    "text",
    [
        "2.000648",
        "2.000648.",
        "2.000207.000.00.00.H58",
        "000.00.12.H33-250901-0014",
        "000.00.12.h33-250901-0014",
        "H33.12-250901-0014",
        "105/2017/NĐ-CP",
        "số 12-105/2017/NĐ-CP",
        "năm 2023 2024 105/2017/NĐ-CP",
        "375/SCT-VP",
        "1.200.000",
        "1.200.000 đồng",
        "1.234.567.890đ",
        "1200000000 đồng",
        "500 000 000 đồng",
        "1.200.000-2.500.000",
        "14/9/2017",
        "01/7/2025 - 31/12/2026",
        "01.07.2025 14 giờ 30",
        "02.07.2025 14.30.00",
        "02-07-2025",
        "2025-09-01 08:30",
        "1900 1234",
        "30/4/1975",
        "08h30 - 11h30",
    ],
)
def test_redact_keeps_codes_documents_amounts_and_dates(text: str) -> None:
    assert redact(text) == text


def test_redact_masks_a_number_beside_one_it_keeps() -> None:
    text = "hồ sơ 000.00.12.H33-250901-0014 nộp 1.200.000 đồng, gọi 0912345678"
    assert redact(text) == "hồ sơ 000.00.12.H33-250901-0014 nộp 1.200.000 đồng, gọi [số điện thoại]"


@given(
    st.sampled_from(["0", "+84", "+84 ", "84"]), st.sampled_from("35789"), DIGITS, st.lists(GAPS, min_size=8)
)
def test_redact_leaves_no_mobile_number_however_it_is_spaced(
    prefix: str, first: str, rest: str, gaps: list[str]
) -> None:
    number = prefix + first + "".join(gap + digit for gap, digit in zip(gaps, rest, strict=False))
    assert redact(f"gọi {number} nhé") == "gọi [số điện thoại] nhé"


@given(st.integers(min_value=1, max_value=10**12))
def test_redact_keeps_every_amount_written_with_dots(amount: int) -> None:
    dotted = f"{amount:,}".replace(",", ".")
    text = f"lệ phí {dotted} đồng"
    assert redact(text) == text


@given(st.integers(0, 9_999_999))
def test_redact_keeps_every_procedure_code(code: int) -> None:
    text = f"thủ tục {code // 10**6 % 9 + 1}.{code % 10**6:06d} là gì"
    assert redact(text) == text


@given(st.dates())
def test_redact_keeps_every_date(day: object) -> None:
    assert redact(f"ngày {day} nhé") == f"ngày {day} nhé"


@given(st.text(alphabet=st.sampled_from("0123456789+.- @aH/đ")) | st.text())
def test_redact_leaves_no_run_of_nine_digits_unless_it_is_money(text: str) -> None:
    run = 0
    for place, char in enumerate(redacted := redact(text)):
        run = run + 1 if char.isdecimal() else 0
        if run >= 9:
            assert "đ" in redacted[place:]


@given(st.text(alphabet=st.sampled_from("0123456789+.- @aH/đ"), max_size=60))
def test_redact_twice_is_redact_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)
