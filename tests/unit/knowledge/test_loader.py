"""Knowledge read from folders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge.loader import SHIPPED, Loaded, days_left, load
from knowledge.schema import Facet, Kind
from tests.unit.knowledge.conftest import HEADER, Read, Write

GOOD = """
- id: tot
  kind: procedure
  title: Cấp giấy phép thử
  label: Cấp giấy phép thử
  fees:
    - {amount: 100000}
  sources:
    s1: {kind: official, url: "https://dichvucong.gov.vn/x"}
  as_of: 2026-01-01
"""


def entry(extra: str, *, entry_id: str = "xau", kind: str = "procedure") -> str:
    return f"- id: {entry_id}\n  kind: {kind}\n  title: Thử\n  label: Thử\n" + "".join(
        f"  {line}\n" for line in extra.strip("\n").splitlines()
    )


SOURCES = 'sources: {s1: {kind: official, url: "https://a.gov.vn/x"}}\nas_of: "2025"\n'


def only_problem(loaded: Loaded) -> str:
    assert len(loaded.problems) == 1, [str(p) for p in loaded.problems]
    assert not loaded.ok
    return str(loaded.problems[0])


def test_the_shipped_knowledge_has_no_problem() -> None:
    loaded = load()
    assert loaded.ok
    assert [str(p) for p in loaded.problems] == []
    assert len(loaded.knowledge.entries) > 200


def test_no_citizen_is_led_to_what_is_for_the_staff() -> None:
    entries = load().knowledge.entries
    led = {
        (e.id, target)
        for e in entries.values()
        if e.kind is not Kind.STAFF
        for target in (*e.related, *e.children, *(e.replaced.entries if e.replaced else ()))
        if entries[target].kind is Kind.STAFF
    }
    assert led == set()


def test_what_no_longer_holds_says_what_took_its_place() -> None:
    gone = [e for e in load().knowledge.entries.values() if e.standing.value in ("abolished", "outdated")]
    assert gone
    assert [e.id for e in gone if not e.replaced] == []


def test_an_entry_knows_its_field_owner_and_place(read: Read) -> None:
    found = read(GOOD).knowledge.entries["tot"]
    assert (found.field, found.owner, found.review_by) == ("Lĩnh vực thử", "Văn phòng", date(2030, 1, 1))
    assert found.file.endswith("a.yaml")
    assert found.line == HEADER.count("\n") + 1
    assert found.as_of == "2026-01-01"


@pytest.mark.parametrize(
    ("extra", "line", "said"),
    [
        ("as_of: 2025", 5, "không có nguồn"),
        (f"{SOURCES}la: 1", 11, "không có khoá nào tên «la»"),
        ('sources: {s1: {kind: official, url: "https://a.gov.vn/x"}}\nagency: Sở', 5, "tính đến lúc nào"),
        (
            'sources: {s1: {kind: official, url: "https://a.gov.vn/x"}}\nfees:\n  - {amount: 1}',
            11,
            "tính đến lúc nào",
        ),
        ("sources:\n  s1: {kind: official}\nas_of: '2025'", 10, "không có url hay document"),
        ("sources:\n  s1: {kind: blog, document: x}\nas_of: '2025'", 10, "chọn một trong"),
        ("sources:\n  s1: {kind: official, url: 'http://[x'}\nas_of: '2025'", 10, "không đúng"),
        (
            "sources:\n  s1: {kind: official, url: 'javascript:alert(1)'}\nas_of: '2025'",
            10,
            "không đúng dạng",
        ),
        ("sources:\n  s1: {kind: spoof_mirror, document: x}\nas_of: '2025'", 9, "giả mạo"),
        (f"{SOURCES}fees:\n  - amount: 1\n    source: s2", 13, "không có nguồn nào tên «s2»"),
        (f"{SOURCES}fees:\n  - name: Phí", 12, "không có mức nào"),
        (f"{SOURCES}fees:\n  - amount: không", 12, "phải là số nguyên"),
        (f"{SOURCES}times:\n  - step: Giải quyết", 12, "không có thời hạn nào"),
        (f"{SOURCES}times:\n  - {{number: 5, unit: tuần}}", 12, "có giá trị lạ «tuần»"),
        (
            f"{SOURCES}fees:\n  - amount: 1\n    from: 2027-01-01\n    until: 2026-12-31",
            14,
            "trước ngày bắt đầu",
        ),
        (f"{SOURCES}documents:\n  - items: []", 12, "cần ít nhất 1 mục"),
        (f"{SOURCES}result:\n  text: Giấy\n  source: s9", 13, "không có nguồn nào tên «s9»"),
        (f"{SOURCES}review_by: mai", 11, "viết dạng 2026-12-31"),
    ],
)
def test_a_bad_entry_is_left_out_with_its_line_and_the_rest_is_served(
    extra: str, line: int, said: str, read: Read
) -> None:
    loaded = read(entry(extra) + GOOD)
    problem = only_problem(loaded)
    assert f"a.yaml:{line}: " in problem
    assert said in problem
    assert list(loaded.knowledge.entries) == ["tot"]
    assert loaded.knowledge.fields[0].entries == ("tot",)


def test_a_fact_from_a_fake_page_is_refused_unless_it_is_hidden(read: Read) -> None:
    fake = "{kind: spoof_mirror, document: bản sao}"
    sources = f"sources: {{s1: {{kind: official, document: QĐ 1}}, s2: {fake}}}\nas_of: 2025\n"
    assert "giả mạo" in only_problem(read(entry(sources + "fees:\n  - {amount: 1, source: s2}")))
    hidden = sources + "conditions:\n  - {text: mật, source: s2, shown: false}"
    assert read(entry(hidden)).ok


@pytest.mark.parametrize("kind", ["stub", "outside", "smalltalk", "human", "office", "overview"])
def test_entries_that_state_no_facts_need_no_source(kind: str, read: Read) -> None:
    assert read(entry("", kind=kind)).ok


def test_an_id_used_twice_is_reported_with_both_places_and_the_first_one_served(read: Read) -> None:
    loaded = read(GOOD + GOOD.replace("100000", "200000"))
    problem = only_problem(loaded)
    assert "mã «tot» đã có ở" in problem
    assert "a.yaml:5" in problem
    assert loaded.knowledge.entries["tot"].fees[0].amount == 100000
    assert loaded.knowledge.fields[0].entries == ("tot",)


def test_the_offices_own_entry_wins_by_id(write: Write) -> None:
    shipped = write(GOOD + entry(SOURCES, entry_id="khac"))
    own = write(
        GOOD.replace("100000", "999"),
        folder="own",
        name="b.yaml",
        header=HEADER.replace("Lĩnh vực thử", "Của Sở"),
    )
    loaded = load([shipped, own])
    assert loaded.ok
    assert loaded.knowledge.entries["tot"].fees[0].amount == 999
    assert {f.name: f.entries for f in loaded.knowledge.fields} == {
        "Lĩnh vực thử": ("khac",),
        "Của Sở": ("tot",),
    }


def test_a_bad_entry_of_the_office_leaves_the_shipped_one(write: Write) -> None:
    loaded = load([write(GOOD), write(GOOD.replace("as_of", "asof"), folder="own")])
    assert not loaded.ok
    assert loaded.knowledge.entries["tot"].fees[0].amount == 100000


def test_a_dead_reference_is_reported_and_nobody_is_led_there(read: Read) -> None:
    loaded = read(
        entry(
            SOURCES + "related: [ma1, tot]\nchildren: [ma2]\nvariant_of: ma3\n"
            "replaced: {says: Đã thay, entries: [ma4, tot]}",
            entry_id="co",
        )
        + GOOD
    )
    assert [p.line for p in loaded.problems] == [5] * 4
    assert {f"ma{n}" for n in range(1, 5)} == {p.message.split("«")[2].split("»")[0] for p in loaded.problems}
    found = loaded.knowledge.entries["co"]
    assert (found.related, found.children, found.variant_of) == (("tot",), (), None)
    assert found.replaced
    assert found.replaced.entries == ("tot",)
    assert loaded.knowledge.main(found) is found


def test_a_reference_to_an_entry_left_out_is_dead_too(read: Read) -> None:
    loaded = read(entry("as_of: 2025") + GOOD + "  related: [xau]\n")
    assert len(loaded.problems) == 2
    assert loaded.knowledge.entries["tot"].related == ()


def test_a_variant_stands_for_its_main_entry(read: Read) -> None:
    knowledge = read(GOOD + entry(SOURCES + "variant_of: tot", entry_id="ban_khac")).knowledge
    assert knowledge.main(knowledge.entries["ban_khac"]).id == "tot"
    assert knowledge.main(knowledge.entries["tot"]).id == "tot"


def test_the_version_changes_with_the_content_alone(write: Write) -> None:
    folder = write(GOOD)
    first = load([folder]).knowledge.version
    assert load([folder]).knowledge.version == first
    write(GOOD.replace("100000", "100001"))
    assert load([folder]).knowledge.version != first
    write(GOOD)
    assert load([folder]).knowledge.version == first
    (folder / "ghi chú.txt").write_text("không phải tri thức", "utf-8")
    assert load([folder]).knowledge.version == first
    write("", name="them.yaml", header=HEADER.replace("thử", "khác").replace("entries:", "entries: []"))
    assert load([folder]).knowledge.version != first


def test_a_missing_folder_is_reported_and_the_others_served(write: Write, tmp_path: Path) -> None:
    loaded = load([write(GOOD), tmp_path / "không có"])
    assert "không có thư mục" in only_problem(loaded)
    assert "tot" in loaded.knowledge.entries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "không có nội dung"),
        ("- a\n- b\n", "không có nội dung"),
        ("field: x\nowner: y\nentries: []\n", "thiếu «review_by»"),
        (HEADER.replace("entries:", "entries: chữ"), "phải là danh sách"),
        (HEADER.replace("entries:", "entires: []"), "không có khoá nào tên «entires»"),
        ("field: [", "cú pháp"),
    ],
)
def test_a_bad_file_is_left_out_and_the_other_files_served(text: str, said: str, write: Write) -> None:
    folder = write(GOOD)
    (folder / "b.yaml").write_text(text, "utf-8")
    loaded = load([folder])
    problem = only_problem(loaded)
    assert said in problem
    assert "b.yaml:" in problem
    assert list(loaded.knowledge.entries) == ["tot"]


def test_an_entry_that_is_no_group_of_keys_is_reported(read: Read) -> None:
    loaded = read("- chỉ là chữ\n" + GOOD)
    assert "a.yaml:5: " in only_problem(loaded)
    assert list(loaded.knowledge.entries) == ["tot"]


def test_files_of_one_field_are_joined_and_fields_are_in_menu_order(write: Write) -> None:
    folder = write(GOOD)
    write(entry(SOURCES, entry_id="hai"), name="b.yaml")
    write(entry(SOURCES, entry_id="ba"), name="c.yaml", header="order: 1\n" + HEADER.replace("thử", "đầu"))
    fields = load([folder]).knowledge.fields
    assert [(f.name, f.entries) for f in fields] == [
        ("Lĩnh vực đầu", ("ba",)),
        ("Lĩnh vực thử", ("tot", "hai")),
    ]


def test_only_yaml_files_are_read() -> None:
    assert not [p for p in SHIPPED.iterdir() if p.suffix != ".yaml"]


def test_days_left_count_down_past_zero() -> None:
    assert days_left(date(2026, 12, 31), date(2026, 12, 1)) == 30
    assert days_left(date(2026, 12, 31), date(2027, 1, 1)) == -1
    assert days_left(None, date(2027, 1, 1)) is None


def test_every_facet_of_the_shipped_menu_is_a_known_one() -> None:
    assert all(isinstance(f, Facet) for e in load().knowledge.entries.values() for f in e.truncated)
