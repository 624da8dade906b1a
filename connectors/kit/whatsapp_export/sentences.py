"""What a system line says: matched against the sentences of `phrases`, without a regular expression. Pure.

    "Amina removed Bob" -> REMOVED, {a: Amina, b: Bob}

A line that two sentences fit in different ways says nothing: "Amina removed Bob left" may be the leaving of one who is
called "Amina removed Bob", or the removal of "Bob left". A sentence that is another with a name filled in wins over it:
"Amina changed the group description" is not about a person called "the group description".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from connectors.kit.whatsapp_export.events import Kind
from connectors.kit.whatsapp_export.phrases import LANGUAGES
from connectors.kit.whatsapp_export.text import NAME_MAX

SENTENCE_MAX = 4000  # letters; a list of a group's members fits
PLACES_MAX = 8  # where the words between two names may stand
_PERSONS = frozenset("abnp")
_ALTERNATIVES = re.compile(r"<([^<>]*)>")
_FIELD = re.compile(r"\{([abosnpx])\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: fixed texts with a field between each two of them. `you` is the field that the verb is about."""

    kind: Kind
    texts: tuple[str, ...]
    fields: tuple[str, ...]
    you: str
    conjunctions: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many letters are fixed."""
        return sum(map(len, self.texts))

    @property
    def anchor(self) -> str:
        """The longest fixed text: a line without it is not this sentence."""
        return max(self.texts, key=len)


@dataclass(frozen=True, slots=True)
class Said:
    """One way to read a line."""

    sentence: Sentence
    parts: tuple[str, ...]

    def part(self, field: str) -> str:
        """Return what stands for a field, "" for nothing."""
        fields = self.sentence.fields
        return self.parts[fields.index(field)] if field in fields else ""

    @property
    def is_possible(self) -> bool:
        """Whether names are not too long, and numbers are numbers."""
        return all(
            (field in "ox" or bool(part.strip()))
            and (field != "a" or len(part) <= NAME_MAX)
            and (field not in "np" or part.startswith("+"))
            for field, part in zip(self.sentence.fields, self.parts, strict=True)
        )


def _sentences() -> Iterator[Sentence]:
    for table, conjunctions in LANGUAGES:
        for row in table.strip().splitlines():
            kind, _, text = row.partition(": ")
            kind, _, you = kind.partition("@")
            pieces = _ALTERNATIVES.split(text)
            choices = [piece.split("|") if at % 2 else [piece] for at, piece in enumerate(pieces)]
            for chosen in product(*choices):
                parts = _FIELD.split("".join(chosen))
                yield Sentence(Kind(kind), tuple(parts[::2]), tuple(parts[1::2]), you, conjunctions)


SENTENCES = tuple((sentence.anchor, sentence) for sentence in dict.fromkeys(_sentences()))


def read(text: str) -> tuple[Said, ...]:
    """Return the ways to read a tidy line: none, the one, or several that contradict one another."""
    if len(text) > SENTENCE_MAX:
        return ()
    found = [
        said
        for anchor, sentence in SENTENCES
        if anchor in text
        for said in _readings(sentence, text)
        if said.is_possible
    ]
    found.sort(key=lambda said: -said.sentence.size)
    kept: list[Said] = []
    for said in found:
        if not any(_stands_for(better, said) for better in kept):
            kept.append(said)
    return tuple(kept)


def _readings(sentence: Sentence, text: str) -> Iterator[Said]:
    first, *between, last = (*sentence.texts, "") if len(sentence.texts) == 1 else sentence.texts
    if not sentence.fields:
        if text == first:
            yield Said(sentence, ())
        return
    if len(text) < sentence.size or not text.startswith(first) or not text.endswith(last):
        return
    inner = text[len(first) : len(text) - len(last)]
    for parts in _split(inner, between):
        yield Said(sentence, parts)


def _split(text: str, between: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the ways to divide a text by the given texts in their order."""
    if not between:
        yield (text,)
        return
    at = text.find(between[0])
    for _ in range(PLACES_MAX):
        if at < 0:
            return
        for rest in _split(text[at + len(between[0]) :], between[1:]):
            yield (text[:at], *rest)
        at = text.find(between[0], at + 1)


def _stands_for(better: Said, other: Said) -> bool:
    """Whether the other reading only takes fixed words of the better one for a part of a name."""
    if better.sentence.size == other.sentence.size:
        is_same = better.sentence.kind is other.sentence.kind and better.parts == other.parts
        return is_same and better.sentence.you == other.sentence.you
    people = {
        part for field, part in zip(better.sentence.fields, better.parts, strict=True) if field in _PERSONS
    }
    others = {
        part for field, part in zip(other.sentence.fields, other.parts, strict=True) if field in _PERSONS
    }
    if people <= others:
        return True
    if better.sentence.kind is not other.sentence.kind:
        return False
    return others <= people or all(any(part in one for one in others) for part in people)
