"""Try a change of the knowledge on a copy: does it read, do all cases hold, what gets better and what worse.

Takes seconds: never inside a transaction.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handlers.improving.measuring import Figures, Liked, doubts, figures, moved
from handlers.improving.plans import Place
from handlers.improving.words import words
from handlers.library import Library, library_of
from knowledge import checking, loader
from knowledge.checking import NumberedCase
from knowledge.own_folder import FileEdit, files_of
from knowledge.round_trip import diff
from knowledge.search import Decision, Outcome
from knowledge.strict_yaml import BadYaml, Problem

_MOST_FAULTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it. `faults`: why the change can't be taken in, in words (none: it can); `notes`: what the
    second person should know."""

    edits: tuple[FileEdit, ...]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    before: Figures
    after: Figures

    @property
    def accepted(self) -> bool:
        return not self.faults

    def as_report(self) -> dict[str, Any]:
        """Plain JSON, kept with the change."""
        return {
            "faults": list(self.faults),
            "notes": list(self.notes),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "diff": [{"file": e.name, "lines": diff(e.name, e.before, e.after)} for e in self.edits],
        }


def try_out(
    edits: Sequence[FileEdit],
    place: Place,
    current: Library,
    *,
    questions: Sequence[str] = (),
    liked: Sequence[Liked] = (),
    target: str = "",
) -> Trial:
    """Read, check and measure the knowledge as it would be. `questions`: the group's; `liked`: questions
    whose answers people liked; `target`: the entry that is to answer the group's questions. Raises BadYaml
    where the cases as they are can't be read."""
    known = checking.all_cases(place.folders)
    before = figures(current, known, questions)
    with _staged(edits, place) as folders:
        loaded = loader.load((loader.SHIPPED, *folders))
        faults = [_said(problem, folders, place) for problem in loaded.problems if problem.error]
        try:
            library = library_of(loaded.knowledge, current.office)
            cases = checking.all_cases(folders)
        except BadYaml as exc:
            said = tuple(_said(problem, folders, place) for problem in exc.problems)
            return Trial(edits=tuple(edits), faults=said, before=before, after=before)
    collisions = checking.colliding_aliases(library.knowledge)
    faults += [_said(problem, folders, place) for problem in collisions if problem.error]
    old = {numbered.case for numbered in known}
    for numbered in cases:
        if any(checking.broken_cases(library.searcher, [numbered])):
            faults.append(_broken(numbered, current, library, new=numbered.case not in old))
    after = figures(library, cases, questions)
    notes = (*doubts(target, before, after, library, questions), *moved(liked, current, library))
    faults = faults[:_MOST_FAULTS]
    return Trial(edits=tuple(edits), faults=tuple(faults), notes=notes, before=before, after=after)


@contextmanager
def _staged(edits: Sequence[FileEdit], place: Place) -> Iterator[tuple[Path, ...]]:
    """Copies of the office's folders with the changes made in them."""
    with tempfile.TemporaryDirectory(prefix="xinluon-") as temporary:
        copies = {
            folder: Path(temporary) / str(number) / folder.name for number, folder in enumerate(place.folders)
        }
        for folder, copy in copies.items():
            copy.mkdir(parents=True)
            for path in files_of(folder):
                target = copy / path.relative_to(folder)
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, target)
        for edit in edits:
            _put(edit, copies)
        yield tuple(copies.values())


def _put(edit: FileEdit, copies: dict[Path, Path]) -> None:
    folder = next(folder for folder in copies if edit.path.is_relative_to(folder))
    target = copies[folder] / edit.path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    if edit.after is None:
        target.unlink(missing_ok=True)
    else:
        target.write_bytes(edit.after.encode())


def _said(problem: Problem, folders: Sequence[Path], place: Place) -> str:
    """A problem of a copy, named as the file it is a copy of."""
    for copy, folder in zip(folders, place.folders, strict=True):
        there = problem.file.replace(str(copy), loader.display(folder))
        message = problem.message.replace(str(copy), loader.display(folder))
        problem = replace(problem, file=there, message=message)
    return str(problem)


def _broken(numbered: NumberedCase, current: Library, library: Library, *, new: bool) -> str:
    """What is to be said of a case that doesn't hold. `new`: the change brings it."""
    case, say = numbered.case, words()
    after = asked_in(library, numbered)
    if case.facet and (after.outcome, after.entry) == (Outcome.ANSWER, case.entry):
        sides = {"wanted": _side(library, case.facet), "after": _side(library, after.facet)}
        return say("case_side", question=case.question, **sides)
    wanted = describe(library, Decision(case.outcome or Outcome.ANSWER, case.entry or ""))
    values = {"question": case.question, "wanted": wanted, "after": describe(library, after)}
    if new:
        return say("case_unmet", **values)
    if any(checking.broken_cases(current.searcher, [numbered])):
        return say("case_wrong_before", **values)
    return say("case_broken", before=describe(current, asked_in(current, numbered)), **values)


def _side(library: Library, facet: object) -> str:
    return library.answerer.phrases(f"facets.{facet}") if facet else words()("no_side")


def asked_in(library: Library, numbered: NumberedCase) -> Decision:
    """What a version of the knowledge makes of a case's question."""
    searcher = library.searcher
    last = library.knowledge.get(searcher.search(numbered.case.after).entry) if numbered.case.after else None
    return searcher.search(numbered.case.question, last)


def describe(library: Library, decision: Decision) -> str:
    """An answer in a few words."""
    say, entry = words(), library.knowledge.get(decision.entry)
    if decision.outcome is Outcome.CHOOSE:
        labels = [found.label for i in decision.choices if (found := library.knowledge.get(i))]
        return say("said_choose", labels=", ".join(f"«{label}»" for label in labels))
    if decision.outcome in (Outcome.ANSWER, Outcome.OUT) and (entry is not None or decision.entry):
        return say("said_answer", label=entry.label if entry is not None else decision.entry)
    return say(f"said_{decision.outcome}" if decision.outcome is not Outcome.ANSWER else "said_out")
