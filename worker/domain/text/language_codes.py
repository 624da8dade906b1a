"""Find the language of a code: BCP 47 as directories, browsers and configurations write it. Pure.

Codes come from outside: one that is too long or malformed is ignored, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

HEADER_MAX = 1000  # characters of a list that are read; browsers send some fifty
RANGES_MAX = 20
CODE_MAX = 64

_CODE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE | re.ASCII)
_QUALITY = re.compile(r"\s*q\s*=\s*+([01]?(?:\.\d{0,3})?)\s*", re.IGNORECASE | re.ASCII)


class Tag(NamedTuple):
    """The parts of a code that choose a language; empty if the code doesn't have them."""

    language: str
    script: str = ""
    region: str = ""
    numbers: str = ""  # a numbering system of CLDR, from the extension -u-nu-


@lru_cache(maxsize=256)  # a company has a few codes, and each paragraph asks for one
def tag_of(code: str) -> Tag | None:
    """The parts of `de-AT`, `pt_BR`, `ar-EG-u-nu-latn`; None if it is no code."""
    code = code.strip()
    if len(code) > CODE_MAX or not _CODE.fullmatch(code):
        return None
    language, *parts = code.replace("_", "-").lower().split("-")
    singleton = next((at for at, part in enumerate(parts) if len(part) == 1), len(parts))
    own, extensions = parts[:singleton], parts[singleton:]
    script = next((part.title() for part in own if len(part) == 4 and part.isalpha()), "")  # noqa: PLR2004
    region = next((part.upper() for part in own if _is_region(part)), "")
    return Tag(language, script, region, _numbers(extensions))


def _is_region(part: str) -> bool:
    return (len(part), part.isalpha()) == (2, True) or (len(part), part.isdigit()) == (3, True)


def _numbers(extensions: list[str]) -> str:
    if extensions[:1] != ["u"] or "nu" not in extensions:
        return ""
    return next(iter(extensions[extensions.index("nu") + 1 :]), "")


def accepted(header: str) -> tuple[str, ...]:
    """The codes in a list of Accept-Language or `preferredLanguage` (RFC 2798), most wanted first.

    `de-AT, de;q=0.8, *;q=0.1` is ("de-AT", "de"). Malformed codes and those with q=0 are left out. Only the first
    `HEADER_MAX` characters are read, since a list may be hostile.
    """
    found = []
    for text in header[:HEADER_MAX].split(",")[:RANGES_MAX]:
        code, _, parameter = text.partition(";")
        quality = _quality(parameter)
        if quality > 0 and tag_of(code):
            found.append((quality, code.strip()))
    return tuple(code for _, code in sorted(found, key=lambda pair: -pair[0]))


def fitting(codes: Iterable[str], wanted: Iterable[str]) -> str:
    """The one of `codes` that is best for a reader who wants `wanted`, the most wanted first; empty if none is.

    For each wish: the same region and script, else the bare language, else another region. Case makes no difference.
    """
    known = {code: tag for code in codes if (tag := tag_of(code))}
    for wish in filter(None, map(tag_of, wanted)):
        near = [code for code, tag in known.items() if _is_read_by(tag, wish)]
        if near:
            return min(near, key=lambda code: _distance(known[code], wish))
    return ""


def _is_read_by(tag: Tag, wish: Tag) -> bool:
    return tag.language == wish.language and (tag.script == wish.script or not (tag.script and wish.script))


def _distance(tag: Tag, wish: Tag) -> tuple[bool, bool, bool]:
    return tag.region != wish.region, tag.region != "", tag.script != wish.script


def _quality(parameter: str) -> float:
    if not parameter.strip():
        return 1.0
    stated = _QUALITY.fullmatch(parameter)
    digits = stated[1] if stated else ""
    return float(digits) if any(map(str.isdigit, digits)) else 0.0
