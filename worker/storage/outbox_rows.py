"""The rows of messages and deliveries: how a message is written into one and read back, and who is in a page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import as_json
from worker.storage.sql.tables import outbox

UNSENT = ("waiting", "claimed")
_BODY = tuple(field.name for field in fields(Paragraph))


def may_go(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """True of a message that may be folded now."""
    o = outbox.c
    return (
        (o.state == "pending") & o.bundle_id.is_(None) & sa.or_(o.not_before.is_(None), o.not_before <= now)
    )


def is_to_page(columns: Any) -> sa.ColumnElement[bool]:
    """True of what goes to the recipients of a page of `pages_of`; for statements that are built once."""
    is_kind = columns.recipient_kind == sa.bindparam("to_kind")
    return sa.and_(is_kind, columns.address.in_(sa.bindparam("addresses", expanding=True)))


def pages_of(to: Iterable[Recipient]) -> Iterator[dict[str, Any]]:
    """Parameters for `is_to_page`, page by page: each has recipients of one kind."""
    addresses = defaultdict[str, dict[str, None]](dict)
    for one in to:
        addresses[one.kind.value][one.address] = None
    for kind, theirs in addresses.items():
        for page in chunked(theirs):
            yield {"to_kind": kind, "addresses": page}


def pages_by_via(to: Iterable[Recipient]) -> Iterator[dict[str, Any]]:
    """As `pages_of`, with `via`: each page has recipients that are told over the same notifiers."""
    those = defaultdict[str, list[Recipient]](list)
    for one in to:
        those[via_text(one)].append(one)
    for via, some in those.items():
        for page in pages_of(some):
            yield {**page, "via": via}


def message_row(number: int, message: OutMessage, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "key": message.key,
        "recipient_kind": message.to.kind.value,
        "address": message.to.address,
        "name": message.to.name,
        "language": message.to.language,
        "phone": message.to.phone,
        "via": via_text(message.to),
        "title": message.title,
        "body": as_json({name: getattr(message.body, name) for name in _BODY}),
        "is_urgent": int(message.is_urgent),
        "is_day_or_night": int(message.is_day_or_night),
        "is_alarm": int(message.is_alarm),
        "ticket_id": message.ticket,
        "created_at": now,
        "not_before": message.not_before,
        "state": "pending",
    }


def recipient_from_row(row: Any) -> Recipient:
    """The recipient of a message or of a delivery."""
    return Recipient(
        RecipientKind(row.recipient_kind),
        row.address,
        row.name,
        row.language,
        row.phone,
        tuple(json.loads(row.via)),
    )


def via_text(to: Recipient) -> str:
    """The notifiers to use, as the tables have them."""
    return as_json(to.via)


def delivery_key(notifier: str, names: Sequence[str]) -> str:
    """A delivery's key, by what its messages are called outside, or the delivery before it."""
    text = "\n".join((notifier, *names))
    return f"whosleft-{sha256(text.encode()).hexdigest()[:24]}"


def message_from_row(row: Any) -> OutMessage:
    values = json.loads(row.body)
    body = Paragraph(
        values.get("headline", ""),
        values.get("text", ""),
        tuple((label, value) for label, value in values.get("facts", ())),
        tuple(values.get("steps", ())),
        values.get("link"),
        title=values.get("title", ""),
        version=values.get("version", 0),
        is_fixed=values.get("is_fixed", False),
        link_label=values.get("link_label", ""),
        pasted=tuple((label, text) for label, text in values.get("pasted", ())),
    )
    return OutMessage(
        row.key,
        recipient_from_row(row),
        row.title,
        body,
        bool(row.is_urgent),
        row.ticket_id,
        row.not_before,
        bool(row.is_day_or_night),
        bool(row.is_alarm),
    )
