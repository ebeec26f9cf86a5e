"""Consent with PKCE: what is asked, and what the pasted address may be."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.channels.zalo_oa_login import (
    BadReturn,
    Encoding,
    ask_consent,
    challenge_of,
    read_return,
)

OA = "388613280878808645"
REDIRECT = "https://hoi.example.gov.vn/zalo/xac-nhan"


def test_the_challenge_is_the_verifier_s_hash_without_padding() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # the example of RFC 7636
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    plain = challenge_of(verifier, Encoding.PLAIN)
    assert plain == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"
    assert base64.b64decode(plain + "=") == hashlib.sha256(verifier.encode()).digest()


@pytest.mark.parametrize("encoding", list(Encoding))
def test_the_address_asks_for_consent_with_secrets_of_its_own(encoding: Encoding) -> None:
    given = {"oauth_url": "https://oauth.zaloapp.com/", "app_id": "36", "redirect_url": REDIRECT}
    consent, other = (ask_consent(**given, encoding=encoding) for _ in range(2))
    url = urlsplit(consent.url)
    assert consent.url.startswith("https://oauth.zaloapp.com/v4/oa/permission?")
    assert parse_qs(url.query) == {
        "app_id": ["36"],
        "redirect_uri": [REDIRECT],
        "code_challenge": [challenge_of(consent.verifier, encoding)],
        "state": [consent.state],
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", consent.verifier)
    assert (consent.verifier, consent.state) != (other.verifier, other.state)
    assert consent.verifier not in consent.url + repr(consent)


@pytest.mark.parametrize(
    "pasted",
    [
        f"{REDIRECT}?code=abc-1&oa_id={OA}&state=s1",
        f"  <{REDIRECT}?oa_id={OA}&code=abc-1&state=s1#_=_>\r\n",
        f"code=abc-1&oa_id={OA}&state=s1",
        f"?code=abc-1&oa_id={OA}",
        f"{REDIRECT}?code=ab\nc-1&oa_id={OA}&state=s1",
    ],
)
def test_the_address_is_read_however_it_is_pasted(pasted: str) -> None:
    found = read_return(pasted, state="s1", oa_id=OA)
    assert (found.code, found.oa_id) == ("abc-1", OA)
    assert "abc-1" not in repr(found)


def test_an_address_that_does_not_say_the_account_leaves_it_open() -> None:
    assert read_return(f"{REDIRECT}?code=abc", state="s1", oa_id=OA).oa_id == ""


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("", "chưa dán địa chỉ nào"),
        ("  \n", "chưa dán địa chỉ nào"),
        (f"{REDIRECT}?oa_id={OA}&state=s1", "không có «code=»"),
        (f"{REDIRECT}?code=&oa_id={OA}", "không có «code=»"),
        ("https://oauth.zaloapp.com/v4/oa/permission?app_id=3&state=s1", "chưa phải địa chỉ trả về"),
        (f"{REDIRECT}?code=abc&oa_id={OA}&state=s2", "một lần cấp quyền khác"),
        (f"{REDIRECT}?code=abc&oa_id=77&state=s1", f"đã cấp quyền cho OA 77, còn cấu hình là OA {OA}"),
        ("https://[bad?code=1", "không đúng dạng"),
    ],
)
def test_what_does_not_do_is_said_with_what_to_do(pasted: str, told: str) -> None:
    with pytest.raises(BadReturn) as ended:
        read_return(pasted, state="s1", oa_id=OA)
    assert told in ended.value.reason
    assert "abc" not in ended.value.reason
