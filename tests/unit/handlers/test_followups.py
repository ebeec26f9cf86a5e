"""Conversations of two turns, as citizens type them: what a remark after an answer is about."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from handlers import meaning
from handlers.ask import ask
from handlers.followups import without_lead
from handlers.library import Library
from handlers.texts import texts
from knowledge import strict_yaml
from knowledge.search import Outcome
from tests.unit.handlers.conftest import Person

TODAY = date(2026, 11, 25)
TALKS: Any = strict_yaml.read(Path(__file__).with_name("conversations.yaml")).data
OWN_FILE = "tra_cuu_ho_so"


def remark_of(talk: dict[str, str]) -> str:
    return talk["remark"]


@pytest.mark.parametrize("talk", TALKS["conversations"], ids=remark_of)
def test_a_remark_is_about_the_entry_in_hand_unless_it_names_another(
    talk: dict[str, str], library: Library
) -> None:
    before = ask(library, talk["first"], TODAY)
    assert (before.decision.outcome, before.entry) == (Outcome.ANSWER, talk["entry"])
    decision = ask(library, talk["remark"], TODAY, last=before.entry).decision
    assert (decision.outcome, decision.entry) == (Outcome.ANSWER, talk.get("then", talk["entry"]))
    assert decision.facet == talk.get("facet", decision.facet)


@pytest.mark.parametrize("talk", TALKS["elsewhere"], ids=remark_of)
def test_what_has_nothing_to_do_with_the_entry_in_hand_is_not_taken_for_it(
    talk: dict[str, str], library: Library
) -> None:
    assert ask(library, talk["remark"], TODAY, last=talk["entry"]).decision.outcome == talk["outcome"]


@pytest.mark.parametrize("last", ["", "ruou_ban_le_cap_huyen", "dvcqg_nop_ho_so_cac_buoc"])
@pytest.mark.parametrize("text", TALKS["own_file"])
def test_how_far_a_file_of_ones_own_is_leads_to_where_it_is_followed(
    text: str, last: str, library: Library
) -> None:
    decision = ask(library, text, TODAY, last=last).decision
    assert (decision.outcome, decision.entry) == (Outcome.ANSWER, OWN_FILE)


@pytest.mark.parametrize("last", ["", "ruou_ban_le_cap_huyen"])
@pytest.mark.parametrize("text", TALKS["not_own_file"])
def test_a_question_about_files_in_general_is_none_about_ones_own(
    text: str, last: str, library: Library
) -> None:
    assert ask(library, text, TODAY, last=last).decision.entry != OWN_FILE


@pytest.mark.parametrize("last", ["", "xttm_khuyen_mai_thong_bao", "ruou_ban_le_cap_huyen"])
@pytest.mark.parametrize("asked", TALKS["office"], ids=lambda asked: asked["text"])
def test_a_question_about_the_office_itself_leaves_the_entry_in_hand(
    asked: dict[str, str], last: str, library: Library
) -> None:
    decision = ask(library, asked["text"], TODAY, last=last).decision
    assert (decision.outcome, decision.entry) == (Outcome.ANSWER, asked["entry"])


@pytest.mark.parametrize("text", TALKS["not_office"])
def test_a_question_that_only_has_such_a_word_is_not_about_the_office(text: str) -> None:
    assert meaning.of_office(text) == ""


def test_a_few_words_complete_the_question_asked_back_rather_than_go_on_with_what_was_before(
    library: Library,
) -> None:
    asked_back = ask(library, "bán rượu", TODAY, last="attp_cap")
    assert asked_back.decision.outcome is Outcome.CHOOSE or asked_back.entry != "attp_cap"
    decision = ask(library, "lệ phí", TODAY, last="attp_cap", pending="bán lẻ thuốc lá").decision
    assert decision.entry != "attp_cap"


def test_what_the_office_calls_an_entry_of_its_own_is_that_entry_also_in_a_conversation(
    library: Library,
) -> None:
    own = ask(library, "Thả diều", TODAY, last="ruou_ban_le_cap_huyen").decision
    assert (own.outcome, own.entry) == (Outcome.ANSWER, "thu_dieu")


@pytest.mark.parametrize(
    ("remark", "matter"),
    [
        ("Thế còn bán lẻ rượu thì sao?", "bán lẻ rượu sao?"),
        ("vay con quan ly thi truong", "quan ly thi truong"),
        ("thì nộp ở đâu", "thì nộp ở đâu"),
        ("thế", "thế"),
        ("", ""),
    ],
)
def test_what_ties_a_remark_to_the_last_answer_is_left_out(remark: str, matter: str) -> None:
    assert without_lead(remark) == matter


def test_a_conversation_stays_with_its_entry_over_several_remarks(person: Person) -> None:
    person.say("cấp giấy phép bán lẻ thuốc lá")
    for remark in ("thế còn lệ phí?", "nop o dau", "mất bao lâu", "can giay to gi"):
        assert "thuốc lá" in person.say(remark).lines[0].text


@pytest.mark.parametrize(
    "said", ["000.12.34.H30-251120-0001", "hồ sơ H30.12-251120-0001 nộp 3 tuần chưa có kết quả"]
)
def test_the_number_of_a_file_gets_a_short_answer_with_the_rest_behind_a_choice(
    said: str, person: Person, library: Library
) -> None:
    person.say("bán rượu")  # a list is open, and its numbers are not meant
    short = person.say(said)
    phrases = library.answerer.phrases
    before = phrases("answer.past")
    assert short.lines[1].text == phrases("answer.own_unseen")
    assert before not in [line.text for line in short.lines]
    more = next(c for c in short.choices if c.label == texts()("buttons.rest"))
    assert before in [line.text for line in person.tap(more.payload).lines]
