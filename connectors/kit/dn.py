"""Distinguished names, as far as directories need them: equal, under, parent (RFC 4514)."""

from __future__ import annotations

import re

_PARTS = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
_HEX_COMMA = re.compile(r"\\2c", re.IGNORECASE)
_TOMBSTONE = re.compile(r"(?:\\0A|\n)DEL:", re.IGNORECASE)


def parts(dn: str) -> tuple[str, ...]:
    """The relative names, folded so that two spellings of one DN are equal."""
    split = _PARTS.findall(_HEX_COMMA.sub(r"\\,", dn))
    return tuple("=".join(side.strip() for side in part.partition("=")[::2]).casefold() for part in split)


def is_dn(text: str) -> bool:
    """True if it can be a distinguished name: relative names, each with its attribute and value."""
    names = parts(text)
    return bool(names) and all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*=.+", name, re.DOTALL) for name in names)


def key(dn: str) -> str:
    """One text for all spellings of a DN."""
    return ",".join(parts(dn))


def parent(dn: str) -> str:
    """The DN of the parent, as written; empty if the DN has only one part."""
    first = _PARTS.match(dn)
    return dn[first.end() + 1 :].strip() if first else ""


def is_under(dn: str, suffix: tuple[str, ...]) -> bool:
    """True if the entry is anywhere below the DN with the parts `suffix`."""
    own = parts(dn)
    return len(own) > len(suffix) and own[len(own) - len(suffix) :] == suffix


def is_at_or_under(dn: str, suffix: tuple[str, ...]) -> bool:
    """True if the entry is the DN with the parts `suffix`, or below it."""
    return parts(dn) == suffix or is_under(dn, suffix)


def is_tombstone(dn: str) -> bool:
    """True if it is a name that Active Directory gives to a deleted object."""
    return _TOMBSTONE.search(dn) is not None
