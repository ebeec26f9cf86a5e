"""YAML that strangers edit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.strict_yaml import MAX_BYTES, MAX_DEPTH, BadYaml, Document, Problem, loads, read


def problem_of(raw: bytes | str) -> Problem:
    with pytest.raises(BadYaml) as caught:
        loads(raw, name="tệp.yaml")
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("Off", "Off"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("12:30", "12:30"),
        ("1.5", 1.5),
        (".5", ".5"),
        ("9" * 30, "9" * 30),
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-02-30", "2026-02-30"),
        ("2026-12-31 08:00:00", "2026-12-31 08:00:00"),
        ("'2026-12-31'", "2026-12-31"),
        ('"1"', "1"),
        ("'true'", "true"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_plain_words_mean_what_is_documented(written: str, meant: object) -> None:
    found = loads(f"k: {written}\n", name="f").data["k"]
    assert found == meant
    assert type(found) is type(meant)


def test_a_byte_order_mark_and_windows_line_ends_are_taken() -> None:
    assert loads("\ufeffa: 1\r\nb: đủ\r\n".encode(), name="f").data == {"a": 1, "b": "đủ"}


def test_an_empty_file_is_no_data_and_no_error() -> None:
    assert loads("# chỉ có chú thích\n", name="f").data is None


@pytest.mark.parametrize(
    ("raw", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "lần đầu ở dòng 1"),
        ("x:\n  - k: 1\n    k: 2\n", 3, "lần đầu ở dòng 2"),
        ("a: 1\nb: &neo [1]\n", 2, "neo"),
        ("a: 1\n&neo b: 2\n", 2, "neo"),
        ("a: 1\nb:\n  *neo\n", 3, "neo"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "thẻ"),
        ("a: 1\n!!str b: 2\n", 2, "thẻ"),
        ("a: 1\n? [b]\n: 2\n", 2, "khoá"),
        ("a: 1\n---\nb: 2\n", 2, "hơn một tài liệu"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "cú pháp"),
        ("a: 1\nb: 'không đóng\nc: 3\nd: 4\n", 2, "cú pháp"),
        ('a: 1\n\nb: "không đóng\n', 3, "cú pháp"),
        ("a: 1\n\tb: 2\n", 2, "cú pháp"),
        ("a:\n\t- b\n", 2, "cú pháp"),
        ("a: 1\n  b: 2\n", 2, "cú pháp"),
        ("a: 1\nb: c: d\n", 2, "cú pháp"),
        ("a: [", 1, "cú pháp"),
        ("a: 1\nb: x\x01y\n", 2, "ký tự"),
        ("a: 1\nb: x\x00y\n", 2, "ký tự"),
        ('a: 1\nb: "x\\0y"\n', 2, "ký tự"),
        ('a: 1\n"b\\e": 2\n', 2, "ký tự"),
        ("a: 1\nb: \ud800\n", 2, "UTF-8"),
        ("a: 1\nb: được\n".encode("utf-16"), 1, "UTF-8"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
    ],
)
def test_every_complaint_names_the_line_and_what_to_do(raw: bytes | str, line: int, said: str) -> None:
    problem = problem_of(raw)
    assert (problem.line, problem.file) == (line, "tệp.yaml")
    assert said in problem.message
    assert problem.mend
    assert str(problem).startswith(f"tệp.yaml:{line}: ")


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert problem_of(bomb).line == 1


def test_nesting_has_a_limit() -> None:
    deep = "".join(f"{'  ' * i}k:\n" for i in range(MAX_DEPTH - 1)) + "  " * (MAX_DEPTH - 1) + "k: 1\n"
    assert loads(deep, name="f").data
    deeper = deep.replace("k: 1", "k:") + "  " * MAX_DEPTH + "k: 1\n"
    assert problem_of(deeper).line == MAX_DEPTH + 1


@pytest.mark.parametrize("opening", ["[", "{", "- ", "[{", "{k: ", "? "])
def test_endless_nesting_does_not_crash_the_interpreter(opening: str) -> None:
    assert problem_of(opening * (MAX_BYTES // len(opening) // 4)).line == 1


def test_a_huge_file_is_refused_before_it_is_parsed() -> None:
    assert "lớn" in problem_of("#" * (MAX_BYTES + 1)).message


def test_a_missing_file_and_a_folder_are_reported(tmp_path: Path) -> None:
    for path in (tmp_path / "không có.yaml", tmp_path):
        with pytest.raises(BadYaml, match="không đọc được tệp"):
            read(path)


def test_each_value_knows_its_line() -> None:
    document = loads("# đầu\na: 1\nb:\n  - x: 1\n    y:\n      z\n  - [p,\n     q]\n", name="f")
    assert document.line(("a",)) == 2
    assert document.line(("b",)) == 3
    assert document.line(("b", 0, "x")) == 4
    assert document.line(("b", 0, "y")) == 5
    assert document.line(("b", 1, 1)) == 8


def test_a_value_that_is_not_there_has_the_line_of_its_nearest_parent() -> None:
    document = loads("a:\n  b: 1\n", name="f")
    assert document.line(("a", "b", "c", 3)) == 2
    assert document.line(("x",)) == 1


yaml_like = st.text(alphabet="[]{}:,-&*!|>'\"#%@? \n\tab1.~<=\\é\x00\x85\u2028", max_size=60)


@given(st.one_of(st.binary(max_size=80), yaml_like, st.text(max_size=60)))
@settings(max_examples=400, deadline=None)
def test_nothing_but_bad_yaml_is_ever_raised(raw: bytes | str) -> None:
    try:
        document = loads(raw, name="f")
    except BadYaml as bad:
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        for problem in bad.problems:
            assert 1 <= problem.line <= len(text.splitlines()) + 1
    else:
        assert isinstance(document, Document)


plain = st.text(alphabet="abcđêươ :#-'\"[]{}\n", max_size=12)


@given(st.dictionaries(plain, st.lists(plain, max_size=3), max_size=4))
@settings(max_examples=100, deadline=None)
def test_quoted_text_comes_back_as_it_was(data: dict[str, list[str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    rows = [f"{quoted(key)}: [{', '.join(map(quoted, values))}]\n" for key, values in data.items()]
    assert (loads("".join(rows), name="f").data or {}) == data
