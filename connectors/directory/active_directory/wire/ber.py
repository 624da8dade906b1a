"""Replies of an LDAP server: bytes in, messages out (RFC 4511; BER with definite lengths).

ldap3 handles the connection, TLS and the bind. Its own decoding of search results takes five times as long as this
one, mostly for texts that nobody reads. Here values stay bytes; `mapping` knows what they mean. Bytes that break a
rule raise `Garbled`: nothing is guessed, skipped or cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MESSAGE_MAX = 256 * 1024 * 1024  # bytes; AD's own limit for a reply (MaxResultSetSize) is of this order
_HEADER_MAX = 6  # bytes: a tag, and a length in its longest form
_SHORT_MAX = 0x7F  # a length above it is the count of the bytes that have the length
_INTEGER_MAX = 4  # bytes: RFC 4511 has no number above 2^31 - 1

_INTEGER, _OCTETS, _ENUMERATED = 0x02, 0x04, 0x0A
_BOOLEAN = 0x01
_SEQUENCE, _SET = 0x30, 0x31
_CONTROLS, _REFERRAL, _RESPONSE_NAME = 0xA0, 0xA3, 0x8A
_ENTRY, _REFERENCE, _EXTENDED = 0x64, 0x73, 0x78
# bind, search done, modify, add, delete, rename, compare, extended: the responses with an LDAPResult (RFC 4511, 4.1.9)
_RESULTS = frozenset({0x61, 0x65, 0x67, 0x69, 0x6B, 0x6D, 0x6F, _EXTENDED})
_CONTEXT, _CLASS = 0x80, 0xC0
_LONG_TAG = 0x1F


class Garbled(ValueError):
    """The bytes are no known LDAP message."""


@dataclass(slots=True)
class Entry:
    """A SearchResultEntry.

    `dn` is UTF-8, with U+FFFD for bytes that are not. `values` has the attribute descriptions in lower case,
    options kept ("member;range=0-1499"), each with its raw values in the server's order; a description
    without a value (DirSync: the attribute was removed) has an empty list.
    """

    dn: str
    values: dict[str, list[bytes]]


@dataclass(frozen=True, slots=True)
class Done:
    """A SearchResultDone, or another LDAPResult (RFC 4511, 4.1.9), which ends an operation.

    `message` is the diagnosticMessage. `controls` has the raw value by OID, b"" for a control without one.
    `name` is the responseName of an ExtendedResponse, as of the notice of disconnection
    1.3.6.1.4.1.1466.20036, which comes with the message id 0.
    """

    code: int
    message: str
    matched_dn: str
    referrals: tuple[str, ...]
    controls: dict[str, bytes]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A SearchResultReference: more entries may be found at `urls`."""

    urls: tuple[str, ...]


Message = Entry | Done | Reference


class Replies:
    """Splits bytes into messages, still encoded. Keeps incomplete ones, and copies each byte a fixed number of times.

    After `Garbled` there is no known place to continue from, so every further `take` raises it again.
    """

    def __init__(self) -> None:
        self._data = b""
        self._at = 0  # where the next message begins in `_data`
        self._later: list[bytes] = []  # fed, and not yet joined to `_data`
        self._held = 0  # bytes of `_data` and `_later` that are in no message yet
        self._wanted = 2  # bytes that must be held before the next look can find a message

    @property
    def held(self) -> int:
        """The bytes of messages not taken yet; after the last `take`, those of an incomplete one."""
        return self._held

    def feed(self, data: bytes) -> None:
        """Take what the socket gave: any number of messages, cut anywhere. Decodes nothing, raises nothing."""
        if data:
            self._later.append(bytes(data))
            self._held += len(data)

    def take(self) -> Iterator[bytes]:
        """Yield each complete message once, in order, for `decode`.

        It may be stopped and called again at any point. Raises Garbled, after the messages before the error.
        """
        while self._held >= self._wanted:
            if len(self._data) - self._at < self._wanted:
                self._join()
            size = _whole(self._data, self._at)
            if len(self._data) - self._at < size:
                self._wanted = size
                continue
            message = self._data[self._at : self._at + size]
            self._at += size
            self._held -= size
            self._wanted = 2
            yield message

    def _join(self) -> None:
        """Join the pieces. Only called if the next message needs it, so that a large one in many is copied once."""
        self._data = b"".join((self._data[self._at :], *self._later))
        self._at = 0
        self._later.clear()


