"""The knowledge in use, and its hot reload: a changed file is taken in whole if it checks, else the old one
stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from handlers.library import Library, library_of
from knowledge import loader
from knowledge.answer import OfficeProfile
from knowledge.checking import check_reload
from knowledge.strict_yaml import BadYaml, Problem

log = structlog.get_logger(__name__)

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The last attempt to read the knowledge: what is wrong with the files as they are now."""

    problems: tuple[Problem, ...]
    accepted: bool


class Shelf:
    """Holds one Library at a time. Readers take `current()` once per message, so that no answer mixes two
    versions."""

    def __init__(
        self,
        folders: Sequence[Path],
        office: OfficeProfile,
        *,
        changed: Callable[[Library, Reading], None] = lambda library, reading: None,
    ) -> None:
        """Read the folders; bad entries are left out and reported. `changed` is called after each reading.

        Raises BadYaml when the program's own tables are broken.
        """
        self.own = tuple(folders)
        self._folders = (loader.SHIPPED, *folders)
        self._office = office
        self._changed = changed
        self._stamp = self._stamps()
        loaded = loader.load(self._folders)
        self._library = library_of(loaded.knowledge, office)
        self.reading = Reading(loaded.problems, accepted=True)
        self._report()

    def current(self) -> Library:
        """The library in use."""
        return self._library

    def reload_if_changed(self) -> bool:
        """Look at the files' times and sizes; read them again when one changed. True when a new version is
        in use."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        return self.reload()

    def reload(self) -> bool:
        """Read all files anew and take them in if there is no error and the cases still hold."""
        loaded = loader.load(self._folders)
        problems = list(loaded.problems)
        library = None
        if loaded.ok and loaded.knowledge.version != self._library.version:
            try:
                library = library_of(loaded.knowledge, self._office)
                problems += check_reload(library.searcher, self.own)
            except BadYaml as exc:
                problems += exc.problems
        accepted = not any(p.error for p in problems)
        if accepted and library:
            self._library = library
        self.reading = Reading(tuple(problems), accepted)
        self._report()
        return accepted and library is not None

    async def watch(self, seconds: float) -> None:
        """Reload when files change, looking every `seconds`, until cancelled."""
        while seconds > 0:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.reload_if_changed)
            except Exception:
                # Whatever a half-written file makes us stumble over: the old knowledge serves, and we go on
                # looking.
                log.exception("knowledge.reload_failed")

    def _report(self) -> None:
        errors = [p for p in self.reading.problems if p.error]
        for problem in errors[:20]:
            log.error("knowledge.problem", problem=str(problem))
        log.info(
            "knowledge.read" if self.reading.accepted else "knowledge.kept",
            version=self._library.version,
            entries=len(self._library.knowledge.entries),
            errors=len(errors),
        )
        self._changed(self._library, self.reading)

    def _stamps(self) -> Stamp:
        found = []
        for path in loader.knowledge_files(f for f in self._folders if f.is_dir()):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
        return tuple(found)
