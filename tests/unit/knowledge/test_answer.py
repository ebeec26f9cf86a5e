"""What is said about an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from knowledge.answer import Answer, Answerer, OfficeProfile
from knowledge.loader import FACTUAL, Knowledge
from knowledge.phrases import Phrases
from knowledge.schema import Entry, Facet, Kind, SourceKind, Standing
from knowledge.wording import Part
from tests.unit.knowledge.conftest import OFFICE, Read

TODAY = date(2026, 8, 1)
GONE = (Standing.ABOLISHED, Standing.OUTDATED)
FACETS: tuple[Facet | None, ...] = (None, *Facet)


def text_of(answer: Answer) -> str:
    return "\n".join(line.text for line in answer.lines)


def parts(answer: Answer, part: Part) -> list[str]:
    return [line.text for line in answer.lines if line.part is part]


class Desk:
    """One hand-made entry, and what is answered about it."""

    def __init__(self, read: Read, phrases: Phrases, office: OfficeProfile = OFFICE) -> None:
        self._read, self._phrases, self._office = read, phrases, office

    def ask(
        self,
        yaml: str,
        facet: Facet | None = None,
        *,
        today: date = TODAY,
        kind: str = "procedure",
        sources: str = '{s1: {kind: official, url: "https://dichvucong.gov.vn/x"}}',
        as_of: str = "2026-01-15",
    ) -> Answer:
        own = "".join(f"  {line}\n" for line in yaml.strip("\n").splitlines())
        loaded = self._read(
            f"- id: viec\n  kind: {kind}\n  title: Tên đầy đủ\n  label: Tên ngắn\n"
            f"{own}  sources: {sources}\n  as_of: {as_of}\n"
            "- {id: khac, kind: stub, title: Khác, label: Khác}\n"
        )
        assert loaded.ok, [str(p) for p in loaded.problems]
        return Answerer(loaded.knowledge, self._phrases, self._office).answer(
            loaded.knowledge.entries["viec"], facet, today
        )


@pytest.fixture
def desk(read: Read, phrases: Phrases) -> Desk:
    return Desk(read, phrases)


# Lists that were cut


@pytest.mark.parametrize(
    "extra",
    [
        "documents:\n  - complete: false\n    items: [{text: Đơn}]",
        "documents:\n  - items: [{text: Đơn}]\ntruncated: [documents]",
    ],
)
def test_a_cut_list_is_never_served_as_complete(extra: str, desk: Desk, phrases: Phrases) -> None:
    answer = desk.ask(extra, Facet.DOCUMENTS)
    assert "Đơn" in parts(answer, Part.ITEM)
    assert phrases("answer.documents_cut") in parts(answer, Part.WARNING)
    assert "loại giấy tờ" not in text_of(desk.ask(extra))


def test_a_whole_list_is_counted_in_the_overview_and_carries_no_warning(desk: Desk) -> None:
    whole = "documents:\n  - items: [{text: Đơn}, {text: Bản vẽ, copies: 2 bản}]\ncopies: {text: 01 bộ}"
    assert "Hồ sơ: 2 loại giấy tờ, 01 bộ" in text_of(desk.ask(whole))
    answer = desk.ask(whole, Facet.DOCUMENTS)
    assert parts(answer, Part.ITEM) == ["Đơn", "Bản vẽ – 2 bản"]
    assert parts(answer, Part.WARNING) == []
    assert answer.checklist


def test_forms_taken_from_a_cut_list_are_said_to_be_cut(desk: Desk, phrases: Phrases) -> None:
    answer = desk.ask(
        "documents:\n  - complete: false\n    items: [{text: Đơn theo mẫu số 1}, {text: Sơ đồ}]", Facet.FORM
    )
    assert parts(answer, Part.ITEM) == ["Đơn theo mẫu số 1"]
    assert phrases("answer.facet_cut") in parts(answer, Part.WARNING)


@pytest.mark.parametrize("facet", [Facet.TIME, None])
def test_a_cut_side_is_said_to_be_cut_also_in_the_overview(
    facet: Facet | None, desk: Desk, phrases: Phrases
) -> None:
    answer = desk.ask("times:\n  - {number: 3}\ntruncated: [time]", facet)
    assert phrases("answer.facet_cut") in parts(answer, Part.WARNING)


def test_an_overview_shows_some_of_many_fees_and_says_so(desk: Desk) -> None:
    fees = "fees:\n" + "".join(f"  - {{name: Phí {n}, amount: {n}000}}\n" for n in range(1, 5))
    text = text_of(desk.ask(fees))
    assert "Phí 1: 1.000 đồng" in text
    assert "… còn 3 mục nữa" in text


def test_a_topic_with_many_facts_says_how_many_more(desk: Desk) -> None:
    facts = "facts:\n" + "".join(f"  - {{text: Điều {n}.}}\n" for n in range(1, 10))
    answer = desk.ask(facts, kind="topic")
    assert parts(answer, Part.ITEM) == [f"Điều {n}." for n in range(1, 7)]
    assert "… còn 3 mục nữa" in text_of(answer)


# Sources


def test_a_fake_page_is_never_shown(desk: Desk) -> None:
    sources = (
        '{s1: {kind: official, document: QĐ 1/QĐ-UBND}, s2: {kind: spoof_mirror, url: "http://gia-mao.example/x"},'
        " s3: {kind: spoof_mirror, document: Bản sao gia-mao}}"
    )
    for facet in FACETS:
        answer = desk.ask("times:\n  - {number: 3}\nfacts: []", facet, sources=sources)
        assert "gia-mao" not in text_of(answer) + answer.link
        assert "QĐ 1/QĐ-UBND" in text_of(answer)


def test_an_unofficial_source_is_not_named_by_its_address(desk: Desk, phrases: Phrases) -> None:
    answer = desk.ask(
        "times:\n  - {number: 3}", sources='{s1: {kind: unofficial_code, url: "https://github.example/a"}}'
    )
    assert "github" not in text_of(answer) + answer.link
    assert phrases("source.unofficial") in text_of(answer)
    assert phrases("trust.unofficial") in parts(answer, Part.WARNING)
    assert answer.link == OFFICE.portal_url


@pytest.mark.parametrize("host", ["103.1.2.3", "103.1.2.3:8080", "[2001:db8::1]"])
def test_a_bare_address_of_a_machine_is_never_linked(host: str, desk: Desk) -> None:
    answer = desk.ask(
        "times:\n  - {number: 3}", sources=f'{{s1: {{kind: legal_database, url: "http://{host}/x"}}}}'
    )
    assert answer.link == OFFICE.portal_url
    assert "http" not in " ".join(parts(answer, Part.SOURCE))


def test_an_incomplete_address_is_named_but_not_linked(desk: Desk) -> None:
    sources = "{s1: {kind: official, document: Cổng tỉnh X, incomplete: true}}"
    answer = desk.ask("times:\n  - {number: 3}", sources=sources)
    assert "Nguồn: Cổng tỉnh X." in text_of(answer)
    assert answer.link == OFFICE.portal_url


def test_the_official_page_is_linked_before_others(desk: Desk) -> None:
    sources = '{s1: {kind: press, url: "https://bao.example/1"}, s2: {kind: official, url: "https://dichvucong.gov.vn/2"}}'
    assert desk.ask("times:\n  - {number: 3}", sources=sources).link == "https://dichvucong.gov.vn/2"


def test_of_pages_that_are_not_official_the_one_that_is_named_is_linked(desk: Desk) -> None:
    sources = (
        '{s1: {kind: secondary, url: "https://luat.example.vn/1"},'
        ' s2: {kind: legal_database, url: "https://tra-cuu.example.vn/2"}}'
    )
    answer = desk.ask("times:\n  - {number: 3}", sources=sources)
    assert "Nguồn: luat.example.vn" in text_of(answer)
    assert answer.link == "https://luat.example.vn/1"


def test_the_source_and_date_are_those_of_the_facts_told(desk: Desk) -> None:
    sources = '{s1: {kind: official, url: "https://mot.gov.vn/1"}, s2: {kind: official, url: "https://hai.gov.vn/2"}}'
    yaml = "fees:\n  - {amount: 5, source: s2, as_of: 2024-02-03}\ntimes:\n  - {number: 3}"
    (fee,) = parts(desk.ask(yaml, Facet.FEE, sources=sources), Part.SOURCE)
    assert fee.startswith("Nguồn: hai.gov.vn. Tính đến: 03/02/2024.")
    (time,) = parts(desk.ask(yaml, Facet.TIME, sources=sources), Part.SOURCE)
    assert time.startswith("Nguồn: mot.gov.vn. Tính đến: 15/01/2026.")


def test_a_topic_names_the_sources_of_what_it_tells(desk: Desk) -> None:
    sources = "{" + ", ".join(f"s{n}: {{kind: official, document: QĐ {n}}}" for n in (1, 2, 3)) + "}"
    answer = desk.ask("facts:\n  - {text: Điều này., source: s3}", kind="topic", sources=sources)
    assert "Nguồn: QĐ 3." in text_of(answer)


def test_the_page_of_another_place_is_said_to_be_so(desk: Desk, read: Read, phrases: Phrases) -> None:
    elsewhere = phrases("source.elsewhere")
    sources = '{s1: {kind: official, url: "https://dichvucong.xa.gov.vn/x"}}'
    assert elsewhere in text_of(desk.ask("times:\n  - {number: 3}", sources=sources))
    assert elsewhere not in text_of(desk.ask("times:\n  - {number: 3}"))
    own = Desk(read, phrases, replace(OFFICE, website="https://dichvucong.xa.gov.vn"))
    assert elsewhere not in text_of(own.ask("times:\n  - {number: 3}", sources=sources))


def test_iso_days_are_shown_as_people_write_them(desk: Desk) -> None:
    answer = desk.ask("times:\n  - {number: 3}", as_of="'trang cũ 2020-10-27, xem 2026-01-05'")
    assert "Tính đến: trang cũ 27/10/2020, xem 05/01/2026." in text_of(answer)


# What no longer holds


@pytest.mark.parametrize("standing", ["abolished", "outdated"])
def test_what_no_longer_holds_is_answered_with_what_replaced_it(
    standing: str, desk: Desk, phrases: Phrases
) -> None:
    old = (
        "fees:\n  - {amount: 777000}\ndocuments:\n  - items: [{text: Giấy cũ}]\n"
        f"standing: {standing}\nreplaced: {{says: Nay làm theo luật mới, entries: [khac]}}"
    )
    for facet in FACETS:
        answer = desk.ask(old, facet)
        assert "Nay làm theo luật mới" in text_of(answer)
        assert phrases(f"standing.{standing}") in parts(answer, Part.WARNING)
        assert "777" not in text_of(answer)
        assert "Giấy cũ" not in text_of(answer)
        assert answer.options == ("khac",)
        assert answer.facets == ()
        assert not answer.checklist


def test_a_topic_that_may_be_old_says_so_once(desk: Desk, phrases: Phrases) -> None:
    answer = desk.ask("facts:\n  - {text: Điều này.}\nstanding: possibly_outdated", kind="topic")
    assert parts(answer, Part.WARNING) == [phrases("standing.possibly_outdated")]


# How it was done before

THEN_AND_NOW = """
facts:
  - {text: Nộp ở cổng cũ., past: true}
  - {text: Nộp ở cổng mới., source: s2, as_of: 2025-06-04}
  - {text: Bước 5 bị cắt ở nguồn., source: s3, as_of: 2026-02-03}
