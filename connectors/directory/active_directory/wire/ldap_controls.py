"""Requests to an LDAP server: the controls that AD needs, and search requests that carry them (RFC 4511).

Written by hand where ldap3 is wrong (the flags of DirSync) or slow (a filter of hundreds of GUIDs). ldap3 parses
filters that people wrote. `ber` reads the replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connectors.directory.active_directory.wire.ldap3_session import encode_filter

PAGED = "1.2.840.113556.1.4.319"
DIRSYNC = "1.2.840.113556.1.4.841"
SHOW_DELETED = "1.2.840.113556.1.4.417"
EXTENDED_DN = "1.2.840.113556.1.4.529"

DIRSYNC_OBJECT_SECURITY = (
    0x1  # only objects that the account may read; needs no right to replicate (MS-ADTS 3.1.1.3.4.1.3)
)

SCOPES = {"base": 0, "one": 1, "sub": 2}
GUID_BYTES = 16

_INT_MIN, _INT_MAX = -0x80000000, 0x7FFFFFFF  # RFC 4511's maxInt, and Windows' LONG
_SHORT_MAX = 0x7F  # for a larger length, the count of its bytes comes first
_BOOLEAN, _INTEGER, _OCTETS, _ENUMERATED, _SEQUENCE = 0x01, 0x02, 0x04, 0x0A, 0x30
_SEARCH, _CONTROLS, _AND, _OR, _EQUALS = 0x63, 0xA0, 0xA0, 0xA1, 0xA3
_FALSE, _TRUE = b"\x00", b"\xff"
_NEVER_DEREFERENCE = 0
_STANDARD_STRINGS = 1  # of the extended DN: <GUID=…> as people write it, not as hexadecimal digits


class Control(NamedTuple):
    """A control as ldap3's `build_controls_list` takes it; `value` is BER, None for none."""

    oid: str
    is_critical: bool
    value: bytes | None


def paged(size: int, cookie: bytes = b"") -> Control:
    """Return the control that asks for a page of `size` entries (RFC 2696); critical.

    An empty cookie begins; the cookie of the last reply goes on.
    """
    value = _tlv(_SEQUENCE, _integer(size), _tlv(_OCTETS, cookie))
    return Control(PAGED, is_critical=True, value=value)


def dirsync(flags: int, max_bytes: int, cookie: bytes = b"") -> Control:
    """Return the control that asks for what changed since `cookie` (MS-ADTS 3.1.1.3.4.1.3); critical.

    `flags` are joined by `|`; bit 31 may be given as 0x80000000, too. They are sent as a signed number of at
    most 4 bytes: Windows refuses the 5 bytes that ldap3 makes of them on Linux (ldap3 issue 642).
    """
    signed = flags - (1 << 32) if _INT_MAX < flags < 1 << 32 else flags
    value = _tlv(_SEQUENCE, _integer(signed), _integer(max_bytes), _tlv(_OCTETS, cookie))
    return Control(DIRSYNC, is_critical=True, value=value)


def show_deleted() -> Control:
    """Return the control that makes tombstones visible (MS-ADTS 3.1.1.3.4.1.14); critical."""
    return Control(SHOW_DELETED, is_critical=True, value=None)


def extended_dn() -> Control:
    """Return the control that puts <GUID=…>;<SID=…>; before each DN (MS-ADTS 3.1.1.3.4.1.5).

    Not critical: a server without it answers with plain DNs.
    """
    return Control(EXTENDED_DN, is_critical=False, value=_tlv(_SEQUENCE, _integer(_STANDARD_STRINGS)))


def guid_filter(guids: Sequence[bytes]) -> bytes:
    """Return an encoded filter for `search_request`: the object that has one of these GUIDs (16 bytes each).

    Raises ValueError for none, or for one of another length.
    """
    if not guids or any(len(guid) != GUID_BYTES for guid in guids):
        raise ValueError(f"A filter by objectGUID needs GUIDs of {GUID_BYTES} bytes, and at least one.")
    name = _tlv(_OCTETS, b"objectGUID")
    return _tlv(_OR, *(_tlv(_EQUALS, name, _tlv(_OCTETS, guid)) for guid in guids))


def all_of(*filters: str | bytes) -> bytes:
    """Return an encoded filter that requires all of these, each a text or already encoded.

    Raises ValueError for a text that cannot be parsed.
    """
    return _tlv(_AND, *(one if isinstance(one, bytes) else encode_filter(one) for one in filters))


def search_request(
    message_id: int,
    base: str,
    scope: str,
    filter_text: str | bytes,
    attributes: Sequence[str],
    controls: Sequence[Control] = (),
) -> bytes:
    """Return a whole LDAPMessage with a search request, which never follows aliases and always asks for values.

    `scope` is base, one or sub. `filter_text` is a text (see `encode_filter`), or bytes that it or `guid_filter`
    made. Without `attributes` it asks for all except the operational ones. Raises ValueError for a filter that
    cannot be parsed, another scope, and a number that is too large for LDAP.
    """
    if scope not in SCOPES:
        raise ValueError(f"{scope!r} is no scope of a search; it is one of {', '.join(SCOPES)}.")
    wanted = filter_text if isinstance(filter_text, bytes) else encode_filter(filter_text)
    request = _tlv(
        _SEARCH,
        _tlv(_OCTETS, base.encode()),
        _tlv(_ENUMERATED, bytes((SCOPES[scope],))),
        _tlv(_ENUMERATED, bytes((_NEVER_DEREFERENCE,))),
        _integer(0),  # no limit of entries or time of ours; the server says if it cuts the answer short
        _integer(0),
        _tlv(_BOOLEAN, _FALSE),
        wanted,
        _tlv(_SEQUENCE, *(_tlv(_OCTETS, name.encode()) for name in attributes)),
    )
    extra = [_tlv(_CONTROLS, *map(_control, controls))] if controls else []
    return _tlv(_SEQUENCE, _integer(message_id), request, *extra)


def _control(control: Control) -> bytes:
    parts = [_tlv(_OCTETS, control.oid.encode())]
    if control.is_critical:  # RFC 4511, 5.1: a value that is the default is left out
        parts.append(_tlv(_BOOLEAN, _TRUE))
    if control.value is not None:
        parts.append(_tlv(_OCTETS, control.value))
    return _tlv(_SEQUENCE, *parts)


def _integer(number: int) -> bytes:
    if not _INT_MIN <= number <= _INT_MAX:
        raise ValueError(f"{number} is no number from {_INT_MIN} to {_INT_MAX}, as LDAP needs it.")
    magnitude = number if number >= 0 else ~number
    return _tlv(_INTEGER, number.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def _tlv(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    if size <= _SHORT_MAX:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
