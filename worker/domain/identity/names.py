"""How alike two names are, and which people of the directory a display name may mean.

    name -> folded, bare of accents, titles and punctuation, words sorted -> similarity -> suggestions

Only ever a suggestion: many people share a name, so a name never links a person, let alone removes one. Pure;
`rapidfuzz` counts the edits. Numbers and ids are matched in `worker.domain.identity.matching`.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, Self, TypeVar

from worker.domain.identity.letters import LettersOfNames

NAME_LENGTH_MAX = 200  # a display name is shorter everywhere; the rest of a longer text isn't looked at
CACHE_SIZE = 1 << 16
ALIKE_MIN, SUGGESTED_MAX = 0.8, 3
FULL_NAME_WORDS_MIN = 2  # a first name and a last one

# Letters that Unicode doesn't take apart, those that Arabic and Persian keyboards mix up, and apostrophes.
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
    "ـ": "", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ٱ": "ا",
    "'": "", "’": "", "‘": "", "ʼ": "", "`": "",
})  # fmt: skip
_TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev",
    "د", "دكتور", "دكتوره", "الدكتور", "الدكتوره", "السيد", "السيده", "الاستاذ", "الاستاذه",
})  # fmt: skip
_COMMON_ACCENTS = range(200, 256)  # canonical combining classes: what sits above, below or on a letter
_SEMITIC_POINTS = range(10, 36)  # Hebrew and Arabic vowel signs; the vowels of Indian scripts (0) are letters


class _Ordered(Protocol):
    def __lt__(self, other: Self, /) -> bool: ...


Key = TypeVar("Key", bound=_Ordered)


@dataclass(frozen=True, slots=True)
class Suggestion(Generic[Key]):
    """A person who may be meant: the candidate's key and name as given, and the similarity from 0 to 1."""

    key: Key
    name: str
    score: float


@lru_cache(maxsize=CACHE_SIZE)
def normalise(name: str) -> str:
    """Return the name for comparing: folded, without accents, titles, punctuation, emoji; words sorted.

    "Yusuf, Dr. Amína" and "amina yusuf" give ``amina yusuf``. An apostrophe joins (``obrien``), a hyphen
    divides. Scripts are kept: nothing is transliterated. Arabic loses its vowel signs, hamzas and tatweel,
    and the letters that its keyboards mix up become one. A name of nothing but titles keeps them; one
    without a letter gives "". Reads the first `NAME_LENGTH_MAX` characters. Idempotent.
    """
    folded = unicodedata.normalize("NFKD", name[:NAME_LENGTH_MAX]).casefold()
    bare = "".join(map(_bare, unicodedata.normalize("NFKD", folded.translate(_LETTERS))))
    words = [word for word in unicodedata.normalize("NFC", bare).split() if any(map(str.isalnum, word))]
    return " ".join(sorted(word for word in words if word not in _TITLES) or sorted(words))


def are_unlike(names: Iterable[str], others: Iterable[str]) -> bool:
    """True if the full names of two have no word in common, in any order: they are hardly one person's.

    Words that are spelt alike count as one: "Müller" is "Mueller" in another directory, and "Yusuf" is "Yousuf". Who
    marries keeps a first name. One word (a login, a nickname) tells nothing, and nor do initials, or names in
    different scripts.
    """
    ours, theirs = _words_by_script(names), _words_by_script(others)
    both = [(ours[script], theirs[script]) for script in ours.keys() & theirs.keys()]
    are_full = any(min(len(one), len(other)) >= FULL_NAME_WORDS_MIN for one, other in both)
    return are_full and not any(_share_a_word(one, other) for one, other in both)


def _share_a_word(words: set[str], others: set[str]) -> bool:
    if words & others:
        return True
    from rapidfuzz import fuzz  # noqa: PLC0415  2 MiB, for whoever has another name in another directory

    return any(fuzz.ratio(one, other) >= 100 * ALIKE_MIN for one in words for other in others)


def _words_by_script(names: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for word in normalise(name).split():
            if len(word) > 1 and (letter := next(filter(str.isalpha, word), None)):
                found[unicodedata.name(letter, "").partition(" ")[0]].add(word)
    return found


class NameSearch(Generic[Key]):
    """People's names, among which those that are like others are looked for.

    `people` are (key, name) in any order, and may repeat a key (two spellings of one name).
    """

    def __init__(self, people: Iterable[tuple[Key, str]]) -> None:
        self._people = tuple(people)
        self._normalised = [normalise(name) for _, name in self._people]
        self._letters = LettersOfNames(self._normalised)

    def like(self, name: str) -> tuple[Suggestion[Key], ...]:
        """Return the people whom a display name may mean, most alike first. *Only a suggestion*: a person decides.

        Names are as alike as the share of letters that stay when one is edited into the other, after `normalise` (Indel
        ratio). A nickname isn't known: "Bob" is not like "Robert". A name without a letter is nobody's. Of a person's
        names the most alike counts. At most `SUGGESTED_MAX`, each of at least `ALIKE_MIN`. Equal scores go by name,
        then key, so that the order of the people never shows.
        """
        if not (wanted := normalise(name)):
            return ()
        from rapidfuzz import fuzz, process  # noqa: PLC0415  2 MiB, for whom no number, address or id is known

        near = {at: self._normalised[at] for at in self._letters.may_be_like(wanted, ALIKE_MIN)}
        found = process.extract(wanted, near, scorer=fuzz.ratio, limit=None, score_cutoff=100 * ALIKE_MIN)
        alike = [Suggestion(*self._people[at], score / 100) for _, score, at in found]
        best: list[Suggestion[Key]] = []
        for suggestion in sorted(alike, key=lambda one: (-one.score, one.name, one.key)):
            if len(best) < SUGGESTED_MAX and all(suggestion.key != other.key for other in best):
                best.append(suggestion)
        return tuple(best)


def _bare(character: str) -> str:
    """Return a letter, digit or Indian vowel sign as it is, nothing for an accent, a space for all else."""
    if character.isalnum():
        return character
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category not in {"Mn", "Mc"}:
        return " "
    mark = unicodedata.combining(character)
    return "" if mark in _COMMON_ACCENTS or mark in _SEMITIC_POINTS else character