def read_paged_cookie(value: bytes) -> bytes:
    """Return the cookie of a paged results control (RFC 2696: size, cookie); empty on the last page.

    Raises Garbled.
    """
    (_size,), cookie = _numbers_and_octets(value, 1)
    return cookie


def read_dirsync(value: bytes) -> tuple[bool, bytes]:
    """Return (whether more results wait, the cookie) of a DirSync control.

    Source: MS-ADTS 3.1.1.3.4.1.3, SEQUENCE {MoreResults, unused, CookieServer}. Raises Garbled.
    """
    (more, _unused), cookie = _numbers_and_octets(value, 2)
    return more != 0, cookie


def _numbers_and_octets(value: bytes, count: int) -> tuple[list[int], bytes]:
    numbers = []
    try:
        at, end = _open(value, 0, len(value), _SEQUENCE)
        for _ in range(count):
            start, stop = _open(value, at, end, _INTEGER)
            numbers.append(int.from_bytes(value[start:stop], "big", signed=True))
            at = stop
        start, stop = _open(value, at, end, _OCTETS)
    except IndexError:
        raise Garbled("A control's value ends in the middle of an element.") from None
    if stop != end or end != len(value):
        raise Garbled("A control's value has bytes after its end.")
    return numbers, value[start:stop]


def _whole(data: bytes, at: int) -> int:
    """Return the size of the message at `at`; if its header is incomplete, the least that the header needs."""
    if data[at] != _SEQUENCE:
        raise Garbled(f"A message begins with the byte {data[at]:#04x} instead of 0x30.")
    length = data[at + 1]
    if length <= _SHORT_MAX:
        return 2 + length
    count = length & _SHORT_MAX
    if not 0 < count <= _HEADER_MAX - 2:
        raise Garbled(f"A message has a length of the form {length:#04x}, which LDAP does not use.")
    header = data[at : at + 2 + count]
    if len(header) < 2 + count:
        return 2 + count
    length = int.from_bytes(header[2:], "big")
    if length > MESSAGE_MAX:
        raise Garbled(f"A message of {length} bytes is announced; the most that is taken is {MESSAGE_MAX}.")
    return 2 + count + length


def is_entry(data: bytes) -> bool:
    """True if a complete message is a SearchResultEntry; the rest of it is not checked."""
    try:
        at, end = _open(data, 0, len(data), _SEQUENCE)
        _start, at = _open(data, at, end, _INTEGER)
        return data[at] == _ENTRY
    except (IndexError, Garbled):
        return False


def decode(data: bytes) -> tuple[int, Message]:
    """Return (message id, message) of one whole message. Raises Garbled."""
    # `data` has exactly one message, so an index past its end means an element past the end
    try:
        at, end = _open(data, 0, len(data), _SEQUENCE)
        start, at = _open(data, at, end, _INTEGER)
        message_id = _number(data, start, at)
        tag = data[at]
        start, stop = _open(data, at, end, tag)
        controls = _controls(data, stop, end) if stop < end else {}
        if tag == _ENTRY:
            return message_id, _entry(data, start, stop)
        if tag in _RESULTS:
            return message_id, _result(data, start, stop, controls, is_extended=tag == _EXTENDED)
        if tag == _REFERENCE:
            return message_id, Reference(_texts(data, start, stop))
    except IndexError:
        raise Garbled("A message ends in the middle of an element.") from None
    raise Garbled(f"A message has the operation {tag:#04x}, which is no reply to a search.")


def _entry(data: bytes, at: int, end: int) -> Entry:
    start, at = _open(data, at, end, _OCTETS)
    dn = data[start:at].decode("utf-8", "replace")
    at, stop = _open(data, at, end, _SEQUENCE)
    if stop != end:
        raise Garbled(f"The entry {dn!r} has bytes after its attributes.")
    values: dict[str, list[bytes]] = {}
    while at < end:
        at, stop = _open(data, at, end, _SEQUENCE)
        start, at = _open(data, at, stop, _OCTETS)
        name = _description(data[start:at])
        at, inner = _open(data, at, stop, _SET)
        if inner != stop:
            raise Garbled(f"The attribute {name!r} of {dn!r} has bytes after its values.")
        found = []
        while at < stop:  # `_open` again, in place: half of all elements are values
            if data[at] != _OCTETS:
                raise Garbled(f"The attribute {name!r} of {dn!r} has a value that is no octet string.")
            length = data[at + 1]
            at += 2
            if length > _SHORT_MAX:
                length, at = _long_length(data, at, length)
            start = at
            at += length
            if at > stop:
                raise Garbled(f"A value of {name!r} of {dn!r} runs over its end.")
            found.append(data[start:at])
        if name in values:
            values[name] += found
        else:
            values[name] = found
    return Entry(dn, values)


