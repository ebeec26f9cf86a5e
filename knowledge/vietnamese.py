"""Vietnamese text as people type it: cleaning, folding, syllables.

Everything works on NFC. A syllable is kept as its folded letters (no marks, đ as d) plus the marks that were
typed, so that "ban" may be any of bán, bản, bạn, while "bán" is not "bạn".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

GRAVE, ACUTE, TILDE, HOOK, DOT = "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"
TONES = frozenset((GRAVE, ACUTE, TILDE, HOOK, DOT))
_TONE_DIGITS = {ACUTE: "1", GRAVE: "2", HOOK: "3", TILDE: "4", DOT: "5"}
_VOWEL_MARKS = {"\u0302": "^", "\u0306": "(", "\u031b": "+"}  # circumflex, breve, horn
_SOFT_HYPHEN = "\u00ad"  # ư in TCVN3
_MARKS = TONES | _VOWEL_MARKS.keys()

# Composed Vietnamese with ordinary punctuation has nothing to clean: most text of the knowledge base.
_PLAIN = re.compile(r"[A-Za-z0-9 .,;:()/%+?!\-àáâãèéêìíòóôõùúýÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝăđĩũơưĂĐĨŨƠƯ\u1ea0-\u1ef9]*")

# Letters of other scripts that look like Latin ones (typed by mistake, or to slip past a filter).
_LOOKALIKES = str.maketrans(
    "авеһікорсухтмнбгԁյѕԛѡАВЕНІКОРСУХТМαοερτυνικΑΒΕΗΙΚΜΝΟΡΤΥΧΖ",
    "abehikopcyxtmhbgdjsqwABEHIKOPCYXTMaoeptuvikABEHIKMNOPTYXZ",
)

# TCVN3 (ABC fonts): bytes shown as Latin-1, still pasted from old documents.
_TCVN3 = dict(
    zip(
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ",
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ",
        strict=True,
    )
)
_TCVN3_ONLY = "ÐÎÏÜÞñµ¸¶·¹¨»¾¼½Æ©ÇË®ÑªÖ×Øßäå«æç¬ëîï\u00adøö÷ûüþ"
# Signs count only inside words: "c«ng" is công, while «công» is quoted and "2 × 3" multiplied.
_TCVN3_IN_WORD = re.compile(
    rf"(?<=[^\W\d_])(?!»(?!\w))[{_TCVN3_ONLY}]|(?<!\w)(?![«»])[{_TCVN3_ONLY}](?=[^\W\d_])|[®©][{_TCVN3_ONLY}]"
)

_ONSET_TEXT = "b c ch d g gh gi h k kh l m n ng ngh nh p ph q qu r s t th tr v x"
_RIME_TEXT = """
a ac ach ai am an ang anh ao ap at au ay e ec ech em en eng enh eo ep et eu i ia ich iec iem ien ieng iep
iet ieu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oen oeo oet oi om on
ong ooc oong op ot u ua uan uang uat uay ue uech uenh uc ui um un ung uo uoc uoi uom uon uong uop uot uou
up ut uu uy uya uych uyen uyet uyn uynh uyt uyu y yem yen yeng yet yeu
"""
_ONSETS = frozenset(_ONSET_TEXT.split())
_RIMES = frozenset(_RIME_TEXT.split())
_WORD = re.compile(r"[^\W_]+(?:[.\-/][^\W_]+)*")
_JOINT = re.compile(r"[.\-/]")
_STOP_IN_CODE = re.compile(r"(?<![0-9])\.|\.(?![0-9]|[a-z][0-9])")  # "hạn.30 ngày", not 2.000648 or 000.H33
_LONG_RUN = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class Syllable:
    """A folded syllable with the marks that were typed: `tone` is a combining mark or "", `marks` e.g.
    {"a^", "d-"}."""

    folded: str
    tone: str = ""
    marks: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The syllable as plain ASCII with its marks spelt out: "lệ" is "le.e^5", "lẻ" is "le.3", "le" is
        "le"."""
        if not self.tone and not self.marks:
            return self.folded
        return f"{self.folded}.{''.join(sorted(self.marks))}{_TONE_DIGITS.get(self.tone, '')}"

    def contradicts(self, other: Syllable) -> float:
        """How much the marks typed here speak against `other`: 0 not at all, 1 fully, 0.3 for hỏi/ngã mixed
        up."""
        if self.marks - other.marks:
            return 1.0
        if self.tone and self.tone != other.tone:
            return 0.3 if {self.tone, other.tone} == {HOOK, TILDE} else 1.0
        return 0.0


