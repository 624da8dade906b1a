"""Which of many names may be like another one: those that share enough letters with it, in whatever order.

    each letter -> the names that have it, a bit for each -> added up, all names at once -> those with enough

A sieve before the edits are counted: names that are alike share at least as many letters as stay when one is edited
into the other. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import ceil

LETTERS = 64  # letters whose codes differ by as much count as one: that lets more names through, and bounds the memory
TIMES = 4  # what a name has more often counts as shared, for the same reason


class LettersOfNames:
    """The letters of many names. Takes about 20 bytes a name."""

    def __init__(self, names: Sequence[str]) -> None:
        bytes_min = (len(names) + 7) // 8
        having: defaultdict[tuple[int, int], bytearray] = defaultdict(lambda: bytearray(bytes_min))
        as_long: defaultdict[int, bytearray] = defaultdict(lambda: bytearray(bytes_min))
        for at, name in enumerate(names):
            byte, bit = at // 8, 1 << at % 8
            as_long[len(name)][byte] |= bit
            for letter, before in _letters(name):
                if before < TIMES:
                    having[letter, before][byte] |= bit
        self._having = {letter: int.from_bytes(bits, "little") for letter, bits in having.items()}
        self._as_long = {length: int.from_bytes(bits, "little") for length, bits in as_long.items()}

    def may_be_like(self, name: str, alike_min: float) -> Iterator[int]:
        """Yield the places of all names that may be at least so much alike (an Indel ratio), and of some that are not.

        In order. A ratio is twice the letters that stay, by the letters of both.
        """
        counts: list[int] = []  # how many letters each name shares: the bits of value 1, of 2, of 4, …
        granted = 0
        for letter, before in _letters(name):
            if before < TIMES:
                _count(counts, self._having.get((letter, before), 0))
            else:
                granted += 1
        found = 0
        for length, names in self._as_long.items():
            # Six places of a float: 8.000000000000002 letters are 8
            needed = ceil(round(alike_min * (len(name) + length) / 2, 6))
            if needed <= min(len(name), length):
                found |= names & _at_least(counts, needed - granted, names)
        return _places(found)


def _letters(name: str) -> Iterator[tuple[int, int]]:
    """Each letter of a name, and how often it was there before."""
    seen = [0] * LETTERS
    for character in name:
        letter = ord(character) % LETTERS
        yield letter, seen[letter]
        seen[letter] += 1


def _count(counts: list[int], names: int) -> None:
    """Add one to the counts of these names, as one adds on paper: a carry goes to the bits of the next value."""
    for at, bits in enumerate(counts):
        counts[at], names = bits ^ names, bits & names
        if not names:
            return
    if names:
        counts.append(names)


def _at_least(counts: list[int], least: int, names: int) -> int:
    """Those of the names whose count is at least so much: compared from the highest value down."""
    if least <= 0:
        return names
    if least >> len(counts):
        return 0
    more, equal = 0, names
    for at in reversed(range(len(counts))):
        if least >> at & 1:
            equal &= counts[at]
        else:
            more |= equal & counts[at]
            equal &= ~counts[at]
    return more | equal


def _places(names: int) -> Iterator[int]:
    bits = f"{names:b}"[::-1]
    at = bits.find("1")
    while at >= 0:
        yield at
        at = bits.find("1", at + 1)
