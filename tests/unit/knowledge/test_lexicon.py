"""The table of words that mean other words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from knowledge import strict_yaml
from knowledge.lexicon import Lexicon, PhraseTable, load_lexicon, syllables_of
from knowledge.schema import Action, Facet
from knowledge.strict_yaml import BadYaml

SHIPPED = Path(strict_yaml.__file__).parent / "lexicon.yaml"
SMALL = {
    "rewrite": {
        "bán sỉ": "bán buôn",
        "sỉ": "bán buôn",
        "gp": "giấy phép",
        "1022": "tổng đài",
        "chỉ": "chứng chỉ",
    },
    "facets": {"fee": ["lệ phí", "bao nhiêu tiền"]},
    "actions": {"reissue": ["cấp lại"]},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lexicon.yaml"


@pytest.fixture
def lexicon(path: Path) -> Lexicon:
    """The shipped table with a few words in place of its own."""
    path.write_text(yaml.safe_dump({**strict_yaml.read(SHIPPED).data, **SMALL}, allow_unicode=True), "utf-8")
    return load_lexicon(path)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("gp bán sỉ rượu", "giay phep ban buon ruou"),
        ("GP ban si ruou", "giay phep ban buon ruou"),
        ("bạn sỉ", "ban ban buon"),  # bạn is not bán, so only sỉ is known
        ("gọi 1022", "goi tong dai"),
        ("chi phi", "chi phi"),  # a short plain word stands for nothing marked
        ("chỉ", "chung chi"),
        ("", ""),
    ],
)
def test_the_longest_words_are_put_into_ours(typed: str, canonical: str, lexicon: Lexicon) -> None:
    assert " ".join(s.folded for s in lexicon.canonical(syllables_of(typed))) == canonical


def test_facets_and_actions_are_found_in_place(lexicon: Lexicon) -> None:
    syllables = lexicon.canonical(syllables_of("cấp lại gp bao nhieu tien"))
    assert [(m.start, m.size, m.value) for m in lexicon.actions.find(syllables)] == [(0, 2, Action.REISSUE)]
    assert [(m.start, m.size, m.value) for m in lexicon.facets(syllables)] == [(4, 3, Facet.FEE)]


def test_matches_do_not_overlap_unless_asked() -> None:
    table = PhraseTable((syllables_of(p), p) for p in ("a b", "b c"))
    assert [m.value for m in table.find(syllables_of("a b c"))] == ["a b"]
    assert [m.value for m in table.find(syllables_of("a b c"), overlapping=True)] == ["a b", "b c"]


def test_the_shipped_table_is_read() -> None:
    assert load_lexicon(SHIPPED).stop


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("\npolite:", "\npolites:", "polites:", "không có khoá nào tên «polites»"),
        ("\nfacets:\n", "\nfacets:\n  gì đó: [a]\n", "gì đó:", "chọn một trong"),
        ("\nrewrite:\n", "\nrewrite:\n  gp: ''\n", "gp: giấy phép", "«gp» viết hai lần"),
        ("\nrewrite:\n", "\nrewrite:\n  từ lạ: ''\n", "từ lạ:", "để trống"),
    ],
)
def test_a_bad_table_names_its_line(old: str, new: str, key: str, said: str, path: Path) -> None:
    text = SHIPPED.read_text("utf-8").replace(old, new, 1)
    path.write_text(text, "utf-8")
    with pytest.raises(BadYaml) as caught:
        load_lexicon(path)
    (problem,) = [p for p in caught.value.problems if said in str(p)]
    assert key in text.splitlines()[problem.line - 1]
