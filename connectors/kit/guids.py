"""GUIDs in the forms that Active Directory, Entra ID and their exports give them."""

from __future__ import annotations

import base64
import binascii
import re
import uuid

_BYTES = 16
_CANONICAL = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CSVDE_BYTES = re.compile(r"X'([0-9a-fA-F]{32})'")


def guid(text: str) -> str | None:
    """A GUID in any form of the exports, as canonical text; None if it is none.

    Text with or without braces; base64 of the 16 bytes (ldifde, onPremisesImmutableId); csvde's X'…'.
    The bytes are in Active Directory's mixed order (MS-DTYP 2.3.4.2).
    """
    text = text.strip()
    if _CANONICAL.fullmatch(text):
        return text.lower()
    if match := _CSVDE_BYTES.fullmatch(text):
        return str(uuid.UUID(bytes_le=bytes.fromhex(match[1])))
    try:
        return str(uuid.UUID(text))
    except ValueError:
        pass
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return str(uuid.UUID(bytes_le=data)) if len(data) == _BYTES else None
