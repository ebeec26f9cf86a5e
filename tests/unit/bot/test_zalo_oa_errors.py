"""The error numbers of an Official Account: all of them known, each with a meaning and what to do."""

from __future__ import annotations

import pytest

from bot.channels.zalo_calls import NotSent, Refused, TooFast
from bot.channels.zalo_oa_errors import Kind, OaError, ended, known, needs_new_token

# Every number of the platform's list, and its class.
RETRIED = {-32, -100}
REFRESHED = {-216, -220}
OF_THE_READER = {-213, -217, -227, -230, -232, -234, -244, -237, -403}
FOR_GOOD = {
    *(-200, -201, -204, -205, -209, -210, -211, -212, -218, -219, -221, -223, -224, -233, -235, -240),
    *(-242, -248, -320, -321),
}  # fmt: skip
CUT_OFF = {-213, -227, -244, -237, -403}


def test_every_number_of_the_list_is_known_and_no_other() -> None:
    assert set(map(int, OaError)) == RETRIED | REFRESHED | OF_THE_READER | FOR_GOOD


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (Kind.RETRY, RETRIED),
        (Kind.REFRESH, REFRESHED),
        (Kind.RECIPIENT, OF_THE_READER),
        (Kind.PERMANENT, FOR_GOOD),
    ],
)
def test_each_number_is_of_one_class(kind: Kind, codes: set[int]) -> None:
    assert {int(error) for error in OaError if error.kind is kind} == codes


@pytest.mark.parametrize("error", OaError)
def test_each_error_says_what_it_means_and_what_to_do(error: OaError) -> None:
    for sentence in (error.label, error.next_action):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert len(sentence) < 120


def test_only_what_somebody_must_end_cuts_a_chat_off() -> None:
    assert {int(error) for error in OaError if error.unreachable} == CUT_OFF


def test_a_call_may_be_made_again_only_after_what_passes() -> None:
    fast = ended(-32)
    assert isinstance(fast, TooFast)
    assert fast.seconds > 0
    assert fast.account
    busy = ended(-100)
    assert isinstance(busy, NotSent)
    assert not busy.network
    for code in OF_THE_READER | FOR_GOOD:
        refused = ended(code)
        assert isinstance(refused, Refused)
        assert refused.code == code
        assert refused.unreachable is (code in CUT_OFF)
        assert str(code) in refused.reason


def test_only_a_token_that_is_not_taken_asks_for_a_new_one() -> None:
    assert {code for code in range(-1000, 1000) if needs_new_token(code)} == REFRESHED


def test_an_unknown_number_is_for_good_and_shown_with_what_the_platform_says() -> None:
    refused = ended(-9999, "Something  new\nhappened")
    assert isinstance(refused, Refused)
    assert "-9999" in refused.reason
    assert "Something new happened" in refused.reason
    assert not refused.unreachable
    assert known(-9999) is None


def test_what_the_platform_says_is_shown_without_tokens_and_peoples_words() -> None:
    said = "bad token at-SECRET in «xin hỏi lệ phí», next eyJhbGciOi.JIUzI1NiIsInR5.cCI6IkpXVCJ9"
    reason = ended(-9999, said, hide=("at-SECRET", "xin hỏi lệ phí", "")).reason
    assert "SECRET" not in reason
    assert "lệ phí" not in reason
    assert "JIUzI1NiIsInR5" not in reason
    assert len(ended(-9999, "a b " * 500).reason) < 300