"""
THEIR_SOURCES = (
    '{s1: {kind: official, url: "https://cong-cu.gov.vn/1"}, s2: {kind: press, url: "https://bao.example/2"},'
    ' s3: {kind: official, url: "https://buoc.gov.vn/3"}}'
)


def test_how_it_was_done_before_is_told_last_and_marked_as_that(desk: Desk, phrases: Phrases) -> None:
    for facet in FACETS:
        answer = desk.ask(THEN_AND_NOW, facet, kind="topic", sources=THEIR_SOURCES)
        told = [line.text for line in answer.lines]
        places = [told.index(t) for t in ("Nộp ở cổng mới.", phrases("answer.past"), "Nộp ở cổng cũ.")]
        assert places == sorted(places)


def test_facts_of_different_times_each_carry_their_own_source_date_and_doubt(
    desk: Desk, phrases: Phrases
) -> None:
    answer = desk.ask(THEN_AND_NOW, kind="topic", sources=THEIR_SOURCES)
    told = [line.text for line in answer.lines]
    new, cut, old = (
        told[told.index(t) + 1] for t in ("Nộp ở cổng mới.", "Bước 5 bị cắt ở nguồn.", "Nộp ở cổng cũ.")
    )
    assert new == f"Nguồn: bao.example. Tính đến: 04/06/2025. {phrases('trust.unofficial')}"
    assert cut.startswith("Nguồn: buoc.gov.vn. Tính đến: 03/02/2026.")
    assert old.startswith("Nguồn: cong-cu.gov.vn. Tính đến: 15/01/2026.")
    assert len(parts(answer, Part.SOURCE)) == 3


def test_the_page_of_what_is_past_is_not_opened(desk: Desk) -> None:
    assert desk.ask(THEN_AND_NOW, kind="topic", sources=THEIR_SOURCES).link == OFFICE.portal_url


@pytest.mark.parametrize(
    ("given", "have_code"),
    [({}, False), ({"website": "http://so.example"}, False), ({"phone": "0297 3 000 000"}, True)],
)
def test_who_asks_about_a_file_of_theirs_is_told_whom_to_ask_as_far_as_the_office_said(
    given: dict[str, str], have_code: bool, read: Read, phrases: Phrases
) -> None:
    office = OfficeProfile(name=OFFICE.name, phone=given.get("phone", ""), website=given.get("website", ""))
    answer = Desk(read, phrases, office).ask(
        THEN_AND_NOW + "own_file: true", Facet.OVERVIEW, kind="topic", sources=THEIR_SOURCES
    )
    told = [line.text for line in answer.lines]
    whom = told.index(phrases("answer.ask_own", contact=office.contact(phrases)))
    assert told.index("Nộp ở cổng mới.") < whom < told.index(phrases("answer.past"))
    assert (phrases("answer.have_code") in told) == have_code


@pytest.mark.parametrize("facet", [None, Facet.STATUS, Facet.RESULT])
def test_who_asks_about_a_file_of_theirs_is_told_first_what_matters_and_the_rest_by_choice(
    facet: Facet | None, read: Read, phrases: Phrases
) -> None:
    office = OfficeProfile(name=OFFICE.name, phone="0297 3 000 000", hours=("Sáng 7:00–11:00",))
    yaml = THEN_AND_NOW + "own_file: true"
    desk = Desk(read, phrases, office)
    answer = desk.ask(yaml, facet, kind="topic", sources=THEIR_SOURCES)
    assert [line.text for line in answer.lines] == [
        "Tên đầy đủ",
        phrases("answer.own_unseen"),
        phrases("answer.ask_own", contact=office.contact(phrases)),
        phrases("answer.have_code"),
        "Nộp ở cổng mới.",
        f"Nguồn: bao.example. Tính đến: 04/06/2025. {phrases('trust.unofficial')}",
    ]
    assert answer.rest
    whole = desk.ask(yaml, Facet.OVERVIEW, kind="topic", sources=THEIR_SOURCES)
    assert phrases("answer.past") in text_of(whole)
    assert not whole.rest


def test_whom_to_ask_about_a_file_of_ones_own_is_said_only_where_it_is_asked(desk: Desk) -> None:
    assert OFFICE.name not in text_of(desk.ask(THEN_AND_NOW, kind="topic", sources=THEIR_SOURCES))


@pytest.mark.parametrize("entry", ["tra_cuu_ho_so", "tra_cuu_ho_so_quangngai", "thanh_toan_truc_tuyen"])
def test_what_was_done_on_closed_portals_stands_after_the_national_portal(
    entry: str, answerer: Answerer, shipped: Knowledge, phrases: Phrases
) -> None:
    answer = answerer.answer(shipped.entries[entry], Facet.OVERVIEW, TODAY)
    items = parts(answer, Part.ITEM)
    assert "Cổng Dịch vụ công quốc gia" in items[0]
    told = [line.text for line in answer.lines]
    assert told.index(items[0]) < told.index(phrases("answer.past")) < told.index(items[-1])
    assert answer.link == answerer.office.portal_url


# Validity spans

SPANS = """
fees:
  - {name: Phí, amount: 50, until: 2026-12-31}
  - {name: Phí, amount: 100, from: 2027-01-01}
  - {name: Phí, amount: 900}
  - {name: Lệ phí, free: true}
