"""The fake Official Account hands out tokens as its OAuth server does, and no more."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.fakes.zalo_oa import (
    APP_ID,
    APP_SECRET,
    CS_PATH,
    OA_ID,
    TOKEN_PATH,
    ConsentRefused,
    FakeZaloOa,
    User,
    drop_after,
    passes,
    refuse,
)
from tests.fakes.zalo_oa_office import START, Office, office_with

CALLBACK = "https://office.example.vn/zalo"


@pytest.fixture
def office() -> Iterator[Office]:
    with office_with() as running:
        yield running


@pytest.fixture
def an(office: Office) -> User:
    """Somebody who has just written."""
    return office.fake.person("Nguyễn Văn An", wrote_at=START)


def test_a_refresh_token_is_good_once_and_the_old_access_token_dies(office: Office, an: User) -> None:
    new = office.refreshed(office.refresh)
    assert new["expires_in"] == "90000"
    assert office.text(an) == -216
    assert office.refreshed(office.refresh)["error"] == -14020
    office.access = new["access_token"]
    assert office.text(an) == 0
    assert "access_token" in office.refreshed(new["refresh_token"])


def test_of_two_that_refresh_at_once_one_gets_a_pair(office: Office) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(office.refreshed, [office.refresh] * 4))
    assert sorted("access_token" in answer for answer in answers) == [False, False, False, True]


def test_tokens_end_with_their_time(office: Office, an: User) -> None:
    office.clock.advance(seconds=89_999)
    assert office.text(an) == 0
    office.clock.advance(seconds=1)
    assert office.text(an) == -220
    office.clock.advance(days=90)
    assert office.refreshed(office.refresh)["error"] == -14020


def test_a_test_can_end_either_token(office: Office, an: User) -> None:
    office.fake.expire_access()
    assert office.text(an) == -220
    office.fake.revoke()
    assert office.refreshed(office.refresh)["error"] == -14020
    with office_with(expired_error=-216) as other:
        other.fake.expire_access()
        assert other.text(an) == -216


def test_app_secret_and_form_are_checked(office: Office) -> None:
    given = {"grant_type": "refresh_token", "refresh_token": office.refresh}
    assert office.token(app_id="1", **given)["error"] == -14002
    assert office.token(secret="other", **given)["error"] == -14004
    assert office.token(refresh_token=office.refresh)["error"] < 0
    headers = {"secret_key": APP_SECRET}
    as_json = office.client.post(
        office.fake.oauth_url + TOKEN_PATH, json={"app_id": APP_ID} | given, headers=headers
    )
    assert (as_json.status_code, as_json.json()["error"]) == (200, -14002)
    assert "access_token" in office.token(**given)


def test_the_access_token_has_a_header_of_its_own(office: Office, an: User) -> None:
    body = {"recipient": {"user_id": an.id}, "message": {"text": "a"}}
    headers = {"Authorization": f"Bearer {office.access}"}
    answer = office.client.post(office.fake.url + CS_PATH, json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"error": -216, "message": "Access token is invalid"})


def permission(fake: FakeZaloOa, **given: str) -> str:
    query = {"app_id": APP_ID, "redirect_uri": CALLBACK, "state": "s1"} | given
    return f"{fake.oauth_url}/v4/oa/permission?{urlencode(query)}"


def verifier_and_challenge(encode: Callable[[bytes], bytes]) -> tuple[str, str]:
    verifier = "abc-_~.xyz0123456789ABCDEFGHIJKLMNOPQRSTUVW"
    return verifier, encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("switch", "encode"), [("base64url", base64.urlsafe_b64encode), ("base64", base64.b64encode)]
)
def test_consent_leads_to_a_code_for_a_pair(switch: str, encode: Callable[[bytes], bytes]) -> None:
    verifier, challenge = verifier_and_challenge(encode)
    with office_with(challenge=switch) as office:

        def exchanged(verifier: str) -> dict[str, Any]:
            back = urlsplit(office.fake.consent(permission(office.fake, code_challenge=challenge)))
            query = parse_qs(back.query)
            assert f"{back.scheme}://{back.netloc}{back.path}" == CALLBACK
            assert (query["oa_id"], query["state"]) == ([OA_ID], ["s1"])
            code = query["code"][0]
            answer = office.token(grant_type="authorization_code", code=code, code_verifier=verifier)
            again = office.token(grant_type="authorization_code", code=code, code_verifier=verifier)
            assert again["error"] < 0, "a code is good once"
            return answer

        assert exchanged("")["error"] < 0
        assert exchanged(verifier[:-1] + "X")["error"] < 0
        assert "refresh_token" in exchanged(verifier)


def test_a_code_lasts_ten_minutes(office: Office) -> None:
    def code() -> str:
        return parse_qs(urlsplit(office.fake.consent(permission(office.fake))).query)["code"][0]

    first, second = code(), code()
    office.clock.advance(minutes=10)
    assert "access_token" in office.token(grant_type="authorization_code", code=first)
    office.clock.advance(seconds=1)
    assert office.token(grant_type="authorization_code", code=second)["error"] < 0


def test_the_permission_page_refuses_what_does_not_fit() -> None:
    with FakeZaloOa(redirect_urls=(CALLBACK,)) as fake:
        for given, error in (({"app_id": "1"}, -14002), ({"redirect_uri": f"{CALLBACK}/"}, -14003)):
            with pytest.raises(ConsentRefused) as refused:
                fake.consent(permission(fake, **given))
            assert refused.value.error == error
        with pytest.raises(ConsentRefused):
            fake.consent(permission(fake, code_challenge="a" * 42 + "="))
        page = httpx.get(permission(fake), trust_env=False)
        assert page.status_code == 302
        assert page.headers["location"].startswith(f"{CALLBACK}?code=")


def test_a_pair_can_be_lost_on_the_way(office: Office) -> None:
    office.fake.plan(TOKEN_PATH, refuse(-32, "slowly"), drop_after(), passes())
    assert office.refreshed(office.refresh)["error"] == -32
    with pytest.raises(httpx.RemoteProtocolError):
        office.refreshed(office.refresh)
    assert office.refreshed(office.refresh)["error"] == -14020
