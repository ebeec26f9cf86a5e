"""The words around the facts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowledge import strict_yaml
from knowledge.phrases import PHRASES, Phrases
from knowledge.schema import Facet, MustCheck, Standing, Way


def test_a_text_is_found_by_its_dotted_name_and_filled_in(phrases: Phrases) -> None:
    assert phrases("answer.who", text="{ai}") == "Đối tượng: {ai}"
    assert "dichvucong.gov.vn" in phrases.list("national_hosts")


@pytest.mark.parametrize("name", ["không.có", "answer.không"])
def test_a_missing_name_is_an_error(name: str, phrases: Phrases) -> None:
    with pytest.raises(KeyError):
        phrases(name)


def test_every_member_of_the_closed_sets_has_its_words(phrases: Phrases) -> None:
    for facet in Facet:
        assert phrases(f"facets.{facet}")
    for way in Way:
        assert phrases(f"ways.{way}")
    for check in MustCheck:
        assert phrases(f"caveats.{check}")
    for standing in set(Standing) - {Standing.CURRENT}:
        assert phrases(f"standing.{standing}")


def test_every_text_that_is_asked_for_is_there() -> None:
    source = (Path(strict_yaml.__file__).parent / "answer.py").read_text("utf-8")
    phrases = Phrases.read()
    for name in re.findall(r'phrases\(\s*"([a-z_.]+)"', source):
        assert phrases(name), name


def test_a_broken_file_of_texts_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "phrases.yaml"
    path.write_text(PHRASES.read_text("utf-8") + "answer: lại\n", "utf-8")
    with pytest.raises(strict_yaml.BadYaml, match="viết hai lần"):
        Phrases.read(path)
