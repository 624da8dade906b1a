"""Mail addresses: what may stand in a header and in an SMTP command, and nothing else. Pure.

Quoted local parts ("a b"@example.org) and address literals (a@[192.0.2.1]) are refused: people don't have them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

_WRITTEN = re.compile(
    r'(?:"?(?P<name>[^"<>]*+)"?[ \t]?<(?P<inner>[^<>]*+)>|(?P<bare>[^<>]*+))'
)  # of stripped text
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f-\xa0@<>(),:;\"\\\[\]]+")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_LOCAL_MAX, _ADDRESS_MAX = 64, 254  # bytes (RFC 5321 4.5.3.1)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address and its owner's name. `domain` is ASCII (IDNA 2008, as registries have it: Python's own codec makes
    `strasse` of `straße`, which is somebody else's); `local` may be anything that SMTPUTF8 carries.
    """

    local: str
    domain: str
    name: str = ""

    @property
    def address(self) -> str:
        """As it stands in a command."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """True if only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


def mailbox(text: str) -> Mailbox:
    """Read "a@example.org" or "Name <a@example.org>". Raises ValueError."""
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    given = (found["inner"] if found["inner"] is not None else found["bare"]) if found else ""
    local, _, domain = given.strip().rpartition("@")
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        domain = ""
    is_right = _LOCAL.fullmatch(local) and not local.startswith(".") and not local.endswith(".")
    if not is_right or ".." in local or not _DOMAIN.fullmatch(domain):
        raise ValueError("is no mail address; write it like it-security@example.org")
    size = len(local.encode())
    if size > _LOCAL_MAX or size + len(domain) + 1 > _ADDRESS_MAX:
        raise ValueError("is longer than a mail address can be")
    return Mailbox(local, domain, (found["name"] or "").strip() if found else "")
