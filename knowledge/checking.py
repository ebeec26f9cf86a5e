"""Is the knowledge fit to serve: colliding aliases, validity that ends, entries due for review, cases that
must hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from knowledge import strict_yaml
from knowledge.loader import FACTUAL, Knowledge, days_left
from knowledge.schema import Entry, Facet
from knowledge.search import Outcome, Searcher
from knowledge.strict_yaml import BadYaml, Problem
from knowledge.vietnamese import clean, fold

CASES = Path(__file__).parent / "cases"
OWN_CASES = "cases"  # folder of an office's own cases in its folder of entries
SOON_DAYS = 30
_SECONDARY_NAMES = frozenset({"topics.yaml"})


class Case(BaseModel):
    """What a question must lead to. `entry`: the answer, or one of the choices; `outcome` when it is not an
    answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    question: Annotated[str, StringConstraints(min_length=1)]
    entry: str | None = None
    facet: Facet | None = None
    outcome: Outcome | None = None
    after: str | None = None  # the question asked just before


class CaseFile(BaseModel):
    """A file of `knowledge/cases`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class NumberedCase:
    """A case with where it stands."""

    case: Case
    file: str
    line: int


_adapter: TypeAdapter[CaseFile] = TypeAdapter(CaseFile)


def read_cases(folder: Path = CASES) -> list[NumberedCase]:
    """All cases of a folder. Raises BadYaml."""
    found = []
    for path in sorted(folder.glob("*.y*ml")):
        if path.name in _SECONDARY_NAMES:
            continue
        document = strict_yaml.read(path)
        try:
            cases = _adapter.validate_python(document.data).cases
        except ValidationError as exc:
            raise BadYaml(strict_yaml.explain(exc, document)) from exc
        found += [NumberedCase(c, document.file, document.line(("cases", at))) for at, c in enumerate(cases)]
    return found


def all_cases(folders: Iterable[Path] = ()) -> list[NumberedCase]:
    """The shipped cases and those of an office's own folders (in `cases/` of each). Where both say what the
    same question leads to, the office's word holds. Raises BadYaml."""
    own = [case for folder in folders for case in read_cases(folder / OWN_CASES)]
    said = {(_folded(c.case.question), _folded(c.case.after or "")) for c in own}
    shipped = read_cases()
    return [
        *(c for c in shipped if (_folded(c.case.question), _folded(c.case.after or "")) not in said),
        *own,
    ]


def check(searcher: Searcher, today: date, cases: Sequence[NumberedCase]) -> list[Problem]:
    """Everything that can be said of knowledge that was read: errors first, then warnings."""
    knowledge = searcher.knowledge
    problems = [*colliding_aliases(knowledge), *broken_cases(searcher, cases), *due(knowledge, today)]
    return sorted(problems, key=lambda p: (not p.error, p.file, p.line))


def due(knowledge: Knowledge, today: date) -> Iterable[Problem]:
    """What is to be looked at again today: validity that ends, reviews, entries that nobody can ask for."""
    for entry in knowledge.entries.values():
        yield from _validity(entry, today)
        yield from _review(entry, today)
        yield from _doubts(entry)


def check_reload(searcher: Searcher, folders: Iterable[Path] = ()) -> list[Problem]:
    """What must hold before changed knowledge of an office's own folders is taken in."""
    return [*colliding_aliases(searcher.knowledge), *broken_cases(searcher, all_cases(folders))]


def _folded(text: str) -> str:
    return " ".join(fold(clean(text)).split())


def colliding_aliases(knowledge: Knowledge) -> Iterable[Problem]:
    """The same words (marks apart) leading to two entries."""
    seen: dict[str, Entry] = {}
    for entry in knowledge.entries.values():
        own: set[str] = set()
        for alias in entry.aliases:
            key = _folded(alias)
            other = seen.get(key)
            if key in own:
                yield Problem(
                    entry.file,
                    entry.line,
                    f"mục «{entry.id}» có tên gọi «{alias}» hai lần",
                    "bỏ bớt một",
                    error=False,
                )
            elif other:
                yield Problem(
                    entry.file,
                    entry.line,
                    f"tên gọi «{alias}» của «{entry.id}» trùng với «{other.id}» ({other.file}:{other.line})",
                    "bỏ ở một trong hai mục hoặc viết rõ hơn",
                )
            own.add(key)
            seen.setdefault(key, entry)