"""


@pytest.mark.parametrize(
    ("today", "told", "not_told"),
    [
        (date(2026, 12, 31), ["Phí: 50 đồng (đến hết 31/12/2026)", "Từ 01/01/2027: Phí: 100 đồng"], ["900"]),
        (date(2027, 1, 1), ["Phí: 100 đồng"], ["50", "Từ 01/01/2027", "900"]),
    ],
)
def test_fees_change_on_their_day(today: date, told: list[str], not_told: list[str], desk: Desk) -> None:
    text = text_of(desk.ask(SPANS, Facet.FEE, today=today, as_of="'2026'"))
    assert all(words in text for words in [*told, "Lệ phí: không thu"])
    assert not any(words in text for words in not_told)


def test_when_a_span_is_over_the_lasting_fee_holds_again(desk: Desk) -> None:
    yaml = "fees:\n  - {amount: 50, until: 2026-12-31}\n  - {amount: 900}"
    assert "900 đồng" not in text_of(desk.ask(yaml, Facet.FEE, today=date(2026, 12, 31)))
    assert "Phí: 900 đồng" in text_of(desk.ask(yaml, Facet.FEE, today=date(2027, 1, 1)))


@pytest.mark.parametrize(
    ("facet", "yaml"),
    [
        (Facet.TIME, "times:\n  - {text: cũ rồi, until: 2026-01-31}"),
        (Facet.DOCUMENTS, "documents:\n  - {items: [{text: cũ rồi}], until: 2026-01-31}"),
        (Facet.FORM, "documents:\n  - {items: [{text: cũ rồi theo mẫu 1}], until: 2026-01-31}"),
        (Facet.WHERE, "filing:\n  - {way: in_person, at: cũ rồi, until: 2026-01-31}"),
        (Facet.ONLINE, "online_levels:\n  - {level: full, text: cũ rồi, until: 2026-01-31}"),
        (Facet.ELIGIBILITY, "conditions:\n  - {text: cũ rồi, until: 2026-01-31}"),
        (Facet.ELIGIBILITY, "who: {text: cũ rồi, until: 2026-01-31}"),
        (Facet.RESULT, "result: {text: cũ rồi, until: 2026-01-31}"),
        (Facet.RESULT, "validity: {text: cũ rồi, until: 2026-01-31}"),
        (Facet.RENEWAL, "renewal:\n  - {text: cũ rồi, until: 2026-01-31}"),
        (Facet.LEGAL, "warnings:\n  - {text: cũ rồi, until: 2026-01-31}"),
    ],
)
def test_what_held_until_yesterday_is_not_told_today(facet: Facet, yaml: str, desk: Desk) -> None:
    last, next_day = date(2026, 1, 31), date(2026, 2, 1)
    assert "cũ rồi" in text_of(desk.ask(yaml, facet, today=last))
    assert "cũ rồi" not in text_of(desk.ask(yaml, facet, today=next_day))
    assert "cũ rồi" not in text_of(desk.ask(yaml, None, today=next_day))


@pytest.mark.parametrize(
    ("today", "amounts"),
    [(date(2026, 12, 31), ["300.000", "100.000"]), (date(2027, 1, 1), ["600.000", "200.000"])],
)
def test_the_tobacco_retail_fee_of_the_day_comes_first(
    today: date, amounts: list[str], answerer: Answerer, shipped: Knowledge
) -> None:
    text = text_of(answerer.answer(shipped.entries["thuoc_la_ban_le_cap"], Facet.FEE, today))
    due = [line for line in text.splitlines() if " đồng" in line and not line.startswith("Từ ")]
    assert [line.split(": ")[1].split(" đồng")[0] for line in due] == amounts
    assert ("(đến hết 31/12/2026)" in text) == (today.year == 2026)


# How facts are worded


def test_the_case_and_place_a_fact_holds_for_are_told(desk: Desk) -> None:
    yaml = (
        "conditions:\n  - {text: Thêm trạm cấp, case: qua đường ống}\n"
        "times:\n  - {number: 5, working: true, case: cấp lại, place: Tỉnh X, since: kể từ ngày nhận đủ}\n"
        "fees:\n  - {name: Phí thẩm định, amount: 1200000, per: lần, payer: tổ chức, place: huyện}\n"
        "filing:\n  - {way: online, at: Cổng tỉnh, case: doanh nghiệp}"
    )
    assert "Thêm trạm cấp (qua đường ống)" in text_of(desk.ask(yaml, Facet.ELIGIBILITY))
    assert "Giải quyết (cấp lại): 05 ngày làm việc kể từ ngày nhận đủ (Tỉnh X)" in text_of(
        desk.ask(yaml, Facet.TIME)
    )
    assert "Phí thẩm định (tổ chức, huyện): 1.200.000 đồng/lần" in text_of(desk.ask(yaml, Facet.FEE))
    assert "Nộp trực tuyến: Cổng tỉnh (doanh nghiệp)" in text_of(desk.ask(yaml, Facet.WHERE))


def test_a_place_that_the_text_names_is_not_named_twice(desk: Desk) -> None:
    assert (
        text_of(desk.ask("conditions:\n  - {text: Ở Tỉnh X thôi, place: Tỉnh X}", Facet.ELIGIBILITY)).count(
            "Tỉnh X"
        )
        == 1
    )


@pytest.mark.parametrize(
    ("number", "told"), [("1.5", "1,5 giờ"), ("2", "02 giờ"), ("0.5", "0,5 giờ"), ("24", "24 giờ")]
)
def test_numbers_are_written_the_vietnamese_way(number: str, told: str, desk: Desk) -> None:
    assert f"Giải quyết: {told}" in text_of(
        desk.ask(f"times:\n  - {{number: {number}, unit: giờ}}", Facet.TIME)
    )


def test_what_is_hidden_or_a_remark_is_never_told(desk: Desk) -> None:
    yaml = (
        "facts:\n  - {text: Công khai.}\n  - {text: Mật một., shown: false}\n"
        "warnings:\n  - {text: Mật hai, shown: false}\n"
        "conditions:\n  - {text: Mật ba, shown: false}\nwho: {text: Mật bốn, shown: false}\n"
        "result: {text: Mật năm, shown: false}\nremarks: [Mật sáu]"
    )
    for kind in ("topic", "procedure"):
        for facet in FACETS:
            assert "Mật" not in text_of(desk.ask(yaml, facet, kind=kind))


# What is missing


@pytest.mark.parametrize("facet", [f for f in Facet if f not in (Facet.OVERVIEW, Facet.STATUS, Facet.LEGAL)])
def test_a_side_without_facts_is_said_to_be_missing_and_whom_to_ask(
    facet: Facet, desk: Desk, phrases: Phrases
) -> None:
    text = text_of(desk.ask("legal: [Luật A]", facet))
    special = {Facet.POSTAL: phrases("answer.no_postal"), Facet.ONLINE: phrases("answer.no_online")}
    assert special.get(facet, f"«{phrases(f'facets.{facet}')}»") in text
    assert OFFICE.name in text
    assert OFFICE.portal_url in text


def test_other_sides_are_offered_only_where_there_are_facts(desk: Desk) -> None:
    answer = desk.ask("fees:\n  - {amount: 5}\ntimes:\n  - {number: 3}\nlegal: [Luật A]", Facet.FEE)
    assert answer.facets == (Facet.TIME, Facet.LEGAL)


@pytest.mark.parametrize("kind", ["stub", "office"])
def test_without_contact_details_nothing_is_made_up(kind: str, desk: Desk) -> None:
    text = text_of(desk.ask("shows: [address, phone, hours]", kind=kind))
    assert "chưa được" in text
    assert not re.search(r"\d{3}", text.replace("dichvucong.gov.vn", ""))


def test_contact_details_are_told_where_the_office_gave_them(read: Read, phrases: Phrases) -> None:
    office = replace(
        OFFICE, phone="0297 3 000 000", address="1 Đường Thử", hours=("Sáng: 7–11 giờ", "Chiều: 13–17 giờ")
    )
    desk = Desk(read, phrases, office)
    stub = text_of(desk.ask("", kind="stub"))
    assert "0297 3 000 000" in stub
    assert "chưa được cập nhật" not in stub
    shown = desk.ask("shows: [address, phone, email, hours]", kind="office")
    assert "Địa chỉ: 1 Đường Thử" in text_of(shown)
    assert "Thư điện tử chưa được cơ quan cập nhật ở đây." in text_of(shown)
    assert [t for t in parts(shown, Part.ITEM) if t.startswith("Giờ làm việc")] == [
        "Giờ làm việc: Sáng: 7–11 giờ",
        "Giờ làm việc: Chiều: 13–17 giờ",
    ]


def test_a_stub_states_nothing_but_that_nothing_is_verified(desk: Desk) -> None:
    for facet in FACETS:
        answer = desk.ask("related: [khac]", facet, kind="stub")
        assert "chưa có thông tin đã kiểm chứng về: Tên đầy đủ." in text_of(answer)
        assert answer.options == ("khac",)
        assert parts(answer, Part.SOURCE) == []


def test_a_field_of_many_entries_is_answered_with_the_list_to_choose_from(desk: Desk) -> None:
    answer = desk.ask("children: [khac]", kind="overview")
    assert answer.options == ("khac",)
    assert "Tên đầy đủ" in text_of(answer)


# Caveats


@pytest.mark.parametrize(
    ("facet", "fees", "said"),
    [
        (Facet.FEE, "{amount: 5}", True),
        (None, "{amount: 5}", True),
        (Facet.TIME, "{amount: 5}", False),
        (Facet.FEE, "{amount: 5, until: 2027-01-31}", False),
    ],
)
def test_a_fee_cut_is_mentioned_where_fees_are_told_without_their_span(
    facet: Facet | None, fees: str, said: bool, desk: Desk, phrases: Phrases
) -> None:
    answer = desk.ask(f"fees:\n  - {fees}\nmust_check: [fee_cut_2026]", facet)
    assert (phrases("caveats.fee_cut_2026") in text_of(answer)) == said


def test_doubts_about_the_rules_and_the_source_are_said_in_words(desk: Desk, phrases: Phrases) -> None:
    doubts = "must_check: [decentralised_2025]\nconfidence: inferred\nlow_reliability: trang tối"
    yaml = f"times:\n  - {{number: 3}}\n{doubts}"
    sources = '{s1: {kind: press, url: "https://bao.example/1"}}'
    warned = parts(desk.ask(yaml, Facet.TIME, sources=sources), Part.WARNING)
    expected = ("caveats.decentralised_2025", "trust.inferred", "trust.low", "trust.unofficial")
    assert [phrases(name) for name in expected] == warned
    mirror = desk.ask(
        "times:\n  - {number: 3}", sources='{s1: {kind: vendor_mirror, url: "https://m.example/1"}}'
    )
    assert phrases("trust.mirror") in parts(mirror, Part.WARNING)


# All that ships


def every_answer(answerer: Answerer, today: date) -> Iterator[tuple[Entry, Facet | None, Answer]]:
    for entry in answerer.knowledge.entries.values():
        for facet in FACETS:
            yield entry, facet, answerer.answer(entry, facet, today)


FORBIDDEN = re.compile(
    r"inferred|suy ra|spoof|hạt giống|\bNone\b|[{}]|GitHub find_string|sunwinfun", re.IGNORECASE
)
DAYS = (date(2026, 8, 1), date(2027, 1, 1))


@pytest.mark.parametrize("today", DAYS)
def test_no_answer_says_what_only_editors_should_read(today: date, answerer: Answerer) -> None:
    wrong = {
        (entry.id, found.group())
        for entry, _, answer in every_answer(answerer, today)
        for found in [FORBIDDEN.search(text_of(answer) + " " + answer.link)]
        if found
    }
    assert wrong == set()


@pytest.mark.parametrize("today", DAYS)
def test_every_factual_answer_ends_with_its_source_and_date(today: date, answerer: Answerer) -> None:
    for entry, facet, answer in every_answer(answerer, today):
        if entry.kind not in FACTUAL:
            continue
        sources = parts(answer, Part.SOURCE)
        assert answer.lines[-1].text == sources[-1], (entry.id, facet)
        assert len(sources) == 1 or any(f.past for f in entry.facts), (entry.id, facet)
        assert entry.as_of, entry.id  # so that "không rõ ngày" is only said where the facts say it
        for source in sources:
            assert re.fullmatch(r"Nguồn: .+\. Tính đến: .*\w.*\..*", source), (entry.id, facet, source)
            assert not re.search(r"\d{4}-\d{2}-\d{2}", source), (entry.id, source)


@pytest.mark.parametrize("today", DAYS)
def test_every_amount_shown_stands_in_the_entry(today: date, answerer: Answerer) -> None:
    for entry, facet, answer in every_answer(answerer, today):
        written = repr(entry)
        amounts = {fee.amount for fee in entry.fees}
        for shown in re.findall(r"(\d[\d.]*) đồng", text_of(answer)):
            assert int(shown.replace(".", "")) in amounts or shown in written, (entry.id, facet, shown)


def test_no_line_is_said_twice_and_none_is_empty(answerer: Answerer) -> None:
    for entry, facet, answer in every_answer(answerer, TODAY):
        warned = parts(answer, Part.WARNING)
        assert len(set(warned)) == len(warned), (entry.id, facet)
        assert all(line.text.strip() for line in answer.lines), (entry.id, facet)


def test_no_fake_page_and_no_bare_machine_is_linked_or_named(answerer: Answerer) -> None:
    for entry, facet, answer in every_answer(answerer, TODAY):
        assert not re.match(r"https?://[\d.:]+(/|$)", answer.link), entry.id
        for source in entry.sources.values():
            if source.kind is SourceKind.SPOOF and source.url:
                assert source.url not in text_of(answer), (entry.id, facet)
            if source.kind is SourceKind.UNOFFICIAL:
                assert (source.url or source.document or "") not in text_of(answer), (entry.id, facet)


def test_nobody_is_sent_to_an_entry_that_is_not_there(answerer: Answerer, shipped: Knowledge) -> None:
    for entry, _, answer in every_answer(answerer, TODAY):
        assert set(answer.options) <= set(shipped.entries), entry.id


def test_every_cut_list_that_ships_is_said_to_be_cut(answerer: Answerer, phrases: Phrases) -> None:
    cut = [
        e
        for e in answerer.knowledge.entries.values()
        if e.standing not in GONE
        and e.documents
        and (Facet.DOCUMENTS in e.truncated or not all(d.complete for d in e.documents))
    ]
    assert cut
    for entry in cut:
        answer = answerer.answer(entry, Facet.DOCUMENTS, TODAY)
        assert phrases("answer.documents_cut") in parts(answer, Part.WARNING), entry.id
        assert "loại giấy tờ" not in text_of(answerer.answer(entry, None, TODAY)), entry.id


def test_every_side_offered_has_something_to_say(answerer: Answerer, phrases: Phrases) -> None:
    missing = phrases("answer.no_fact", facet="|").split("«|»")[0]
    for entry in answerer.knowledge.entries.values():
        for facet in answerer.facets(entry, TODAY):
            assert missing not in text_of(answerer.answer(entry, facet, TODAY)), (entry.id, facet)


def test_every_procedure_that_is_gone_tells_no_old_papers_or_amounts(answerer: Answerer) -> None:
    for entry, facet, answer in every_answer(answerer, TODAY):
        if entry.standing not in GONE or entry.kind not in (Kind.PROCEDURE, Kind.GUIDANCE):
            continue
        assert entry.replaced
        assert entry.replaced.says in text_of(answer), (entry.id, facet)
        assert parts(answer, Part.ITEM) == [], (entry.id, facet)
        assert answerer.checklist(entry) == ()


def test_an_answer_about_one_side_fits_a_phone(answerer: Answerer) -> None:
    longest = max(
        (len(text_of(answer)), entry.id, str(facet)) for entry, facet, answer in every_answer(answerer, TODAY)
    )
    assert longest[0] <= 4096, longest