def _result(data: bytes, at: int, end: int, controls: dict[str, bytes], *, is_extended: bool) -> Done:
    start, at = _open(data, at, end, _ENUMERATED)
    code = _number(data, start, at)
    start, at = _open(data, at, end, _OCTETS)
    matched_dn = _text(data, start, at)
    start, at = _open(data, at, end, _OCTETS)
    message = _text(data, start, at)
    referrals: tuple[str, ...] = ()
    name = ""
    while at < end:  # RFC 4511, 4: elements with an unknown tag have to be ignored
        tag = data[at]
        start, at = _open_context(data, at, end)
        if tag == _REFERRAL:
            referrals = _texts(data, start, at)
        elif tag == _RESPONSE_NAME and is_extended:
            name = _text(data, start, at)
    return Done(code, message, matched_dn, referrals, controls, name)


def _controls(data: bytes, at: int, end: int) -> dict[str, bytes]:
    """Read the part after the operation: the controls, which must exist, and additions of later RFCs."""
    at, stop = _open(data, at, end, _CONTROLS)
    controls = {}
    while at < stop:
        at, inner = _open(data, at, stop, _SEQUENCE)
        start, at = _open(data, at, inner, _OCTETS)
        oid = _text(data, start, at)
        if at < inner and data[at] == _BOOLEAN:
            start, at = _open(data, at, inner, _BOOLEAN)
            if at - start != 1:
                raise Garbled(f"The control {oid!r} has a criticality of {at - start} bytes.")
        value = b""
        if at < inner:
            start, at = _open(data, at, inner, _OCTETS)
            value = data[start:at]
        if at != inner:
            raise Garbled(f"The control {oid!r} has bytes after its value.")
        controls[oid] = value
    while at < end:
        _start, at = _open_context(data, at, end)
    return controls


def _texts(data: bytes, at: int, end: int) -> tuple[str, ...]:
    texts = []
    while at < end:
        start, at = _open(data, at, end, _OCTETS)
        texts.append(_text(data, start, at))
    return tuple(texts)


def _text(data: bytes, start: int, stop: int) -> str:
    return data[start:stop].decode("utf-8", "replace")


@lru_cache(maxsize=1024)
def _description(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").lower()


def _number(data: bytes, start: int, stop: int) -> int:
    if not 0 < stop - start <= _INTEGER_MAX or data[start] > _SHORT_MAX:
        raise Garbled(f"The bytes {data[start:stop].hex(' ')!r} are no number from 0 to 2147483647.")
    return int.from_bytes(data[start:stop], "big")


def _open(data: bytes, at: int, limit: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends; it must have this tag.

    Checking its end is enough to find an element past `limit`, since an element has two bytes at least.
    """
    if data[at] != tag:
        raise Garbled(f"The element at byte {at} has the tag {data[at]:#04x} instead of {tag:#04x}.")
    length = data[at + 1]
    at += 2
    if length > _SHORT_MAX:
        length, at = _long_length(data, at, length)
    stop = at + length
    if stop > limit:
        raise Garbled(f"The element before byte {at} runs over its end by {stop - limit} bytes.")
    return at, stop


def _open_context(data: bytes, at: int, limit: int) -> tuple[int, int]:
    tag = data[at]
    if tag & _CLASS != _CONTEXT or tag & _LONG_TAG == _LONG_TAG:
        raise Garbled(f"The element at byte {at} has the tag {tag:#04x}, which cannot be there.")
    return _open(data, at, limit, tag)


def _long_length(data: bytes, at: int, form: int) -> tuple[int, int]:
    """Return the length of the form 81 xx to 84 xx xx xx xx, and where the content begins.

    AD always writes 84. A length that is itself cut gives too small a number, but its element ends past the data.
    """
    count = form & _SHORT_MAX
    if not 0 < count <= _HEADER_MAX - 2:
        raise Garbled(
            f"The element before byte {at} has a length of the form {form:#04x}, which LDAP does not use."
        )
    stop = at + count
    return int.from_bytes(data[at:stop], "big"), stop
