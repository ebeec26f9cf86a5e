"""Words that were not typed as words: raw Telex and VNI keystrokes, syllables run together."""

from __future__ import annotations

import re
from collections.abc import Callable

from knowledge.vietnamese import ACUTE, DOT, GRAVE, HOOK, TILDE, Syllable, fold, is_syllable

_TELEX_TONES = {"s": ACUTE, "f": GRAVE, "r": HOOK, "x": TILDE, "j": DOT}
_VNI_TONES = {"1": ACUTE, "2": GRAVE, "3": HOOK, "4": TILDE, "5": DOT}
_VOWELS = frozenset("aeiouy")
_HORNED_PAIR = re.compile(r"(?<!q)uo.")


def decode_keystrokes(word: str) -> Syllable | None:
    """A syllable from raw Telex or VNI keystrokes ("xawng", "ddieejn", "ho62"), or None when it is not one.

    Words that are syllables as they stand are not decoded: "sang" is not "sáng" typed badly.
    """
    if not word.isascii() or len(word) < 2 or len(word) > 10:
        return None
    if any(c.isdigit() for c in word):
        return _decode_vni(word)
    # "coong" (công) and "khoong" (không) also look like xoong, boong.
    return None if is_syllable(word) and "oo" not in word else _decode_telex(word)


def _decode_telex(word: str) -> Syllable | None:
    letters: list[str] = []
    marks: set[str] = set()
    tone = ""
    for char in word:
        has_vowel = any(c in _VOWELS for c in letters)
        if char in _TELEX_TONES and has_vowel and not tone:
            tone = _TELEX_TONES[char]
        elif char in "aeo" and char in letters and f"{char}^" not in marks:
            marks.add(f"{char}^")
        elif char == "d" and letters[:1] == ["d"] and "d-" not in marks:
            marks.add("d-")
        elif char == "w":
            target = next((c for c in reversed(letters) if c in "aou"), None)
            if letters[-2:] == ["u", "a"] and letters[0] != "q":
                target = "u"  # "chuaw" is chưa
            if target is None:
                letters.append("u")
                target = "u"
            marks.add("a(" if target == "a" else f"{target}+")
        else:
            letters.append(char)
    return _decoded(letters, tone, marks)


def _decode_vni(word: str) -> Syllable | None:
    letters: list[str] = []
    marks: set[str] = set()
    tone = ""
    for char in word:
        if not char.isdigit():
            letters.append(char)
            continue
        vowels = [c for c in letters if c in _VOWELS]
        if char in _VNI_TONES and vowels and not tone:
            tone = _VNI_TONES[char]
        elif char == "6" and (target := next((c for c in reversed(letters) if c in "aeo"), None)):
            marks.add(f"{target}^")
        elif char == "7" and (target := next((c for c in reversed(letters) if c in "uo"), None)):
            marks.add(f"{target}+")
        elif char == "8" and "a" in letters:
            marks.add("a(")
        elif char == "9" and letters[:1] == ["d"]:
            marks.add("d-")
        else:
            return None
    return _decoded(letters, tone, marks)


def _decoded(letters: list[str], tone: str, marks: set[str]) -> Syllable | None:
    folded = "".join(letters)
    if (not tone and not marks) or not is_syllable(folded):
        return None
    if "o+" in marks and _HORNED_PAIR.search(folded):
        marks.add("u+")  # one key stands for both: "nguowif" is người, but "thuowr" thuở
    return Syllable(folded, tone, frozenset(marks))


def split_joined(word: str, known: Callable[[str], float]) -> list[str] | None:
    """Cut run-together syllables ("bánbuôn" → bán, buôn). `known` gives a folded piece's cost (0 best) or a
    negative number for "no".

    The cheapest cut wins; None when no cut covers the whole word with at least two pieces.
    """
    size = len(word)
    if size < 5 or size > 80:
        return None
    folded = [fold(word[i : i + 1]) for i in range(size)]
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * size
    for end in range(1, size + 1):
        for start in range(max(0, end - 7), end):
            if best[start][0] == float("inf"):
                continue
            cost = known("".join(folded[start:end]))
            if cost >= 0 and best[start][0] + cost + 1.0 < best[end][0]:
                best[end] = (best[start][0] + cost + 1.0, start)
    if best[size][0] == float("inf"):
        return None
    pieces = []
    end = size
    while end:
        start = best[end][1]
        pieces.append(word[start:end])
        end = start
    pieces.reverse()
    return pieces if len(pieces) > 1 else None
