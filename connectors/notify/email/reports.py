"""A report of non-delivery (RFC 3464, and RFC 6533 for addresses outside ASCII) -> what did not reach whom. Pure.

Whoever knows the mailbox's address can write to it, so a report may be anything. What it says of a message is a claim:
the caller looks whether that message was sent to this recipient.
"""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from binascii import a2b_qp
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Any

import idna

from connectors.kit.text import cut, one_line
from connectors.notify.email.mapping import key_in

PARTS_MAX, RECIPIENTS_MAX = 10, 20  # ours have three parts, and one recipient
SAID_MAX = 200
_FAILURE = re.compile(r"[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")
_ADDRESS_MAX = 320
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset({"message/rfc822", "message/global", "message/global-headers"})
_DECODERS: dict[str, Callable[[bytes], bytes]] = {"base64": b64decode, "quoted-printable": a2b_qp}
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_ESCAPED = re.compile(r"\\x\{([0-9a-f]{2,6})\}")  # of a case-folded address


@dataclass(frozen=True, slots=True)
class Failure:
    """A message did not reach a recipient, for good. `to` are their addresses, case-folded; `status` is as 5.1.1."""

    key: str
    to: frozenset[str]
    status: str
    why: str


def is_report(header: bytes) -> bool:
    """True if a mail with these header fields is a report on a delivery."""
    head = message_from_bytes(header)
    is_of_delivery = str(head.get_param("report-type", "")).lower() == "delivery-status"
    return is_of_delivery and head.get_content_type() == "multipart/report"


def failure_in(report: bytes, domain: str) -> Failure | None:
    """Read a report, the end of which may be missing.

    None if it is about no failure for good (a delay, a delivery), or about no message that `domain` sent by a key.
    Raises ValueError, with the reason, for one that can't be understood.
    """
    try:
        parts = message_from_bytes(report).get_payload()
    except RecursionError:
        raise ValueError("its parts are nested too deeply") from None
    some = [one for one in parts[:PARTS_MAX] if isinstance(one, Message)] if isinstance(parts, list) else []
    fields = next((_fields(one) for one in some if one.get_content_type() in _STATUS), [])
    if not fields:
        raise ValueError(f"it has no part message/delivery-status among its first {PARTS_MAX}")
    failed = [one for one in fields if _has_failed(one)]
    key = key_in(_field(fields[0], "Original-Envelope-Id")) or key_in(_message_id(some), domain)
    if not (failed and key):
        return None
    status, said = (_field(failed[0], name) for name in ("Status", "Diagnostic-Code"))
    status = status.partition(" ")[0]
    why = f"It came back later: {status}" + (f" ({cut(said, SAID_MAX)})." if said else ".")
    return Failure(key, frozenset(address for one in failed for address in _addresses(one)), status, why)


def _fields(part: Message) -> list[Message]:
    """The groups of fields of a status: the first is of the message, each other of a recipient."""
    decoder = _DECODERS.get(_field(part, "Content-Transfer-Encoding").lower())
    try:
        data = decoder(_raw(part)) if decoder else _raw(part)
    except ValueError:
        raise ValueError("its part message/delivery-status can't be decoded") from None
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").strip()
    groups = _BLANK.split(text, RECIPIENTS_MAX + 1)
    return [message_from_string(group) for group in groups[: RECIPIENTS_MAX + 1]]


def _raw(part: Message) -> bytes:
    """A status as it came. The parser has made messages of its lines, also of those that are encoded."""
    groups: Any = part.get_payload()
    return b"\n\n".join(map(_raw_group, groups if isinstance(groups, list) else []))


def _raw_group(group: Message) -> bytes:
    head = "".join(f"{name}: {value}\n" for name, value in group.raw_items())
    body = group.get_payload(decode=True)
    return head.encode("utf-8", "surrogateescape") + b"\n" + (body if isinstance(body, bytes) else b"")


def _field(fields: Any, name: str) -> str:
    return one_line(str(fields.get(name, "")))


def _has_failed(recipient: Message) -> bool:
    """True also of what was tried for days: it is given up with the status of its last attempt, such as 4.4.1."""
    is_final = _field(recipient, "Action").lower() == "failed"
    return is_final and bool(_FAILURE.match(_field(recipient, "Status")))


def _addresses(recipient: Message) -> Iterator[str]:
    """The recipient's addresses, as we wrote to them and as they were in the end."""
    for name in ("Original-Recipient", "Final-Recipient"):
        address = _field(recipient, name).partition(";")[2].strip(" <>").casefold()
        address = _ESCAPED.sub(_character, address)
        local, at, domain = address.rpartition("@")
        if not at or len(address) > _ADDRESS_MAX:
            continue
        yield address
        try:
            yield f"{local}@{idna.decode(domain)}"
        except idna.IDNAError:
            continue


def _character(escaped: re.Match[str]) -> str:
    number = int(escaped[1], 16)
    return chr(number).casefold() if number <= sys.maxunicode else ""


def _message_id(parts: list[Message]) -> str:
    """The Message-ID of the mail that came back, whole or only its headers; empty if there is none."""
    for part in parts:
        content = part.get_payload()
        if part.get_content_type() in _RETURNED and isinstance(content, list) and content:
            return _field(content[0], "Message-ID")
        if part.get_content_type() == "text/rfc822-headers":
            headers = part.get_payload(decode=True)
            return _field(message_from_bytes(headers), "Message-ID") if isinstance(headers, bytes) else ""
    return ""