def clean(text: str) -> str:
    """NFC text without what can't be seen: control, zero-width, direction marks, emoji become spaces or
    vanish."""
    if _PLAIN.fullmatch(text):
        return " ".join(text.split())
    text = _decode_tcvn3(_seen(text, keep=_SOFT_HYPHEN))
    text = _seen(unicodedata.normalize("NFKC", text).translate(_LOOKALIKES))
    return " ".join("".join(" " if _is_blank(c) else c for c in text).split())


def _seen(text: str, *, keep: str = "") -> str:
    """NFC text without zero-width and direction marks and the marks of other scripts."""
    text = unicodedata.normalize("NFC", text)
    # Once more after: letters and marks that were apart may stand together then.
    return unicodedata.normalize("NFC", "".join(c for c in text if c == keep or not _is_unseen(c)))


@lru_cache(maxsize=2000)
def _is_unseen(char: str) -> bool:
    category = unicodedata.category(char)
    return category in ("Cf", "Cs", "Co", "Cn") or (category in ("Mn", "Me") and char not in _MARKS)


@lru_cache(maxsize=2000)
def _is_blank(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "ZC" or category in ("So", "Sk")


def _decode_tcvn3(text: str) -> str:
    suspicious = len(_TCVN3_IN_WORD.findall(text))
    if suspicious < 2 or any("\u1e00" <= c <= "\u1eff" or c in "đăơư" for c in text):
        return text
    return "".join(_TCVN3.get(c, c) for c in text)


@lru_cache(maxsize=20_000)
def syllable(word: str) -> Syllable:
    """Split a word (one syllable, any case) into its letters and marks."""
    letters: list[str] = []
    tone = ""
    marks = set()
    for char in unicodedata.normalize("NFD", word.casefold()):
        if char == "đ":
            letters.append("d")
            marks.add("d-")
        elif char in TONES:
            tone = char
        elif char in _VOWEL_MARKS and letters:
            marks.add(letters[-1] + _VOWEL_MARKS[char])
        elif not unicodedata.combining(char):
            letters.append(char)
    return Syllable("".join(letters), tone, frozenset(marks))


def fold(text: str) -> str:
    """Lower-case letters without any marks: "Giấy phép" → "giay phep"."""
    text = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(c for c in text if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of cleaned text, lower-cased; codes such as 2.000648 or 375/SCT-VP stay whole, as does
    c/o."""
    return [piece for word in _WORD.findall(text.lower()) for piece in _pieces(word)]


@lru_cache(maxsize=20_000)
def _pieces(word: str) -> tuple[str, ...]:
    if word.isalpha():
        return (_LONG_RUN.sub(r"\1", word),)
    if any(c.isdigit() for c in word):
        return tuple(_STOP_IN_CODE.split(word))
    pieces = _JOINT.split(word)  # "rượu.cần", "mất/hỏng", but not "c/o" or "e-mail"
    whole = any(len(p) == 1 for p in pieces)
    return tuple(_LONG_RUN.sub(r"\1", p) for p in ([word] if whole else pieces))


@lru_cache(maxsize=20_000)
def is_syllable(folded: str) -> bool:
    """Whether folded letters can be a Vietnamese syllable."""
    for cut in range(min(3, len(folded) - 1), -1, -1):
        if (cut == 0 or folded[:cut] in _ONSETS) and folded[cut:] in _RIMES:
            return True
    return folded == "gi"
