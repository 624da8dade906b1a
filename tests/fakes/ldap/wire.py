"""LDAP messages as a server writes them, encoded with ldap3's own types: slow, and independent of our decoder.

Lengths are as short as they can be; `widened` makes them as AD's are. Requests are read as a tree of elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ldap3.protocol import rfc4511
from ldap3.protocol.convert import build_controls_list
from ldap3.utils.asn1 import encode  # type: ignore[attr-defined]  # its stubs leave it out

Controls = Iterable[tuple[str, bool, bytes | None]]
Values = Mapping[str, Iterable[bytes]]
_BOOLEAN, _OCTETS = 0x01, 0x04
_CONSTRUCTED, _LONG = 0x20, 0x80


def message(number: int, kind: str, operation: Any, controls: Controls = ()) -> bytes:
    """Encode one LDAPMessage; `kind` names `operation` as in ldap3's ProtocolOp."""
    whole = rfc4511.LDAPMessage()
    whole["messageID"] = rfc4511.MessageID(number)
    whole["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(kind, operation)
    built = build_controls_list(list(controls))
    if built is not None:
        whole["controls"] = built
    encoded: bytes = encode(whole)
    return encoded


def entry(number: int, dn: str, values: Values) -> bytes:
    operation = rfc4511.SearchResultEntry()
    operation["object"] = rfc4511.LDAPDN(dn)
    listed = rfc4511.PartialAttributeList()
    for place, (name, each) in enumerate(values.items()):
        attribute = rfc4511.PartialAttribute()
        attribute["type"] = rfc4511.AttributeDescription(name)
        attribute["vals"] = rfc4511.Vals()
        for index, value in enumerate(each):
            attribute["vals"][index] = rfc4511.AttributeValue(value)
        listed[place] = attribute
    operation["attributes"] = listed
    return message(number, "searchResEntry", operation)


def result(operation: Any, code: int, text: str = "", matched_dn: str = "", urls: Iterable[str] = ()) -> Any:
    """Fill the fields that every LDAPResult has, and return it."""
    operation["resultCode"] = rfc4511.ResultCode(code)
    operation["matchedDN"] = rfc4511.LDAPDN(matched_dn)
    operation["diagnosticMessage"] = rfc4511.LDAPString(text)
    referral = rfc4511.Referral()
    for place, url in enumerate(urls):
        referral[place] = rfc4511.URI(url)
        operation["referral"] = referral
    return operation


def done(
    number: int,
    code: int = 0,
    text: str = "",
    *,
    matched_dn: str = "",
    urls: Iterable[str] = (),
    controls: Controls = (),
) -> bytes:
    operation = result(rfc4511.SearchResultDone(), code, text, matched_dn, urls)
    return message(number, "searchResDone", operation, controls)


def reference(number: int, *urls: str) -> bytes:
    operation = rfc4511.SearchResultReference()
    for place, url in enumerate(urls):
        operation[place] = rfc4511.URI(url)
    return message(number, "searchResRef", operation)


def extended(number: int, code: int, text: str = "", *, name: str = "", value: bytes | None = None) -> bytes:
    operation = result(rfc4511.ExtendedResponse(), code, text)
    if name:
        operation["responseName"] = rfc4511.ResponseName(name)
    if value is not None:
        operation["responseValue"] = rfc4511.ResponseValue(value)
    return message(number, "extendedResp", operation)


@dataclass(frozen=True)
class Element:
    """A tag and its content; ldap3's types cannot decode a filter with NOT, so requests are read without them."""

    tag: int
    content: bytes

    @property
    def parts(self) -> list[Element]:
        return elements(self.content)

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def number(self) -> int:
        return int.from_bytes(self.content, "big", signed=True)


def elements(data: bytes) -> list[Element]:
    """Cut a content into its elements. ValueError if they do not fill it."""
    found, at = [], 0
    while at < len(data):
        start, end = _bounds(data, at)
        if end > len(data):
            raise ValueError(f"an element ends at {end} of {len(data)} bytes")
        found.append(Element(data[at], data[start:end]))
        at = end
    return found


def whole_size(data: bytes) -> int | None:
    """The size of the first message, None while its own header is incomplete."""
    try:
        return _bounds(data, 0)[1]
    except IndexError:
        return None


def read_request(raw: bytes) -> tuple[int, Element, dict[str, tuple[bool, bytes]]]:
    """Decode one whole message of a client: its number, the operation, and (is critical, value) by control."""
    number, operation, *rest = elements(raw)[0].parts
    controls = {}
    for each in rest[0].parts if rest else ():
        oid, *fields = each.parts
        by_tag = {field.tag: field.content for field in fields}
        controls[oid.text] = (by_tag.get(_BOOLEAN, b"\0") != b"\0", by_tag.get(_OCTETS, b""))
    return number.number, operation, controls


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    length, start = data[at + 1], at + 2
    if length >= _LONG:
        count = length - _LONG
        if not 0 < count <= 4 or len(data) < start + count:
            raise IndexError(at)
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    return start, start + length


def tlv(tag: int, *contents: bytes) -> bytes:
    """An element as it is, right or wrong, with a length of two bytes."""
    content = b"".join(contents)
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def widened(data: bytes) -> bytes:
    """The same elements with every length as AD writes it: 84 xx xx xx xx."""
    out = b""
    for each in elements(data):
        content = widened(each.content) if each.tag & _CONSTRUCTED else each.content
        out += bytes((each.tag, 0x84)) + len(content).to_bytes(4, "big") + content
    return out
