"""Read phone numbers in cells and attributes of directories: several in one, with words of many languages.

"+44 7700 900123 / 020 7946 0000" -> ("+447700900123", "+442079460000"), where each stands, 0 unreadable
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from worker.domain.identity.phones import to_e164

_APART = re.compile(r"[;|\n\r]+")
_MAYBE_APART = re.compile(r"[,/&]|(?<=\s)(?:or|and|oder|und|ou|et|o|y|e)(?=\s)", re.IGNORECASE)


class Numbers(NamedTuple):
    """Numbers in E.164, in order and without repeats; the attributes in which each stands; how many were unreadable."""

    phones: tuple[str, ...]
    attributes: tuple[tuple[str, ...], ...]
    unreadable: int


def read_numbers(cells: Iterable[tuple[str, str]], region: str, fallback: str) -> Numbers:
    """All numbers in these cells, each a pair of its attribute and its text.

    Numbers without a country code are of `region`, or of `fallback` if `region` is no country
    (both ISO 3166 alpha-2).
    """
    found: dict[str, dict[str, None]] = {}
    unreadable = 0
    for attribute, cell in cells:
        for piece in _APART.split(cell):
            numbers, bad = _numbers(piece, region, fallback)
            for number in numbers:
                found.setdefault(number, {})[attribute] = None
            unreadable += bad
    return Numbers(tuple(found), tuple(map(tuple, found.values())), unreadable)


def _numbers(text: str, region: str, fallback: str) -> tuple[list[str], int]:
    if not text.strip():
        return [], 0
    if whole := _one(text, region, fallback):
        return [whole], 0
    pieces = [piece for piece in _MAYBE_APART.split(text) if piece.strip()]
    read = [_one(piece, region, fallback) for piece in pieces]
    numbers = [number for number in read if number]
    return numbers, (len(read) - len(numbers) if numbers else 1)


def _one(text: str, region: str, fallback: str) -> str | None:
    try:
        return to_e164(text, region)
    except ValueError:  # a usage location that is no country
        return to_e164(text, fallback)