def broken_cases(searcher: Searcher, cases: Iterable[NumberedCase]) -> Iterable[Problem]:
    """Cases that no longer lead where they must."""
    for numbered in cases:
        case = numbered.case
        if case.entry and case.entry not in searcher.knowledge.entries:
            yield Problem(
                numbered.file, numbered.line, f"không có mục «{case.entry}»", "sửa mã mục của ca kiểm thử"
            )
            continue
        last = None
        if case.after:
            last = searcher.knowledge.get(searcher.search(case.after).entry)
        decision = searcher.search(case.question, last)
        wanted = case.outcome or Outcome.ANSWER
        reached = {decision.entry, *decision.choices} if wanted is Outcome.CHOOSE else {decision.entry}
        got = f"{decision.outcome.value} {decision.entry or ', '.join(decision.choices)}".strip()
        if decision.outcome is not wanted or (case.entry and case.entry not in reached):
            yield Problem(
                numbered.file,
                numbered.line,
                f"câu «{case.question}» phải dẫn tới «{case.entry or wanted.value}», đang dẫn tới «{got}»",
                "thêm tên gọi cho mục đúng, hoặc sửa ca kiểm thử",
            )
        elif case.facet and decision.facet is not case.facet:
            heard = decision.facet or "không rõ"
            yield Problem(
                numbered.file,
                numbered.line,
                f"câu «{case.question}» phải hỏi về «{case.facet}», đang hiểu là «{heard}»",
                "thêm cách hỏi vào lexicon.yaml, hoặc sửa ca kiểm thử",
            )


def _validity(entry: Entry, today: date) -> Iterable[Problem]:
    facts = (*entry.documents, *entry.fees, *entry.times, *entry.filing, *entry.facts, *entry.conditions)
    ends = sorted({f.until for f in facts if f.until})
    for end in ends:
        left = (end - today).days
        followed = any(f.from_ and f.from_ > end for f in facts)
        if left < 0:
            continue  # what held once is kept for the record
        if left <= SOON_DAYS and not followed:
            yield Problem(
                entry.file,
                entry.line,
                f"mục «{entry.id}» có thông tin hết hiệu lực ngày {end:%d/%m/%Y}, chưa có gì thay thế",
                "tra lại và thêm mức mới",
                error=False,
            )
    if ends and ends[-1] < today and entry.fees and not any(f.holds(today) for f in entry.fees):
        yield Problem(
            entry.file,
            entry.line,
            f"mọi mức phí của «{entry.id}» đã hết hiệu lực",
            "tra lại mức phí",
            error=False,
        )


def _review(entry: Entry, today: date) -> Iterable[Problem]:
    left = days_left(entry.review_by, today)
    if left is None or left > SOON_DAYS:
        return
    when = (
        f"đã quá hạn rà soát ({entry.review_by:%d/%m/%Y})"
        if left < 0
        else f"cần rà soát trước {entry.review_by:%d/%m/%Y}"
    )
    yield Problem(
        entry.file,
        entry.line,
        f"mục «{entry.id}» {when}, người phụ trách: {entry.owner}",
        "đối chiếu nguồn rồi sửa review_by",
        error=False,
    )


def _doubts(entry: Entry) -> Iterable[Problem]:
    if entry.kind in FACTUAL and not entry.aliases and not entry.variant_of and entry.kind.value != "staff":
        yield Problem(
            entry.file,
            entry.line,
            f"mục «{entry.id}» chưa có tên gọi nào (aliases)",
            "thêm cách người dân hay hỏi",
            error=False,
        )
