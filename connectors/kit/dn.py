"""Distinguished names, as far as directories need them: equal, under, parent (RFC 4514)."""

from __future__ import annotations

import re

_PARTS = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
_ESCAPED = re.compile(r"(?P<bytes>(?:\\[0-9a-fA-F]{2})+)|\\(?P<character>.)", re.DOTALL)
_TOMBSTONE = re.compile(r"(?:\\0A|\n)DEL:", re.IGNORECASE)


def parts(dn: str) -> tuple[str, ...]:
    """The relative names, folded so that two spellings of one DN are equal: servers escape as they like."""
    split = _PARTS.findall(dn)
    if "\\" in dn:
        split = [_ESCAPED.sub(_unescaped, part).replace("\\", "\\\\").replace(",", "\\,") for part in split]
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


def above_both(one: str, other: str) -> str:
    """The DN of the lowest entry that both are, or are below; empty if there is none."""
    while one and not is_at_or_under(other, parts(one)):
        one = parent(one)
    return one


def is_tombstone(dn: str) -> bool:
    """True if it is a name that Active Directory gives to a deleted object."""
    return _TOMBSTONE.search(dn) is not None


def _unescaped(found: re.Match[str]) -> str:
    code = found["bytes"]
    return bytes.fromhex(code.replace("\\", "")).decode("utf-8", "replace") if code else found["character"]
