"""Which words people use when they ask about a matter, learnt from the training questions (`usage.yaml`).

Aliases say what an entry is called; usage says what else is said when it is meant ("cô ở quầy", "ship về
nhà"). A class is a topic with the entries that answer it. The log-odds of a word in a class are its value,
log(1 + n / (a·p)), plus the class's base, log(a / (N + a)): n of the class's N words are this one, p is its
share of all questions' words, a is a smoothing constant (naive Bayes without its class prior; how much each
part counts is learnt with the other features).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from knowledge import strict_yaml

USAGE = Path(__file__).parent / "usage.yaml"


class UsageClass(BaseModel):
    """A topic, the entries that answer it and the weight of what it was learnt from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    topic: str
    entries: tuple[str, ...]
    base: Annotated[float, Field(le=0)]  # log-odds of a word never seen in the class
    pair_base: Annotated[float, Field(le=0)]  # the same of a pair


class UsageFile(BaseModel):
    """The shape of `usage.yaml`: word or pair → "class:value class:value …" (values in hundredths)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    classes: tuple[UsageClass, ...]
    words: dict[str, str]
    pairs: dict[str, str]


@dataclass(frozen=True, slots=True)
class UsageFit:
    """How a question's words and pairs fit each class: sums of values, to be multiplied by `scale`, the
    inverse root of the number of words (a long question says a thing more often, not more surely); `best` is
    the best class's scaled sum."""

    words: Sequence[float]
    pairs: Sequence[float]
    scale: float
    size: int
    best: float


class Usage:
    """Word usage by class; read-only."""

    def __init__(
        self,
        classes: Sequence[UsageClass],
        words: Mapping[str, Sequence[tuple[int, float]]],
        pairs: Mapping[tuple[str, str], Sequence[tuple[int, float]]],
    ) -> None:
        self.classes = tuple(classes)
        self.words = words
        self.pairs = pairs
        self._of_entry: dict[str, tuple[int, ...]] = {}
        for number, found in enumerate(self.classes):
            for entry in found.entries:
                self._of_entry[entry] = (*self._of_entry.get(entry, ()), number)

    def fit(self, folded: Sequence[str]) -> UsageFit:
        """The fit of every class to a question's syllables."""
        different = set(folded)
        followed = set(pairwise(folded))
        words = [0.0] * len(self.classes)
        pairs = [0.0] * len(self.classes)
        for word in different:
            for number, value in self.words.get(word, ()):
                words[number] += value
        for pair in followed:
            for number, value in self.pairs.get(pair, ()):
                pairs[number] += value
        scale = 1 / math.sqrt(len(different) or 1)
        best = max(map(operator.add, words, pairs), default=0.0) * scale
        return UsageFit(words, pairs, scale, len(different), best)

    def best_of(self, entry: str, fit: UsageFit) -> tuple[float, float, float, float] | None:
        """Words, pairs, and the bases of both for an entry's best fitting class; None when it was not there
        to learn about."""
        numbers = self._of_entry.get(entry)
        if not numbers:
            return None
        best = max(numbers, key=lambda n: fit.words[n] + fit.pairs[n])
        found = self.classes[best]
        bases = fit.size * fit.scale
        return (
            fit.words[best] * fit.scale,
            fit.pairs[best] * fit.scale,
            found.base * bases,
            found.pair_base * bases,
        )

    def likely(self, fit: UsageFit, count: int) -> Iterable[str]:
        """Entries of the classes that fit best."""
        for number in nlargest(count, range(len(self.classes)), key=lambda n: fit.words[n] + fit.pairs[n]):
            yield from self.classes[number].entries


NO_USAGE = Usage((), {}, {})

_adapter: TypeAdapter[UsageFile] = TypeAdapter(UsageFile)


def load_usage(path: Path = USAGE) -> Usage:
    """Read `usage.yaml`. Raises strict_yaml.BadYaml."""
    document = strict_yaml.read(path)
    try:
        data = _adapter.validate_python(document.data)
        words = {word: _values(text) for word, text in data.words.items()}
        pairs = {(k.partition(" ")[0], k.partition(" ")[2]): _values(text) for k, text in data.pairs.items()}
    except ValidationError as exc:
        raise strict_yaml.BadYaml(strict_yaml.explain(exc, document)) from exc
    except ValueError as exc:
        raise strict_yaml.BadYaml(
            [document.problem((), "bảng cách nói bị hỏng", "chạy lại bench/tune.py")]
        ) from exc
    return Usage(data.classes, words, pairs)


def _values(text: str) -> tuple[tuple[int, float], ...]:
    found = []
    for item in text.split():
        number, _, value = item.partition(":")
        found.append((int(number), int(value) / 100))
    return tuple(found)
