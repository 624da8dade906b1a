"""Mail addresses are compared with their letters folded, and sent to as they are compared.

Folding makes `strasse.example` of `straße.example`, which is somebody else's. Where an address comes in, such a domain
is written as registries have it (IDNA 2008, in ASCII), which folding leaves alone.
"""

from __future__ import annotations

import re
import unicodedata

import idna

_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_ADDRESS = re.compile(r"""[^@\s<>,;:"\\()\[\]]+@[^@\s<>,;:"\\()\[\]]+""")


def foldable(address: str) -> str:
    """The address, folding which leaves its domain the same; empty if its domain can't be written in that way."""
    local, at, domain = address.rpartition("@")
    if not at or domain.casefold() == domain.lower():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return ""


def is_address(text: str) -> bool:
    """True if a text may be one mail address: one @, no blank or invisible character, and none that mail puts around
    or between addresses.
    """
    is_plain = not any(unicodedata.category(one) in _UNSEEN for one in text)
    return is_plain and bool(_ADDRESS.fullmatch(text))
