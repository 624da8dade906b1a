"""What people call a unit of a directory."""

from __future__ import annotations

import re

_FIRST = re.compile(r"\s*(?:OU|CN|O)\s*=\s*((?:\\.|[^,+\\])*)", re.IGNORECASE)
_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)")


def unit_name(unit: str) -> str:
    """The first name of a distinguished name (RFC 4514) without its escapes; any other text as it is."""
    found = _FIRST.match(unit)
    return _ESCAPED.sub(_plain, found[1]).strip() or unit if found else unit


def _plain(escaped: re.Match[str]) -> str:
    if escaped[1]:
        return bytes.fromhex(escaped[1].replace("\\", "")).decode("utf-8", "replace")
    return escaped[2]
